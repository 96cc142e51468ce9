/** The import rule of the rooms (docs/architecture.md): which rooms, packages and Node modules each may import. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT_SOURCES, SOURCES } from '#localstack/deploy.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { circlesAmong, type Source, sourcesIn, targetOf } from '../fixtures/sources.ts';

const architecture = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
/** The rows of the table of rooms: the room, and the rooms it may import; undefined if the table states a rule in words. */
const rows = [...architecture.matchAll(/^\| `([a-z]+)` \| [^|]+ \| ([^|]*)\|$/gm)].map(
  ([, room = '', imports = '']) =>
    [
      room,
      imports.startsWith('all') ? undefined : [...imports.matchAll(/`([a-z]+)`/g)].map(([, name]) => name),
    ] as const,
);
/** The rooms each room may import, as docs/architecture.md says. */
const MAY_IMPORT: Readonly<Record<string, readonly (string | undefined)[]>> = Object.fromEntries(
  rows.flatMap(([room, imports]) => (imports === undefined ? [] : [[room, imports]])),
);
/** These may import anything but `cli` and `infra`. The bench may import `infra`'s bundling (ADR 15). */
const MEASURING = ['bench', 'evaluation'];
const BUNDLING = ['bundle', 'models', 'tools'].map((name) => `infra/${name}.ts`);
/** Tests may import everything. */
const UNBOUND = ['test'];
/** The files of `pipeline` that adapters may import: the contracts that they implement. */
const CONTRACTS = ['ports', 'keys', 'environment', 'run-state', 'ends'].map((name) => `pipeline/${name}.ts`);
/** Top-level folders of what is installed and built, and of what other tests leave there while they run. */
const NO_ROOM = ['node_modules', 'cdk.out', 'dist', 'artefacts'];

/** Packages and modules for access outside the process, with the rooms that may import them. */
const OUTSIDE: readonly { readonly what: RegExp; readonly rooms: readonly string[] }[] = [
  { what: /^@aws-sdk\/|^@smithy\//, rooms: ['adapters'] },
  { what: /^onnxruntime/, rooms: ['adapters'] },
  { what: /^node:(https?|http2|net|tls|dgram)$|^undici$/, rooms: ['adapters', 'localstack', 'viewer'] },
  { what: /^node:sqlite$/, rooms: ['adapters'] },
  // The source of a committed table, which the product reads instead.
  { what: /^dcmjs/, rooms: ['scripts'] },
  { what: /^aws-cdk-lib|^constructs$/, rooms: ['infra'] },
];

/** The domain is a pure function of its input: no files, processes, network, environment, time or chance of its own. */
const PURE = ['dicom', 'core', 'tools', 'phantoms'];
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
  // For a tool's deadline only: a timer is the only way to leave a promise that never settles.
  { what: /\bset(Timeout|Interval|Immediate)\(/, example: 'setTimeout(f)', except: 'core/run-tool.ts' },
];

const sources = sourcesIn(Object.keys(MAY_IMPORT));
const measuring = sourcesIn(MEASURING);

const roomOf = (source: Source, name: string): string | undefined => targetOf(source, name)?.split('/')[0];

/** `file → import` for every import of the sources that breaks a rule. */
function breaches(rule: (source: Source, name: string) => boolean, of: readonly Source[] = sources): readonly string[] {
  return of.flatMap((source) =>
    source.imports.filter((name) => !rule(source, name)).map((name) => `${source.file} → ${name}`),
  );
}

describe('the import rule', () => {
  it('covers every folder with code, and finds imports in every room', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !NO_ROOM.includes(entry.name))
      .map(({ name }) => name)
      .filter((name) => sourcesIn([name]).length > 0);
    const importing = new Set(sources.filter(({ imports }) => imports.length > 0).map(({ room }) => room));

    expect(folders.sort()).toEqual(rows.map(([room]) => room).sort());
    expect(folders.sort()).toEqual([...Object.keys(MAY_IMPORT), ...MEASURING, ...UNBOUND].sort());
    expect([...importing].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it('lets each room import only the rooms below it', () => {
    const found = breaches((source, name) => {
      const room = roomOf(source, name);
      return room === undefined || room === source.room || (MAY_IMPORT[source.room] ?? []).includes(room);
    });

    expect(found).toEqual([]);
  });

  it('lets evaluation and bench import everything but the command and the deployment', () => {
    const found = breaches(
      (source, name) =>
        !['cli', 'infra'].includes(roomOf(source, name) ?? '') ||
        (source.room === 'bench' && BUNDLING.includes(targetOf(source, name) ?? '')),
      measuring,
    );

    expect(found).toEqual([]);
  });

  it('lets adapters import only the pipeline’s contracts', () => {
    const found = breaches(
      (source, name) =>
        source.room !== 'adapters' ||
        roomOf(source, name) !== 'pipeline' ||
        CONTRACTS.includes(targetOf(source, name) ?? ''),
    );

    expect(found).toEqual([]);
  });

  it('is one-way, from the leaf up, whatever the table says', () => {
    const reaches = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
      for (const room of MAY_IMPORT[from] ?? []) {
        if (room === undefined || seen.has(room)) continue;
        seen.add(room);
        reaches(room, seen);
      }
      return seen;
    };

    expect(MAY_IMPORT['dicom']).toEqual([]);
    expect(MAY_IMPORT['core']).toEqual(['dicom']);
    expect(Object.keys(MAY_IMPORT).filter((room) => reaches(room).has(room))).toEqual([]);
    expect(Object.keys(MAY_IMPORT).filter((room) => reaches(room).has('cli'))).toEqual([]);
  });

  it('gives the set-up the lists of what a machine needs, and no more of the local environment', () => {
    const lists = ['ohif', 'package-parts', 'parts', 'place', 'trixie'].map((name) => `localstack/${name}.mjs`);
    const found = breaches(
      (source, name) =>
        source.room !== 'setup' ||
        roomOf(source, name) !== 'localstack' ||
        lists.includes(targetOf(source, name) ?? ''),
    );

    expect(found).toEqual([]);
  });

  it('lets no tool import another tool', () => {
    const toolOf = (path = ''): string | undefined => /^tools\/([^/]+)\//.exec(path)?.[1];
    const found = breaches((source, name) => {
      const tool = toolOf(targetOf(source, name));
      return source.room !== 'tools' || tool === undefined || tool === toolOf(source.file);
    });

    expect(found).toEqual([]);
  });

  it('lets only the listed rooms access the outside world', () => {
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

  it.each(IMPURE_CODE)('recognises $example', ({ what, example }) => {
    expect(example).toMatch(what);
  });
});

describe('import cycles', () => {
  it('do not exist, tests included', () => {
    expect(circlesAmong([...sources, ...measuring, ...sourcesIn(UNBOUND)])).toEqual([]);
  });

  it('are found, type imports included, and listed once', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => `core/${name}.ts`);
    const chain = [
      { file: c ?? '', imports: ['./a.ts'] },
      { file: a ?? '', imports: ['#core/b.ts', 'zod'] },
      { file: b ?? '', imports: ['./c.ts', './d.ts'] },
    ];

    expect(circlesAmong(chain)).toEqual(['core/a.ts → core/b.ts → core/c.ts']);
  });
});

it('has the local cloud deployed again when a room changes that the deployment is made of', () => {
  const reached = new Set(['functions', 'infra']);
  for (const room of reached) for (const next of MAY_IMPORT[room] ?? []) if (next !== undefined) reached.add(next);

  expect([...SOURCES, ...ROOT_SOURCES]).toEqual(expect.arrayContaining([...reached]));
});
