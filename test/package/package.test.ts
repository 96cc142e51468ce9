/** The npm package: the same commit gives the same bytes, and the installed package works with Node.js 24 alone. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { runHilum } from '../fixtures/hilum.ts';
import { type BareMachine, copySources, filesIn, installAlone, pack } from '../fixtures/packed.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';

const BIN = 'node_modules/.bin/hilum';
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The bytes of a file, but for the folder's name and for how long the tool took. */
const contentOf = (folder: string, file: string): string =>
  readFileSync(join(folder, file), 'latin1')
    .replaceAll(folder, '')
    .replace(/"timings": \{[^}]*\}/, '');

let sources: readonly string[];
let tarballs: readonly string[];
let machine: BareMachine;
let installed: readonly string[];
let study: string;

beforeAll(() => {
  sources = [copySources('022'), copySources('077')];
  const [first = '', second = ''] = sources;
  // Files of an earlier build, and files that are there by mistake.
  mkdirSync(join(second, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(second, 'dist', 'cli', 'left-over.js'), '');
  tarballs = [pack(first, '022'), pack(second, '077', { TZ: 'Pacific/Auckland', LC_ALL: 'C', LANG: 'C' })];
  machine = installAlone(tarballs[0] ?? '');
  installed = filesIn(join(machine.folder, 'node_modules/hilum'));
  study = mkdtempSync(join(tmpdir(), 'hilum-phantom-'));
  for (const [index, bytes] of (PHANTOM_STUDIES['bitewing']?.().files ?? []).entries())
    writeFileSync(join(study, `${index}.dcm`), bytes);
}, 600_000);

afterAll(() => {
  for (const folder of [...sources, study, join(machine.folder, '..'), ...tarballs.map((path) => join(path, '..'))])
    rmSync(folder, { recursive: true, force: true });
});

describe('npm pack', () => {
  it('gives the same bytes in another folder, under another umask, time zone and language', () => {
    const [first, second] = tarballs.map(sha256);

    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toBe(first);
  });

  it('packs code with its types and maps, models and descriptions, and neither sources, tests nor phantoms', () => {
    const ours = installed.filter((file) => !file.startsWith('dist/node_modules/'));
    const code = ours.filter((file) => /^dist\/.*\.js$/.test(file));
    // What a browser loads is plain JavaScript in the sources, too.
    const compiled = code.filter((file) => !file.startsWith('dist/viewer/ohif/'));
    const withoutCompany = compiled.filter(
      (file) => !installed.includes(`${file}.map`) || !installed.includes(file.replace(/\.js$/, '.d.ts')),
    );

    expect(compiled.length).toBeGreaterThan(150);
    expect(withoutCompany).toEqual([]);
    expect(ours.filter((file) => /\.(ts|mts)$/.test(file) && !/\.d\.m?ts$/.test(file))).toEqual([]);
    expect(ours.filter((file) => /(^|\/)(test|phantoms|infra|functions|golden|training)\//.test(file))).toEqual([]);
    expect(ours.filter((file) => /\.onnx$/.test(file)).sort()).toEqual([
      'dist/layers/models/caries-lesion/caries-lesion.onnx',
      'dist/layers/models/spine-sagittal/spine-sagittal.onnx',
    ]);
    expect(installed).toContain('dist/node_modules/onnxruntime-node/ThirdPartyNotices.txt');
    expect(installed).toContain('dist/core/fonts/NOTICE');
  });

  it('names no folder of the machine that packed it', () => {
    const text = installed.filter((file) => /\.(js|mjs|map|ts|mts|json)$/.test(file));
    const named = text.filter((file) => {
      const content = readFileSync(join(machine.folder, 'node_modules/hilum', file), 'utf8');
      return [ROOT, ...sources].some((folder) => content.includes(folder.replace(/\/$/, '')));
    });

    expect(text.length).toBeGreaterThan(500);
    expect(named).toEqual([]);
  });
});

describe('the installed package', () => {
  const hilum = (...args: readonly string[]) => machine.run(BIN, args);

  it('runs a tool on a phantom, with the bytes that the clone gives', async () => {
    const [here, there] = [`${study}-here`, `${study}-there`];
    const inClone = await runHilum(['run', study, '--tool', 'caries', '--out', here]);
    const inPackage = hilum('run', study, '--tool', 'caries', '--out', there);

    expect(inPackage.code).toBe(0);
    expect(inPackage.stdout.replaceAll(there, here)).toBe(inClone.stdout);
    expect(filesIn(there)).toEqual(filesIn(here));
    expect(filesIn(there).length).toBeGreaterThan(2);
    for (const file of filesIn(here)) expect([file, contentOf(there, file)]).toEqual([file, contentOf(here, file)]);
    for (const folder of [here, there]) rmSync(folder, { recursive: true });
  });

  it.each<[readonly string[], RegExp]>([
    [['--version'], /^0\.\d+\.\d+ \((unknown commit|[0-9a-f]{7}(-dirty)?)\)\n$/],
    [['tools'], /^caries /m],
    [['models'], /^caries-lesion .*: present$/m],
    [['models', '--help'], /^Usage: hilum models /m],
    [['doctor'], /^ok {7}ONNX Runtime for /m],
    [['edge', '--help'], /^Usage: hilum edge /m],
    [['status', '--help'], /^Usage: hilum status /m],
    [['viewer', '--help'], /^Usage: hilum viewer /m],
    [['--help'], /^ {2}demo .*works only in a clone/m],
  ])('answers %s', (args, answer) => {
    const { code, stdout, stderr } = hilum(...args);

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(answer);
  });

  it('inspects, and decodes in a thread of its own', () => {
    const { code, stdout } = hilum('inspect', study, '--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0]).toMatchObject({ ok: true, pixelSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('finds everything that its modules import', () => {
    const dist = join(machine.folder, 'node_modules/hilum/dist');
    // The command, and what runs in threads, are programs.
    const program = /^dist\/(cli\/hilum|adapters\/decoder\/worker|adapters\/watchdog\/thread)\.js$/;
    const modules = installed
      .filter((file) => /^dist\/(?!node_modules\/).*\.m?js$/.test(file) && !program.test(file))
      .map((file) => join(dist, '..', file));
    const code = `for (const file of ${JSON.stringify(modules)}) await import(file);`;

    expect(modules.length).toBeGreaterThan(150);
    expect(machine.run('node', ['--input-type=module', '-e', code])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('asks the doctor for nothing that only a clone needs', () => {
    const findings = JSON.parse(hilum('doctor', '--json').stdout) as readonly { readonly part: string }[];

    expect(findings.map(({ part }) => part)).toEqual(['onnxruntime', 'models', 'fetching']);
  });

  it.each([
    ['demo', 'npm run demo'],
    ['demo --study x', 'npm run demo'],
    ['local up', 'bin/hilum local up'],
    ['local down --purge', 'bin/hilum local up'],
  ])('says what `%s` needs', (line, fix) => {
    const { code, stdout, stderr } = hilum(...line.split(' '));

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^hilum: \w+ works only in a clone of Hilum's repository\. [^\n]+\n$/);
    expect(stderr).toContain(fix);
  });

  it('says that a local environment needs a clone, and looks for one in the user’s home', () => {
    const { code, stderr } = hilum('status');

    expect(code).toBe(1);
    expect(stderr).toContain(join(machine.home, '.hilum'));
    expect(stderr).toContain('`bin/hilum local up` in a clone of the repository');
  });

  it('shows the source lines of an error on request', () => {
    const { stderr } = machine.run(BIN, ['status'], { HILUM_DEBUG: '1' });

    expect(stderr).toMatch(/at findRunsTable \(.*\/files\/\w+\.ts:\d+:\d+\)/);
  });

  it('gives a tool’s author the types of the contract', () => {
    const compile = (body: string) => {
      writeFileSync(join(machine.folder, 'tool.ts'), body);
      const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck', 'false'];
      const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
      return machine.run('node', [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, ...types, 'tool.ts']);
    };
    const tool = `import type { ImageProcessingTool } from 'hilum/core/tool';
      import type { ToolEntry } from 'hilum/core/tool-manifest';
      import { describeTool, toolVersion } from 'hilum/core/tool-manifest';
      import { createResult } from 'hilum/core/results/result';
      import { Sct } from 'hilum/dicom/codes';`;

    expect(compile(tool).stdout).toBe('');
    expect(compile(`${tool}\nexport const wrong: ImageProcessingTool = { name: 5 };`).stdout).toContain('TS2');
  });

  it('has written nothing into its own folder', () => {
    expect(filesIn(join(machine.folder, 'node_modules/hilum'))).toEqual(installed);
  });
});
