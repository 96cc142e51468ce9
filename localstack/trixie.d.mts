/** The contents of the Debian system for the tests. */
export const TRIXIE: { readonly suite: string; readonly variant: string; readonly packages: readonly string[] };

/** Its root folder, whether or not it exists. */
export function trixieRoot(cache?: string): string;
/** True if it was made. */
export function hasTrixie(cache?: string): boolean;
