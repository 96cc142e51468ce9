/** What the Debian beside the machine's own holds. */
export const TRIXIE: { readonly suite: string; readonly variant: string; readonly packages: readonly string[] };

/** The folder that is its root, whether or not it is there. */
export function trixieRoot(cache?: string): string;
/** True where it was made. */
export function hasTrixie(cache?: string): boolean;
/**
 * Makes it with mmdebstrap where it is not there yet, and returns its root.
 *
 * @throws Error where it cannot be made, with what to do
 */
export function makeTrixie(cache?: string, osRelease?: string): Promise<string>;
