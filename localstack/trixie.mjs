// A Debian trixie system with a newer Orthanc, for the tests: its contents and its folder. `setup/make-trixie.mjs` makes it.
// Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { USER_CACHE } from './place.mjs';

/** Its contents. */
export const TRIXIE = {
  suite: 'trixie',
  variant: 'minbase',
  packages: ['ca-certificates', 'orthanc', 'orthanc-dicomweb'],
};

/** Its root folder, whether or not it exists. Other contents have another folder. `cache` is for tests. */
export function trixieRoot(cache = USER_CACHE) {
  const digest = createHash('sha256')
    .update(JSON.stringify([TRIXIE, process.arch]))
    .digest('hex');
  return join(cache, `trixie-${digest.slice(0, 12)}`);
}

/** True if it was made. The folder gets its name last, so it is either complete or absent. */
export function hasTrixie(cache = USER_CACHE) {
  return existsSync(join(trixieRoot(cache), 'usr/sbin/Orthanc'));
}
