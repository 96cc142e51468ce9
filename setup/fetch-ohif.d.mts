/**
 * Fetches OHIF with npm where it is not there yet, and returns its folder.
 *
 * @throws Error where npm cannot get it or where it is not the known package, with what to do
 */
export function fetchOhif(cache?: string): Promise<string>;
