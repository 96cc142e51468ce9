/** The version of Hilum and the commit of its code, for bug reports. */
import { commitOf } from '#localstack/commit.ts';
import { BUILD, ROOT, VERSION } from '../localstack/place.mjs';

/** `0.1.0 (4f1e6b4)`; `-dirty` marks changes that are not committed. */
export function versionLine(): string {
  const { commit, dirty } = BUILD ?? commitOf(ROOT);
  if (commit === undefined) return `${VERSION} (unknown commit)`;
  return `${VERSION} (${commit.slice(0, 7)}${dirty ? '-dirty' : ''})`;
}
