/** Which Hilum this is, for reports of faults: its version, and the commit that its code is of. */
import { commitOf } from '#localstack/commit.ts';
import { BUILD, ROOT, VERSION } from '../localstack/place.mjs';

/** `0.1.0 (4f1e6b4)`; `-dirty` follows where there are changes that are in no commit. */
export function versionLine(): string {
  const { commit, dirty } = BUILD ?? commitOf(ROOT);
  if (commit === undefined) return `${VERSION} (unknown commit)`;
  return `${VERSION} (${commit.slice(0, 7)}${dirty ? '-dirty' : ''})`;
}
