// The folders of this code, and the folders that it may write to. A clone writes only into itself. A package writes into its
// user's folders, because npm replaces the package's own folder as a whole, and the user may not be allowed to write there.
// Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds `tools/` and `layers/`: the clone, or `dist/` of the package. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { version, build } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

export const VERSION = version;

/** What `scripts/build.ts` wrote about the build; undefined in a clone. */
export const BUILD = build;

export const IN_PACKAGE = BUILD !== undefined;

/** The folder for downloads that all clones and packages of a user share. */
export const USER_CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hilum');

/** The local environment and the edge's journal, unless HILUM_HOME names another folder. */
export const DEFAULT_HOME = IN_PACKAGE ? join(homedir(), '.hilum') : join(ROOT, '.hilum');

/** The folder with one folder per model that was fetched. */
export const FETCHED_MODELS = IN_PACKAGE ? join(USER_CACHE, 'models') : join(ROOT, 'layers', 'models');

/** The viewer's files. */
export const VIEWER_CACHE = IN_PACKAGE ? USER_CACHE : join(ROOT, '.cache');

/**
 * Commands that the package does not have, because they need the sources: they bundle functions, deploy the CDK app, and make
 * phantoms.
 */
export const CLONE_ONLY = ['demo', 'local'];
