/**
 * Makes it with mmdebstrap unless it is there already, and returns its root.
 *
 * @throws Error if it cannot be made; the message says what to do
 */
export function makeTrixie(cache?: string, osRelease?: string): Promise<string>;
