import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigurationError } from '#core/errors.ts';
import { openEdgeFolder } from '#edge/folder.ts';
import { refuseBesideEdge, removeEdgeFolder } from '../../localstack/lock.ts';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'hilum-edge-folder-'));
  folder = join(parent, 'edge');
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Starts another process that opens the folder; resolves when it has the lock. */
async function edgeElsewhere() {
  const module = join(import.meta.dirname, '../../edge/folder.ts');
  const script = `
    import { openEdgeFolder } from ${JSON.stringify(module)};
    openEdgeFolder(${JSON.stringify(folder)});
    console.log('open');
    setInterval(() => undefined, 1_000);`;
  const edge = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(edge.stdout, 'data');
  return edge;
}

function thrownBy(action: () => void): unknown {
  try {
    return void action();
  } catch (error) {
    return error;
  }
}

it('belongs to one edge: a second one is refused and changes nothing', () => {
  const first = openEdgeFolder(folder);
  mkdirSync(first.spoolFolder);
  writeFileSync(join(first.spoolFolder, 'open'), 'a series on its way');

  expect(() => openEdgeFolder(folder)).toThrow(ConfigurationError);
  expect(() => openEdgeFolder(folder)).toThrow(`works in ${folder}`);
  expect(() => removeEdgeFolder(folder)).toThrow(`works in ${folder}`);

  expect(existsSync(join(first.spoolFolder, 'open'))).toBe(true);
  first.close();
  openEdgeFolder(folder).close();
});

it('is also locked against other processes, but not by a killed one', async () => {
  const edge = await edgeElsewhere();
  const errors = [openEdgeFolder, refuseBesideEdge, removeEdgeFolder].map((open) => thrownBy(() => open(folder)));
  edge.kill('SIGKILL');
  await once(edge, 'exit');

  for (const error of errors) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`works in ${folder}: process ${edge.pid}. First stop it (\`kill ${edge.pid}\`)`);
  }
  refuseBesideEdge(folder);
  openEdgeFolder(folder).close();
});

it('is removed on request if no edge uses it', () => {
  openEdgeFolder(folder).close();

  removeEdgeFolder(folder);
  removeEdgeFolder(folder);

  expect(existsSync(folder)).toBe(false);
});

it('has files that only its owner can read, also in a folder that is open to others', () => {
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, 'journal.sqlite'), '', { mode: 0o644 });

  const { journal, close } = openEdgeFolder(folder);
  journal.begin(1, '');

  const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]);
  close();
  expect(Object.fromEntries(modes)).toEqual({
    'identity.key': 0o600,
    'journal.sqlite': 0o600,
    'journal.sqlite-shm': 0o600,
    'journal.sqlite-wal': 0o600,
    'lock.pid': 0o600,
    'lock.sqlite': 0o600,
  });
});
