/** Finds the tests of a source: the test files whose imports lead to it, the closest first. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Every source is tested by the unit tests that lead to it; these sources also by tests of the contract lane. */
const UNDER_CONTRACT: readonly { readonly sources: RegExp; readonly tests: readonly string[] }[] = [
  { sources: /^tools\/([^/]+)\//, tests: ['test/contract/$1.test.ts', 'test/contract/tools.test.ts'] },
  { sources: /^core\/results\//, tests: ['test/contract/results-golden.test.ts'] },
];

/** These tests read the sources as text, so they would detect a mutation by its text. */
const LEFT_OUT = ['test/unit/import-rule.test.ts', 'test/unit/docs.test.ts', 'test/unit/mutation.test.ts'];

/** Files that are found by their folder and not imported by name. */
const FOUND_BY_FOLDER: Readonly<Record<string, string>> = {
  'adapters/catalog/catalog.ts': 'tools/*/tool.ts',
};

/**
 * Returns a function that finds the tests of any source: unit tests first, those with the fewest imports between them and the
 * source, and of these the ones with the fewest in all.
 */
export function createTestFinder(root: string): (file: string) => readonly string[] {
  const imports = new Map<string, readonly string[]>();
  const importsOf = (file: string): readonly string[] => {
    const known = imports.get(file) ?? readImports(root, file);
    imports.set(file, known);
    return known;
  };
  const unit = globSync('test/unit/**/*.test.ts', { cwd: root })
    .filter((test) => !LEFT_OUT.includes(test))
    .sort()
    .map((test) => ({ test, distances: distancesFrom(test, importsOf) }));
  return (file) => [...holding(file, unit), ...contractOf(file).filter((test) => isFile(join(root, test)))];
}

const contractOf = (file: string): readonly string[] =>
  UNDER_CONTRACT.filter(({ sources }) => sources.test(file)).flatMap(({ sources, tests }) =>
    tests.map((test) => test.replace('$1', sources.exec(file)?.[1] ?? '')),
  );

interface Reach {
  readonly test: string;
  /** How many imports lead from the test to each file. */
  readonly distances: ReadonlyMap<string, number>;
}

function holding(file: string, reaches: readonly Reach[]): readonly string[] {
  const distance = ({ distances }: Reach): number => distances.get(file) ?? Number.POSITIVE_INFINITY;
  return reaches
    .filter(({ distances }) => distances.has(file))
    .sort((a, b) => distance(a) - distance(b) || a.distances.size - b.distances.size)
    .map(({ test }) => test);
}

function distancesFrom(test: string, importsOf: (file: string) => readonly string[]): ReadonlyMap<string, number> {
  const distances = new Map([[test, 0]]);
  // Entries added to a map during iteration are visited in insertion order, so the search is breadth first.
  for (const [file, distance] of distances)
    for (const imported of importsOf(file)) if (!distances.has(imported)) distances.set(imported, distance + 1);
  return distances;
}

/** Imports by name, and paths of modules that are started as a thread or a process of their own. */
const SPECIFIER = /\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]|['"]([^'"\s]+\.ts)['"]|`([^`$]+)\$\{extname/g;

function readImports(root: string, file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^import type [^;]*;/gm, '');
  const named = [...text.matchAll(SPECIFIER)].flatMap(([, imported, path, thread]) => {
    const specifier = imported ?? path ?? `${thread}.ts`;
    return placesOf(root, file, specifier);
  });
  const pattern = FOUND_BY_FOLDER[file];
  return [...new Set([...named, ...(pattern === undefined ? [] : globSync(pattern, { cwd: root }))])];
}

function placesOf(root: string, file: string, specifier: string): readonly string[] {
  const beside = relative(root, join(root, dirname(file), specifier));
  const candidates = specifier.startsWith('#') ? [specifier.slice(1)] : [beside, specifier];
  return candidates.filter((path) => /\.m?[jt]s$/.test(path) && isFile(join(root, path)));
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();
