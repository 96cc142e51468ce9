/** What the build wrote about itself into `dist/package.json`. */
export interface Build {
  /** The full hash of the commit; absent if there was no git. */
  readonly commit?: string;
  /** Whether the working tree had changes that were not committed. */
  readonly dirty: boolean;
}

/** The folder that holds `tools/` and `layers/`: the clone, or `dist/` of the package. */
export const ROOT: string;
/** The version of `package.json`. */
export const VERSION: string;
/** Undefined in a clone. */
export const BUILD: Build | undefined;
/** False in a clone. */
export const IN_PACKAGE: boolean;
/** The folder of the local environment and of the edge's journal, unless HILUM_HOME names another. */
export const DEFAULT_HOME: string;
/** The folder with one folder per model that was fetched. */
export const FETCHED_MODELS: string;
/** Where the viewer's files are kept. */
export const VIEWER_CACHE: string;
/** The folder for downloads that all clones and packages of a user share. */
export const USER_CACHE: string;
/** Commands that the package does not have, because they need the sources. */
export const CLONE_ONLY: readonly string[];
