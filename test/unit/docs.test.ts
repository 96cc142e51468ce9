/** Checks that files named in the documents exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Markdown below a folder of the repository. */
const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const rooms = ['docs', 'edge', 'layers', 'localstack', 'tools'];
const documents = ['README.md', 'CONTRIBUTING.md', ...rooms.flatMap(markdownIn)].sort();

/** Targets of links and pictures, except those outside the repository or in the same document. */
const linksIn = (text: string): readonly string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => !/^(\w+:|#)/.test(target));

describe('the documents', () => {
  it.each(documents)('%s has no broken link', (document) => {
    const targets = linksIn(read(document)).map((target) => join(dirname(document), target.replace(/#.*/, '')));

    expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('are all found', () => {
    expect(documents).toEqual(
      expect.arrayContaining(['docs/architecture.md', 'edge/README.md', 'localstack/README.md']),
    );
    expect(documents.flatMap((document) => linksIn(read(document))).length).toBeGreaterThan(10);
  });
});

/** The tools of this repository. The length of another tool's files is its authors' choice. */
const TOOLS = ['brain-tissue', 'caries', 'vertebral-fracture'];

describe('the path of a study in docs/architecture.md', () => {
  const rows = [...read('docs/architecture.md').matchAll(/^\| (\d+) \| `([^`]+)` \|/gm)].map(([, step, path]) => ({
    step: Number(step),
    path: path ?? '',
  }));
  /** A path with `<tool-id>` stands for that file of every tool. */
  const filesOf = (path: string): readonly string[] =>
    path.includes('<tool-id>') ? TOOLS.map((id) => path.replace('<tool-id>', id)) : [path];

  it('is eight files, in order', () => {
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it.each(rows.flatMap(({ path }) => filesOf(path)))('%s can be read in one sitting', (path) => {
    expect(read(path).split('\n').length).toBeLessThan(300);
  });
});
