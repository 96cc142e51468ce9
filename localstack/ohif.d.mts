/** The one version of the viewer that is served, and the npm registry's `dist.integrity` of it. */
export const OHIF: { readonly name: string; readonly version: string; readonly integrity: string };

/** The folder that OHIF's files are served from, whether or not they are there. */
export function ohifFolder(cache?: string): string;
/** True where OHIF was fetched. */
export function hasOhif(cache?: string): boolean;
