// A Debian trixie beside the machine's own system, for its newer Orthanc: what is in it and where it lies;
// `setup/make-trixie.mjs` makes it. Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is in it. */
export const TRIXIE = {
  suite: 'trixie',
  variant: 'minbase',
  packages: ['ca-certificates', 'orthanc', 'orthanc-dicomweb'],
};

/** The user's own, not the checkout's: a fresh clone finds what an earlier one made. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hilum');

/** The folder that is its root, whether or not it is there: another content has another folder. `cache` is for tests. */
export function trixieRoot(cache = CACHE) {
  const digest = createHash('sha256')
    .update(JSON.stringify([TRIXIE, process.arch]))
    .digest('hex');
  return join(cache, `trixie-${digest.slice(0, 12)}`);
}

/** True where it was made. The folder gets its name last, so that it is whole or not there. */
export function hasTrixie(cache = CACHE) {
  return existsSync(join(trixieRoot(cache), 'usr/sbin/Orthanc'));
}
