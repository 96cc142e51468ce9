/** Runs `install` while no Debian package may start a service or create a PostgreSQL cluster, and restores the previous state. */
export function withoutStartingServices<T>(install: () => Promise<T>, root?: string): Promise<T>;
