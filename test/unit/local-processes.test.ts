import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withLock } from '../../localstack/lock.ts';
import { freePort, isRunning, launch, recordOf, stop, waitUntilReady } from '../../localstack/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-processes-'));
const log = join(folder, 'log');
afterAll(() => rmSync(folder, { recursive: true }));

const shell = (script: string) =>
  launch({
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin' },
    cwd: folder,
    log,
    user: undefined,
  });

it('stops a service that ignores signals, and its remaining children', async () => {
  const record = await shell('trap "" TERM; sleep 300 & echo $!; wait; sleep 300');
  await waitUntilReady(record, { name: 'shell', log, withinMs: 5_000 }, async () => readFileSync(log, 'utf8') !== '');
  const child = recordOf(Number(readFileSync(log, 'utf8')));

  expect([isRunning(record), isRunning(child)]).toEqual([true, true]);
  await stop(record, { signal: 'SIGTERM', graceMs: 200 });

  expect([isRunning(record), isRunning(child)]).toEqual([false, false]);
});

it('does not mistake another process with a recorded pid for its service, and does not stop it', async () => {
  const record = await shell('sleep 300');
  const earlier = { ...record, startMark: 'another start' };

  await stop(earlier, { signal: 'SIGKILL', graceMs: 0 });

  expect([isRunning(earlier), isRunning(record)]).toEqual([false, true]);
  await stop(record, { signal: 'SIGKILL', graceMs: 0 });
});

it('gives a service only the specified environment', async () => {
  const output = join(folder, 'environment');
  const record = await shell(`env > ${output}.part; mv ${output}.part ${output}; sleep 300`);
  const read = () => {
    try {
      return readFileSync(output, 'utf8');
    } catch {
      return '';
    }
  };
  await waitUntilReady(record, { name: 'shell', log, withinMs: 5_000 }, async () => read() !== '');
  await stop(record, { signal: 'SIGKILL', graceMs: 0 });

  const names = read()
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names.filter((name) => !['PATH', 'PWD', '_', 'SHLVL', 'OLDPWD'].includes(name ?? ''))).toEqual([]);
});

it('names the log if a service ends while starting, or never becomes ready', async () => {
  const service = { name: 'Service', log: 'the log', withinMs: 200 };
  const ending = await shell('exit 3');
  const hanging = await shell('sleep 300');

  await expect(waitUntilReady(ending, service, async () => false)).rejects.toThrow('ended while starting: see the log');
  await expect(waitUntilReady(hanging, service, async () => false)).rejects.toThrow(
    'not ready within 0.2 s: see the log',
  );
  expect(isRunning(hanging)).toBe(false);
});

it('reports a program that cannot be started', async () => {
  const missing = { command: '/nowhere/program', args: [], env: {}, cwd: folder, log, user: undefined };

  await expect(launch(missing)).rejects.toMatchObject({ code: 'configuration' });
});

it('takes the wanted port if it is free, and otherwise another', async () => {
  const wanted = await freePort();
  const server = createServer().listen(wanted, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));

  const other = await freePort(wanted);
  await new Promise((resolve) => server.close(resolve));

  expect(other).not.toBe(wanted);
  expect(await freePort(wanted)).toBe(wanted);
});

it('lets one at a time into a home', async () => {
  const home = mkdtempSync(join(folder, 'home-'));
  const events: string[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} in`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    events.push(`${name} out`);
  };

  await Promise.all([withLock(home, work('a')), withLock(home, work('b'))]);
  await withLock(home, work('c'));

  expect(events).toHaveLength(6);
  for (const [index, event] of events.entries()) expect(event.endsWith(index % 2 === 0 ? 'in' : 'out')).toBe(true);
});

it('does not wait for a killed process, and lets the lock’s owner remove the home', async () => {
  const home = mkdtempSync(join(folder, 'home-'));
  const script = `
    import { withLock } from ${JSON.stringify(join(import.meta.dirname, '../../localstack/lock.ts'))};
    await withLock(${JSON.stringify(home)}, async () => process.kill(process.pid, 'SIGKILL'));`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);

  await withLock(home, async () => rmSync(home, { recursive: true }));

  expect(signal).toBe('SIGKILL');
  expect(existsSync(home)).toBe(false);
});
