import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { hasTrixie, TRIXIE, trixieRoot } from '../../localstack/trixie.mjs';
import { makeTrixie } from '../../setup/make-trixie.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hilum-trixie-'));
let cache: string;
let programs: string;
beforeEach(() => {
  cache = mkdtempSync(join(folder, 'cache-'));
  programs = mkdtempSync(join(folder, 'programs-'));
  vi.stubEnv('PATH', `${programs}:/usr/bin:/bin`);
  aptIs();
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

/** Replaces a program by a shell script. */
const programIs = (name: string, script: string) =>
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

/** The apt of a site with its own mirror and proxy. */
function aptIs(): void {
  const targets = ['security.house/ x-security x-security main', 'mirror.house/debian/ x x main'];
  programIs('apt-get', `printf 'http://%s\\n' ${targets.map((target) => `'${target}'`).join(' ')}`);
  programIs('apt-config', `echo 'APT::Architecture "amd64";'; echo 'Acquire::http::Proxy "http://user:secret@proxy";'`);
}

/** Replaces mmdebstrap: records its arguments and its network settings, and does what `script` says. */
function mmdebstrapIs(script: string): void {
  const told = `for one; do case $one in --aptopt=*) cat "\${one#--aptopt=}" >> ${programs}/network;; esac; done`;
  // The folder is the argument after the suite.
  const target = `for one; do [ "$last" = ${TRIXIE.suite} ] && root=$one; last=$one; done`;
  programIs('mmdebstrap', `echo "$*" >> ${programs}/calls\n${told}\n${target}\n${script}`);
}
const MAKES_IT = `mkdir -p $root/usr/sbin $root/etc/apt/apt.conf.d
  echo secret > $root/etc/apt/apt.conf.d/99mmdebstrap
  touch $root/usr/sbin/Orthanc`;
const noted = (name: string) => readFileSync(join(programs, name), 'utf8').trim().split('\n');

function osRelease(ID: string): string {
  const file = join(programs, 'os-release');
  writeFileSync(file, `NAME="Some name"\nID=${ID}\nVERSION_CODENAME="x"\n`);
  return file;
}

it('is made with apt’s mirror and proxy, and keeps nothing of the proxy', async () => {
  mmdebstrapIs(MAKES_IT);

  const root = await makeTrixie(cache, osRelease('debian'));

  expect([root, hasTrixie(cache)]).toEqual([trixieRoot(cache), true]);
  expect(noted('calls')).toEqual([
    expect.stringMatching(/--include=\S*orthanc-dicomweb.* trixie \S+ http:\/\/mirror\.house\/debian\/$/),
  ]);
  expect(noted('calls').join()).not.toContain('secret');
  expect(noted('network')).toEqual(['Acquire::http::Proxy "http://user:secret@proxy";']);
  expect(readdirSync(join(root, 'etc/apt/apt.conf.d'))).toEqual([]);
  expect(readdirSync(cache)).toHaveLength(1);
  expect(statSync(root).mode & 0o777).toBe(0o755);
});

it('is made from mmdebstrap’s default mirror if apt’s has no trixie or is not Debian’s', async () => {
  mmdebstrapIs(`case "$*" in *mirror.house*) echo 'no such suite' >&2; exit 1;; esac\n${MAKES_IT}`);
  const elsewhere = mkdtempSync(join(folder, 'cache-'));

  await makeTrixie(cache, osRelease('debian'));
  await makeTrixie(elsewhere, osRelease('ubuntu'));

  expect(noted('calls').map((call) => call.split(' ').at(-1))).toEqual([
    'http://mirror.house/debian/',
    expect.stringContaining(cache),
    expect.stringContaining(elsewhere),
  ]);
  expect([hasTrixie(cache), hasTrixie(elsewhere)]).toEqual([true, true]);
});

it('is not left half made, and its error gives the reason', async () => {
  mmdebstrapIs(`mkdir -p $root/usr/sbin\ntouch $root/usr/sbin/Orthanc\necho 'the disk is full' >&2\nexit 25`);

  const making = makeTrixie(cache, osRelease('debian'));

  await expect(making).rejects.toThrow(/apt-get install mmdebstrap.*\n.*ended with 25: the disk is full/);
  expect(hasTrixie(cache)).toBe(false);
  expect(readdirSync(cache)).toEqual([]);
});

it('is made again after a killed set-up, whose remains are removed; those of a running set-up stay', async () => {
  const [dead, alive] = [join(cache, 'draft-trixie-999999999-a'), join(cache, `draft-trixie-${process.pid}-b`)];
  for (const draft of [dead, alive]) mkdirSync(join(draft, 'usr/sbin'), { recursive: true });
  mmdebstrapIs(MAKES_IT);

  await makeTrixie(cache, osRelease('debian'));

  expect([existsSync(dead), existsSync(alive), hasTrixie(cache)]).toEqual([false, true, true]);
});

it('is kept: if it exists, nothing is run', async () => {
  mmdebstrapIs(MAKES_IT);
  await makeTrixie(cache, osRelease('debian'));
  rmSync(programs, { recursive: true });

  expect(await makeTrixie(cache)).toBe(trixieRoot(cache));
});
