// Which OHIF the viewer serves, and where its files lie; `setup/fetch-ohif.mjs` brings them there.
// Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VIEWER_CACHE } from './place.mjs';

/** The one version that the browser tests know, and the registry's `dist.integrity` of it. */
export const OHIF = {
  name: '@ohif/app',
  version: '3.13.2',
  integrity: 'sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==',
};

/** The folder that OHIF's files are served from, whether or not they are there. `cache` is for tests. */
export function ohifFolder(cache = VIEWER_CACHE) {
  return join(cache, `ohif-${OHIF.version}`);
}

/** True where OHIF was fetched. The folder gets its name last, so that it is whole or not there. */
export function hasOhif(cache = VIEWER_CACHE) {
  return existsSync(join(ohifFolder(cache), 'index.html'));
}
