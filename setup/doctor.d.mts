/**
 * Prints which parts this machine has and which are missing, with the command that installs each missing one. Returns the
 * exit code: 1 if a part is missing that the demo needs.
 */
export function doctor(options?: { readonly json?: boolean; readonly print?: (text: string) => void }): number;
