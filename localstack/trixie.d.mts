/** What the Debian beside the machine's own holds. */
export const TRIXIE: { readonly suite: string; readonly variant: string; readonly packages: readonly string[] };

/** The folder that is its root, whether or not it is there. */
export function trixieRoot(cache?: string): string;
/** True where it was made. */
export function hasTrixie(cache?: string): boolean;
