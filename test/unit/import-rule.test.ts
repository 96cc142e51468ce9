/** The import rule of the rooms (docs/architecture.md): what each may import of ours, of packages, and of the outside world. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** The rooms each room may import. Nobody but `UNBOUND` imports `cli`. */
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
  // The conformance statement lists what the hand-built results of the tests are written as.
  scripts: ['localstack', 'core', 'test'],
  cli: ['core', 'phantoms', 'tools', 'adapters', 'edge', 'localstack'],
};

/** They may import everything. */
const UNBOUND = ['bench', 'evaluation', 'test'];
/** Top-level folders of what is installed and built. */
const NO_ROOM = ['node_modules', 'cdk.out'];

/** Packages and modules that reach out of the process, by the rooms that may import them. */
const OUTSIDE: readonly { readonly what: RegExp; readonly rooms: readonly string[] }[] = [
  { what: /^@aws-sdk\/|^@smithy\//, rooms: ['adapters'] },
  { what: /^onnxruntime/, rooms: ['adapters'] },
  { what: /^node:(https?|http2|net|tls|dgram)$|^undici$/, rooms: ['adapters', 'localstack'] },
  { what: /^node:sqlite$/, rooms: ['adapters'] },
  // The source of a table that is committed; what runs reads the table.
  { what: /^dcmjs/, rooms: ['scripts'] },
  { what: /^aws-cdk-lib|^constructs$/, rooms: ['infra'] },
];

/** The domain is a pure function of its input: no files, processes, network, environment, time or chance of its own. */
const PURE = ['core', 'tools', 'phantoms'];
const IMPURE_MODULE =
  /^node:(fs|fs\/promises|child_process|worker_threads|os|process|cluster|timers|timers\/promises|module|vm|dns|inspector)$/;
const IMPURE_CODE: readonly { readonly what: RegExp; readonly example: string; readonly except?: string }[] = [
  { what: /(?<![.\w])process\s*(\.|\[|\?\.)/, example: "process['env']" },
  { what: /[=(]\s*process\s*[;,)]/, example: 'const { env } = process;' },
  { what: /\b(globalThis|global\.)/, example: 'globalThis.process' },
  { what: /\b(Date\.now\(|new Date\(\)|performance\.)/, example: 'performance.now()' },
  { what: /\b(Math\.random|randomUUID|randomBytes|randomInt|getRandomValues|randomFill)/, example: 'randomUUID()' },
  { what: /\b(fetch\(|WebSocket|EventSource)/, example: "await fetch('x')" },
  { what: /\b(require\(|createRequire|console\.)/, example: "require('fs')" },
  // The deadline of a tool: a promise that never settles can be left only by a timer. It decides nothing else.
  { what: /\bset(Timeout|Interval|Immediate)\(/, example: 'setTimeout(f)', except: 'core/run-tool.ts' },
];

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
  it('knows every folder that holds code, and sees imports in every room', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !NO_ROOM.includes(entry.name))
      .map(({ name }) => name)
      .filter((name) => globSync(`${name}/**/*.{ts,mts,mjs,js}`, { cwd: root }).length > 0);
    const rooms = new Set(sources.filter(({ imports }) => imports.length > 0).map(({ room }) => room));

    expect(folders.sort()).toEqual([...Object.keys(MAY_IMPORT), ...UNBOUND].sort());
    expect([...rooms].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
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
    const impureCode = pure.filter(({ file, code }) =>
      IMPURE_CODE.some(({ what, except }) => file !== except && what.test(code)),
    );

    expect([...impureModules, ...impureCode].map(({ file }) => file)).toEqual([]);
  });

  it.each(IMPURE_CODE)('knows $example when it sees it', ({ what, example }) => {
    expect(example).toMatch(what);
  });
});
