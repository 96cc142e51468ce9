/**
 * Fetches OHIF with npm unless it is there already, and returns its folder.
 *
 * @throws Error if npm cannot fetch it or the package is not the known one; the message says what to do
 */
export function fetchOhif(cache?: string): Promise<string>;
