/** The import rule of the rooms (docs/architecture.md): what each may import of ours, of packages, and of the outside world. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** The rooms each room may import. `bench` and `test` may import everything; nobody else imports `cli`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  phantoms: ['core'],
  tools: ['core'],
  adapters: ['core'],
  functions: ['adapters', 'tools', 'core'],
  edge: ['adapters', 'core'],
  infra: ['core', 'tools'],
  localstack: ['adapters', 'core'],
  layers: ['phantoms', 'tools', 'adapters', 'core'],
  scripts: ['localstack'],
  cli: ['core', 'phantoms', 'tools', 'adapters', 'edge', 'localstack'],
};

/** Packages and modules that reach out of the process, by the rooms that may import them. */
const OUTSIDE: readonly { readonly what: RegExp; readonly rooms: readonly string[] }[] = [
  { what: /^@aws-sdk\/|^@smithy\//, rooms: ['adapters'] },
  { what: /^onnxruntime/, rooms: ['adapters'] },
  { what: /^node:(https?|http2|net|tls|dgram)$|^undici$/, rooms: ['adapters', 'localstack'] },
  { what: /^node:sqlite$/, rooms: ['adapters'] },
  { what: /^aws-cdk-lib|^constructs$/, rooms: ['infra'] },
];

/** The domain is a pure function of its input: no files, processes, network, environment, time or chance of its own. */
const PURE = ['core', 'tools', 'phantoms'];
const IMPURE_MODULE = /^node:(fs|fs\/promises|child_process|worker_threads|os|process|cluster|timers\/promises)$/;
const IMPURE_CODE =
  /\bprocess\.(env|argv|cwd|hrtime|exit|std)|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bfetch\(/;

interface Source {
  readonly file: string;
  readonly room: string;
  readonly code: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = Object.keys(MAY_IMPORT).flatMap((room) =>
  globSync(`${room}/**/*.{ts,mts,mjs,js}`, { cwd: root }).map((file) => {
    const code = withoutComments(readFileSync(join(root, file), 'utf8'));
    const imports = [...code.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].flatMap(([, name]) => name ?? []);
    return { file, room, code, imports };
  }),
);

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}

/** The room that an import of ours leads to, or undefined for a package. */
function roomOf({ file }: Source, name: string): string | undefined {
  if (name.startsWith('#')) return name.slice(1).split('/')[0];
  if (!name.startsWith('.')) return undefined;
  return relative(root, join(root, dirname(file), name)).split('/')[0];
}

/** `file → import` for every import of the sources that breaks a rule. */
function breaches(rule: (source: Source, name: string) => boolean): readonly string[] {
  return sources.flatMap((source) =>
    source.imports.filter((name) => !rule(source, name)).map((name) => `${source.file} → ${name}`),
  );
}

describe('the import rule', () => {
  it('sees every room, and imports in each', () => {
    const rooms = new Set(sources.filter(({ imports }) => imports.length > 0).map(({ room }) => room));

    expect([...rooms].sort()).toEqual(expect.arrayContaining(['adapters', 'cli', 'core', 'tools']));
  });

  it('lets each room import only the rooms below it', () => {
    const found = breaches((source, name) => {
      const room = roomOf(source, name);
      return room === undefined || room === source.room || (MAY_IMPORT[source.room] ?? []).includes(room);
    });

    expect(found).toEqual([]);
  });

  it('keeps a tool out of another tool', () => {
    const toolOf = (path: string): string | undefined => /^tools\/([^/]+)\//.exec(path)?.[1];
    const found = breaches((source, name) => {
      const target = name.startsWith('.') ? join(dirname(source.file), name) : name.replace(/^#/, '');
      return source.room !== 'tools' || toolOf(target) === undefined || toolOf(target) === toolOf(source.file);
    });

    expect(found).toEqual([]);
  });

  it('lets only the rooms named reach the outside world', () => {
    const found = breaches(({ room }, name) =>
      OUTSIDE.every(({ what, rooms }) => !what.test(name) || rooms.includes(room)),
    );

    expect(found).toEqual([]);
  });

  it('keeps the domain pure', () => {
    const pure = sources.filter(({ room }) => PURE.includes(room));
    const impureModules = pure.filter(({ imports }) => imports.some((name) => IMPURE_MODULE.test(name)));
    const impureCode = pure.filter(({ code }) => IMPURE_CODE.test(code));

    expect([...impureModules, ...impureCode].map(({ file }) => file)).toEqual([]);
  });
});
