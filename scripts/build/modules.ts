/** The modules of `dist/` and their imports, in code and in types. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';

/** Matches the specifiers of `import … from`, `export … from` and `import()`, in code and in types; not the ends of strings, as in ':from'. */
const SPECIFIER = /(?<![.\w:#'"])((?:from|import|import\s*\()\s*)(['"])([^'"\n]+)\2/g;

/** Changes `.ts` to `.js` in the sources' own imports. The length stays the same, so that source maps stay right. */
export function nameJavaScript(dist: string): void {
  for (const file of modulesIn(dist)) {
    const path = join(dist, file);
    const code = readFileSync(path, 'utf8');
    const renamed = code.replaceAll(SPECIFIER, (whole, before: string, quote: string, name: string) =>
      /^[.#].*\.ts$/.test(name) ? `${before}${quote}${name.slice(0, -3)}.js${quote}` : whole,
    );
    if (renamed !== code) writeFileSync(path, renamed);
  }
}

/** The imports of all modules: files by their paths in `dist/`, and packages by name. */
export interface Imports {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

/**
 * The modules and packages that `entries` import, directly or indirectly, types and JSON included.
 *
 * @param entries paths in `dist`
 * @param left paths that are not followed
 * @throws Error if an imported file does not exist
 */
export function reachedFrom(entries: readonly string[], left: readonly string[], dist: string): Imports {
  const there = new Set(globSync('**/*.{js,mjs,json,d.ts,d.mts}', { cwd: dist }));
  const files = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (files.has(file) || left.includes(file)) return;
    if (!there.has(file)) throw new Error(`dist/${file} is imported but was not built`);
    files.add(file);
    for (const part of [file, typesOf(file)].filter((path) => there.has(path) && !path.endsWith('.json'))) {
      files.add(part);
      for (const [, , , name = ''] of readFileSync(join(dist, part), 'utf8').matchAll(SPECIFIER)) {
        if (name.startsWith('#')) follow(name.slice(1));
        else if (name.startsWith('.')) follow(join(dirname(file), name));
        else if (!isBuiltin(name)) packages.add(packageOf(name));
      }
    }
  };
  for (const entry of entries) follow(entry);
  return { files, packages };
}

const typesOf = (file: string): string => file.replace(/\.(m?)js$/, '.d.$1ts');

const packageOf = (name: string): string => (/^(@[^/]+\/)?[^/]+/.exec(name) ?? [name])[0];

/** Code and types, without the packages inside `dist/`. */
export const modulesIn = (dist: string): readonly string[] =>
  globSync('**/*.{js,mjs,d.ts,d.mts}', { cwd: dist, exclude: ['node_modules/**'] });
