/** `hilum edge` as a process, with an archive and a cloud that answer, or do not: its signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { ROOT } from '../../localstack/parts.mjs';

const WITHIN = { timeout: 15_000, interval: 50 };
/** What a service manager grants. */
const SECONDS = 5_000;

let folder: string;
let pacs: DicomWebStore;
/** Everything that the cloud is asked before it stays silent. */
let silentFor: RegExp | undefined;
/** The access keys of all requests to the cloud. */
let keys: Set<string>;
let edge: ChildProcess | undefined;
let log: string;

/** A bucket without objects, and the parameter that lists the deployed tools. */
const cloud = createServer((request, response) => {
  request.resume();
  keys.add(/Credential=([A-Z]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
  const asked = String(request.headers['x-amz-target'] ?? request.method);
  if (silentFor?.test(asked)) return;
  if (asked !== 'AmazonSSM.GetParameter') response.writeHead(404).end();
  else response.end(JSON.stringify({ Parameter: { Value: '{"format":"hilum.tools/1","tools":{"caries":"1.0.0"}}' } }));
});

beforeAll(() => new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  cloud.closeAllConnections();
  cloud.close();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-edge-signals-'));
  pacs = await startDicomWebStore();
  silentFor = undefined;
  keys = new Set();
  log = '';
});
afterEach(async () => {
  edge?.kill('SIGKILL');
  await pacs.close();
  rmSync(folder, { recursive: true });
});

const passwordFile = () => join(folder, 'password');
const settingsFile = () => join(folder, 'settings.json');

function write(changed: object = {}): void {
  const settings = {
    HILUM_ORTHANC_URL: pacs.url,
    HILUM_ORTHANC_USERNAME: pacs.username,
    HILUM_ORTHANC_PASSWORD_FILE: passwordFile(),
    HILUM_BUCKET: 'studies',
    HILUM_TOOLS_PARAMETER: '/hilum/tools',
    HILUM_EDGE_FOLDER: join(folder, 'edge'),
    HILUM_EDGE_POLL_MS: 100,
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`,
    ...changed,
  };
  writeFileSync(settingsFile(), JSON.stringify(settings));
}

function writeKey(key: string): void {
  writeFileSync(join(folder, 'credentials'), `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`);
}

function start(): ChildProcess {
  writeFileSync(passwordFile(), pacs.password);
  writeKey('FIRST');
  const env = {
    PATH: process.env['PATH'],
    HILUM_HOME: join(folder, 'home'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_CONFIG_FILE: join(folder, 'none'),
  };
  const arguments_ = [join(ROOT, 'cli/hilum.ts'), 'edge', '--config', settingsFile()];
  edge = spawn(process.execPath, arguments_, { env, stdio: ['ignore', 'inherit', 'pipe'] });
  edge.stderr?.on('data', (bytes) => {
    log += String(bytes);
  });
  return edge;
}

/** The exit code, and how long it took to end. */
async function stopped(process: ChildProcess): Promise<{ readonly code: number | null; readonly ms: number }> {
  const startedAt = Date.now();
  process.kill('SIGTERM');
  const [code] = await once(process, 'exit');
  return { code, ms: Date.now() - startedAt };
}

const polls = () => pacs.requests.filter((request) => request === 'GET /changes').length;
const has = (event: string) => expect.poll(() => log, WITHIN).toContain(`"${event}"`);

it.each([
  ['the bucket', /HEAD/],
  ['the list of deployed tools', /GetParameter/],
])('ends within seconds while %s is silent', async (_, silent) => {
  write();
  silentFor = silent;
  const process = start();
  await has('edge-started');
  await expect.poll(() => keys.size, WITHIN).toBe(1);

  const { code, ms } = await stopped(process);

  expect([code, ms < SECONDS]).toEqual([0, true]);
  expect(log).toContain('"edge-stopped"');
});

it('ends within seconds while Orthanc is silent', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const asked = once(silent, 'request');
  write({ HILUM_ORTHANC_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
  const process = start();
  await asked;

  const { code, ms } = await stopped(process);

  silent.closeAllConnections();
  silent.close();
  expect([code, ms < SECONDS]).toEqual([0, true]);
});

it('reads settings and keys again on SIGHUP, and does not end because of new ones that are wrong', async () => {
  write();
  const process = start();
  await expect.poll(polls, WITHIN).toBeGreaterThan(1);
  writeKey('SECOND');
  write({ HILUM_TOOLS_PARAMETER: '/hilum/others' });

  process.kill('SIGHUP');
  await has('settings-read');
  await expect.poll(() => [...keys], WITHIN).toEqual(['FIRST', 'SECOND']);
  write({ HILUM_BUCKET: 'No bucket' });
  process.kill('SIGHUP');
  await has('settings-refused');
  const before = polls();
  await expect.poll(polls, WITHIN).toBeGreaterThan(before + 1);

  expect(log).toContain('HILUM_BUCKET is wrong');
  expect((await stopped(process)).code).toBe(0);
});

it('reads the password again when Orthanc refuses the old one', async () => {
  write();
  const process = start();
  await expect.poll(polls, WITHIN).toBeGreaterThan(1);
  const old = pacs;
  const port = Number(new URL(old.url).port);
  await old.close();
  pacs = await startDicomWebStore({ port, username: old.username, password: 'rotated' });
  writeFileSync(passwordFile(), 'rotated');

  await expect.poll(polls, WITHIN).toBeGreaterThan(1);

  expect(log).not.toContain('archive-denied');
  expect((await stopped(process)).code).toBe(0);
});
