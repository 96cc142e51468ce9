// The version of OHIF that the viewer serves, and the folder of its files. `setup/fetch-ohif.mjs` fetches them. Plain
// JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VIEWER_CACHE } from './place.mjs';

/** The version that the browser tests use, and its `dist.integrity` in the npm registry. */
export const OHIF = {
  name: '@ohif/app',
  version: '3.13.2',
  integrity: 'sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==',
};

/** The folder that OHIF's files are served from, whether or not they are there. `cache` is for tests. */
export function ohifFolder(cache = VIEWER_CACHE) {
  return join(cache, `ohif-${OHIF.version}`);
}

/** True if OHIF was fetched. The folder gets its name last, so it is either complete or absent. */
export function hasOhif(cache = VIEWER_CACHE) {
  return existsSync(join(ohifFolder(cache), 'index.html'));
}
