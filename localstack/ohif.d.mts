/** The version of OHIF that is served, and its `dist.integrity` in the npm registry. */
export const OHIF: { readonly name: string; readonly version: string; readonly integrity: string };

/** The folder that OHIF's files are served from, whether or not they are there. */
export function ohifFolder(cache?: string): string;
/** True if OHIF was fetched. */
export function hasOhif(cache?: string): boolean;
