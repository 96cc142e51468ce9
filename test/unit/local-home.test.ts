import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  forgetServices,
  keyFile,
  makeServiceFolder,
  purge,
  readState,
  secretsOf,
  serviceFolder,
  serviceUser,
  updateState,
  writeKeyFile,
} from '../../localstack/home.ts';
import { localDown, localStatus, localUp, readLocalEnvironment } from '../../localstack/local.ts';
import { skipUnless } from '../fixtures/lanes.ts';

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), 'hilum-home-'));
afterAll(() => rmSync(folder, { recursive: true }));
const newHome = () => mkdtempSync(join(folder, 'home-'));
const modeOf = (path: string) => statSync(path).mode & 0o777;

const environment = {
  endpoint: 'http://127.0.0.1:4566',
  region: 'us-east-1',
  credentials: { accessKeyId: 'HILUM1', secretAccessKey: 's' },
  bucket: 'b',
  runsTable: 't',
  queues: 'http://127.0.0.1:4566/0/hilum-',
  archiveSecret: 's',
  toolsParameter: '/hilum/tools',
  orthanc: {
    url: 'http://127.0.0.1:8042',
    dicomWebUrl: 'http://127.0.0.1:8042/dicom-web/',
    username: 'u',
    password: 'p',
  },
};

it('makes its secrets once: long, different, and readable only by the owner', () => {
  const home = newHome();

  const first = secretsOf(home);
  const second = secretsOf(home);

  expect(second).toEqual(first);
  const { cloudKey: key, ...passwords } = first;
  expect(new Set([...Object.values(passwords), key.secretAccessKey]).size).toBe(4);
  expect(Object.values(passwords).every((secret) => /^[\w-]{32}$/.test(secret))).toBe(true);
  expect(key.accessKeyId).toMatch(/^HILUM[A-Z2-7]{15}$/);
  expect(key.secretAccessKey).toMatch(/^[\w-]{40}$/);
  expect(modeOf(join(home, 'secrets.json'))).toBe(0o600);
  expect(Object.values(secretsOf(newHome()))).not.toContain(first.orthancPassword);
});

it('adds missing secrets to a home of an earlier version, and keeps the others', () => {
  const home = newHome();
  const old = { orthancPassword: 'o', postgresPassword: 'p', orthancDatabasePassword: 'd' };
  writeFileSync(join(home, 'secrets.json'), JSON.stringify(old), { mode: 0o600 });

  const first = secretsOf(home);

  expect(first).toEqual({ ...old, cloudKey: expect.anything() });
  expect(secretsOf(home)).toEqual(first);
});

it('writes its access key to a file for AWS’s programs, readable by its owner only', () => {
  const home = newHome();
  const { accessKeyId, secretAccessKey } = secretsOf(home).cloudKey;

  writeKeyFile(home, 'us-east-1');

  expect(readFileSync(keyFile(home), 'utf8').split('\n')).toEqual([
    '[default]',
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    'region = us-east-1',
    '',
  ]);
  expect(modeOf(keyFile(home))).toBe(0o600);
});

it('remembers ports and processes one by one, in a file that only its owner can read', () => {
  const home = newHome();

  updateState(home, { ports: { orthanc: 1 } });
  updateState(home, { ports: { cloud: 2 }, endpoint: 'x' });

  expect(readState(home)).toEqual({ home, ports: { orthanc: 1, cloud: 2 }, processes: {}, endpoint: 'x' });
  expect(modeOf(join(home, 'local.json'))).toBe(0o600);
});

it('returns the environment only while it is up', () => {
  const home = newHome();
  const up = 'run `hilum local up`';

  expect(() => readLocalEnvironment({ home })).toThrow(up);
  updateState(home, environment);
  expect(() => readLocalEnvironment({ home })).toThrow(up);
  updateState(home, { deployed: 'x' });
  expect(readLocalEnvironment({ home })).toEqual({ home, ...environment });
  forgetServices(home);
  expect(() => readLocalEnvironment({ home })).toThrow(up);
});

it('reports services that were never started as stopped', async () => {
  const services = await localStatus({ home: newHome() });

  expect(services.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
});

it.skipIf(skipUnless(isRoot, 'this is not root'))(
  'puts the data of root’s services where their users can reach them',
  () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const open = join(folder, 'open');
    mkdirSync(open, { mode: 0o755 });
    chmodSync(folder, 0o755);

    expect(serviceFolder(join(closed, 'home'))).toMatch(/^\/var\/tmp\/hilum-[0-9a-f]{12}$/);
    expect(serviceFolder(join(open, 'home'))).toBe(join(open, 'home/services'));
    expect(serviceUser('a user that nobody has')?.uid).toBe(serviceUser('nobody')?.uid);
    expect(serviceUser('nobody')?.uid).toBeGreaterThan(0);
  },
);

it('stores no service data behind another user’s link, and removes nothing there', () => {
  const home = newHome();
  const target = newHome();
  writeFileSync(join(target, 'file'), '');
  symlinkSync(target, serviceFolder(home));

  expect(() => makeServiceFolder(home, 'orthanc', undefined)).toThrow('is a link or belongs to another user');
  expect(() => purge(home)).toThrow('is a link or belongs to another user');

  expect(readdirSync(target)).toEqual(['file']);
  rmSync(serviceFolder(home));
  const made = makeServiceFolder(home, 'orthanc', undefined);
  expect(modeOf(made)).toBe(0o700);
  purge(home);
  expect([existsSync(made), existsSync(home)]).toEqual([false, false]);
});

it.skipIf(skipUnless(isRoot, 'this is not root'))('nor into a folder that another user made', () => {
  const home = newHome();
  mkdirSync(serviceFolder(home));
  chownSync(serviceFolder(home), serviceUser('nobody')?.uid ?? 0, 0);

  expect(() => makeServiceFolder(home, 'orthanc', undefined)).toThrow('is a link or belongs to another user');

  rmSync(serviceFolder(home), { recursive: true });
});

it('does not read half a state', () => {
  const home = newHome();
  updateState(home, environment);
  writeFileSync(join(home, `local.json.${process.pid}.tmp`), '{');

  expect(readState(home)).toMatchObject(environment);
  updateState(home, { bucket: 'c' });
  expect(JSON.parse(readFileSync(join(home, 'local.json'), 'utf8'))).toMatchObject({ ...environment, bucket: 'c' });
});

it('is no folder that holds something else: neither made one, which changes its permissions, nor removed', async () => {
  const home = newHome();
  writeFileSync(join(home, 'holiday.jpg'), '');
  mkdirSync(join(home, 'edge'));

  await expect(localUp({ home })).rejects.toThrow(
    /holds files that are not Hilum's \(holiday\.jpg\)\. Set HILUM_HOME to an empty or a new/,
  );
  await expect(localDown({ home, purge: true })).rejects.toThrow(/\(holiday\.jpg\)\. Nothing was removed\. Move them/);

  expect(readdirSync(home).toSorted()).toEqual(['edge', 'holiday.jpg']);
});

it('is removed with all that Hilum and the CDK put there', async () => {
  const home = newHome();
  for (const name of ['.cdk', 'cdk.out', 'cloud', 'edge', 'logs', 'services']) mkdirSync(join(home, name));
  for (const name of ['local.json.7.tmp', 'lock.pid', 'lock.sqlite', 'orthanc-password'])
    writeFileSync(join(home, name), '');

  await localDown({ home, purge: true });

  expect(existsSync(home)).toBe(false);
});
