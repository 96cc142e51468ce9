/**
 * Makes it with mmdebstrap where it is not there yet, and returns its root.
 *
 * @throws Error where it cannot be made, with what to do
 */
export function makeTrixie(cache?: string, osRelease?: string): Promise<string>;
