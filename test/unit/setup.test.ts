import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PARTS, type PartName, PURPOSES, ROOT } from '../../localstack/parts.mjs';
import { withoutStartingServices } from '../../setup/debian.mjs';
import { skipUnless } from '../fixtures/lanes.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-setup-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file system's root with the two files that decide whether packages start services. */
function newRoot() {
  const root = mkdtempSync(join(folder, 'root-'));
  const policy = join(root, 'usr/sbin/policy-rc.d');
  const cluster = join(root, 'etc/postgresql-common/createcluster.d/hilum-setup.conf');
  mkdirSync(join(root, 'usr/sbin'), { recursive: true });
  return { root, policy, cluster, isClean: () => !existsSync(policy) && !existsSync(cluster) };
}

/** What invoke-rc.d asks before it starts a service: 101 is no. */
const answerOf = (policy: string) => spawnSync(policy, ['orthanc', 'start']).status;

it('prevents packages from starting services and making a cluster during installation, but not afterwards', async () => {
  const { root, policy, cluster, isClean } = newRoot();

  const during = await withoutStartingServices(async () => [answerOf(policy), readFileSync(cluster, 'utf8')], root);

  expect(during).toEqual([101, expect.stringContaining('create_main_cluster = false')]);
  expect(isClean()).toBe(true);
});

it('restores the previous files, even if the installation fails', async () => {
  const { root, policy, cluster } = newRoot();
  writeFileSync(policy, '#!/bin/sh\nexit 7\n', { mode: 0o755 });
  const failing = async () => {
    expect(answerOf(policy)).toBe(101);
    throw new Error('no network');
  };

  await expect(withoutStartingServices(failing, root)).rejects.toThrow('no network');

  expect(answerOf(policy)).toBe(7);
  expect(existsSync(cluster)).toBe(false);
});

it('restores the previous files on interruption, and after an earlier, killed set-up', () => {
  const { root, policy, isClean } = newRoot();
  const script = (signal: string) => `
    import { withoutStartingServices } from ${JSON.stringify(join(ROOT, 'setup/debian.mjs'))};
    await withoutStartingServices(async () => {
      process.kill(process.pid, ${JSON.stringify(signal)});
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }, ${JSON.stringify(root)});`;
  const setUp = (signal: string) => spawnSync(process.execPath, ['--input-type=module', '-e', script(signal)]);

  expect(setUp('SIGINT').status).toBe(130);
  expect(isClean()).toBe(true);
  expect(setUp('SIGKILL').signal).toBe('SIGKILL');
  expect(answerOf(policy)).toBe(101);
  expect(setUp('SIGTERM').status).toBe(130);
  expect(isClean()).toBe(true);
});

it('refuses a purpose that it does not know', () => {
  const result = spawnSync(process.execPath, [join(ROOT, 'setup/setup.mjs'), 'dance'], { encoding: 'utf8' });

  expect(result.status).toBe(2);
  expect(result.stderr).toContain('demo|test|build|bench');
});

it('starts from a Node that cannot read TypeScript and from no packages', () => {
  const files = [
    ...['setup', 'debian', 'doctor', 'fetch-ohif', 'make-trixie', 'run'].map((name) => `setup/${name}.mjs`),
    ...['parts', 'ohif', 'trixie'].map((name) => `localstack/${name}.mjs`),
  ];
  const imports = files.flatMap((file) => [...readFileSync(join(ROOT, file), 'utf8').matchAll(/from '([^']+)'/g)]);

  expect(imports.map(([, name]) => name).filter((name) => !/^(node:|\.{1,2}\/.*\.mjs$)/.test(name ?? ''))).toEqual([]);
});

it('has a fix for every part, and the tests need every part that the demo needs', () => {
  const names = Object.keys(PARTS) as PartName[];

  expect(names.filter((name) => PARTS[name].fix === '' || PARTS[name].what === '')).toEqual([]);
  expect(PURPOSES.demo.filter((name) => !PURPOSES.test.includes(name))).toEqual([]);
});

it('is run by npm before the commands that need it', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };

  for (const command of ['demo', 'test', 'check', 'bench'])
    expect(scripts[`pre${command}`]).toMatch(/^node setup\/setup\.mjs (demo|test|bench)$/);
});

// Only if the set-up installed them. On other machines, an Orthanc may run on purpose.
const { HILUM_REQUIRE_ALL_LANES } = process.env;
it.skipIf(
  HILUM_REQUIRE_ALL_LANES !== '1' || skipUnless(existsSync('/etc/orthanc'), 'Orthanc is no Debian package here'),
)('has started none of the services it installed', () => {
  const commands = execFileSync('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " || true'], {
    encoding: 'utf8',
  });

  expect(commands).not.toMatch(/Orthanc[^/]* \/etc\/orthanc|-D \/var\/lib\/postgresql/);
});
