/**
 * Prints what is there and what is missing on this machine, with the command that mends it, and returns the exit code:
 * 1 where a part is missing that the demo cannot do without.
 */
export function doctor(options?: { readonly json?: boolean; readonly print?: (text: string) => void }): number;
