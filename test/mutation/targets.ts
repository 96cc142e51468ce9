/** The files that docs/architecture.md names: those are mutated. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = 'docs/architecture.md';
/** Under this heading a folder stands for the files in it; elsewhere it is a room. */
const PROMISES = '## Guarantees, and the files that keep them';

/**
 * Sources that the document names between backticks, sorted. `tools/<tool-id>/tool.ts` is one of every tool.
 *
 * @throws Error where a file is named that is not there
 */
export function targetsOf(root: string): readonly string[] {
  const document = readFileSync(join(root, DOCUMENT), 'utf8');
  const promises = document.slice(Math.max(0, document.indexOf(PROMISES)));
  const files = named(document, /^[\w-]+\/[\w<>./-]+\.ts$/).filter((path) => !path.startsWith('test/'));
  const folders = named(promises, /^[\w-]+\/[\w./-]+\/$/).map((folder) => `${folder}*.ts`);
  const found = [...files, ...folders].flatMap((path) => {
    const there = globSync(path.replaceAll(/<[^>]+>/g, '*'), { cwd: root });
    if (there.length === 0) throw new Error(`${DOCUMENT} names ${path}, which is not there`);
    return there;
  });
  return [...new Set(found)].filter((path) => existsSync(join(root, path))).sort();
}

const named = (text: string, what: RegExp): readonly string[] =>
  [...text.matchAll(/`([^`\s]+)`/g)].flatMap(([, path = '']) => (what.test(path) ? [path] : []));
