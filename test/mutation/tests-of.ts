/** Which tests a source is held by: the test files whose imports lead to it, the closest first. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The lanes whose tests are asked, the fast one first. */
const LANES = ['unit', 'contract'];

/** Tests that judge what no mutation is about, and that take minutes or start services. */
const LEFT_OUT = [
  'test/contract/training.test.ts',
  'test/contract/aws-adapters.test.ts',
  'test/contract/models.test.ts',
  // They read the sources as text, and would tell a mutation from its letters.
  'test/unit/import-rule.test.ts',
  'test/unit/docs.test.ts',
  'test/unit/mutation.test.ts',
];

/** What is found by its folder and imported by no name. */
const FOUND_BY_FOLDER: Readonly<Record<string, string>> = {
  'adapters/catalog/catalog.ts': 'tools/*/tool.ts',
};

export interface Holder {
  readonly test: string;
  /** How many imports lead from the test to the source. */
  readonly distance: number;
}

/** Answers for any source of a tree which tests hold it. */
export function createTestFinder(root: string): (file: string) => readonly Holder[] {
  const imports = new Map<string, readonly string[]>();
  const importsOf = (file: string): readonly string[] => {
    const known = imports.get(file) ?? readImports(root, file);
    imports.set(file, known);
    return known;
  };
  const tests = LANES.flatMap((lane) => globSync(`test/${lane}/**/*.test.ts`, { cwd: root }))
    .filter((test) => !LEFT_OUT.includes(test))
    .sort();
  const distances = new Map(tests.map((test) => [test, distancesFrom(test, importsOf)]));
  return (file) =>
    tests
      .flatMap((test) => {
        const distance = distances.get(test)?.get(file);
        return distance === undefined ? [] : [{ test, distance }];
      })
      .sort((a, b) => laneOf(a.test) - laneOf(b.test) || a.distance - b.distance);
}

export const laneOf = (test: string): number => LANES.findIndex((lane) => test.startsWith(`test/${lane}/`));

function distancesFrom(test: string, importsOf: (file: string) => readonly string[]): ReadonlyMap<string, number> {
  const distances = new Map([[test, 0]]);
  // A map may be added to while it is walked, and is walked in the order of adding: breadth first.
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
