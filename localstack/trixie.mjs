// A Debian trixie beside the machine's own system, for its newer Orthanc: what is in it and where it lies;
// `setup/make-trixie.mjs` makes it. Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { USER_CACHE } from './place.mjs';

/** What is in it. */
export const TRIXIE = {
  suite: 'trixie',
  variant: 'minbase',
  packages: ['ca-certificates', 'orthanc', 'orthanc-dicomweb'],
};

/** The folder that is its root, whether or not it is there: another content has another folder. `cache` is for tests. */
export function trixieRoot(cache = USER_CACHE) {
  const digest = createHash('sha256')
    .update(JSON.stringify([TRIXIE, process.arch]))
    .digest('hex');
  return join(cache, `trixie-${digest.slice(0, 12)}`);
}

/** True where it was made. The folder gets its name last, so that it is whole or not there. */
export function hasTrixie(cache = USER_CACHE) {
  return existsSync(join(trixieRoot(cache), 'usr/sbin/Orthanc'));
}
