// Where this code lies and where it may write. In a clone everything stays in the clone; npm replaces the folder of a package
// whole and its user may not write there, so that a package writes into folders of the user's.
// Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds `tools/` and `layers/`: the clone, or `dist/` of the package. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { version, build } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

export const VERSION = version;

/** What `scripts/build.ts` wrote about itself; a clone was not built. */
export const BUILD = build;

export const IN_PACKAGE = BUILD !== undefined;

/** What is fetched once for all of a user's clones and packages. */
export const USER_CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hilum');

/** The local environment and the edge's journal, unless HILUM_HOME names another folder. */
export const DEFAULT_HOME = IN_PACKAGE ? join(homedir(), '.hilum') : join(ROOT, '.hilum');

/** The folder with one folder per model that was fetched. */
export const FETCHED_MODELS = IN_PACKAGE ? join(USER_CACHE, 'models') : join(ROOT, 'layers', 'models');

/** The viewer's files. */
export const VIEWER_CACHE = IN_PACKAGE ? USER_CACHE : join(ROOT, '.cache');

/** Commands that work on the sources: they bundle functions, deploy the CDK app, make phantoms. The package has them not. */
export const CLONE_ONLY = ['demo', 'local'];
