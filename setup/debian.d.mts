/** Runs `install` while no Debian package may start a service or make a PostgreSQL cluster, and restores what was there. */
export function withoutStartingServices<T>(install: () => Promise<T>, root?: string): Promise<T>;
