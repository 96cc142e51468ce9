import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OrthancEnvironment, readState, serviceFolder } from '../../localstack/home.ts';
import { cloudUp, localDown, localStatus, orthancUp, startOrthanc, stopOrthanc } from '../../localstack/local.ts';
import { isRunning } from '../../localstack/processes.ts';
import { describeWith, skipUnless } from '../fixtures/lanes.ts';

const home = mkdtempSync(join(tmpdir(), 'hilum-local-'));
const options = { home, ports: 'free', stableAgeS: 1 } as const;

describeWith(['cloud', 'orthanc', 'postgresql'], 'the local cloud and PACS', () => {
  let orthanc: OrthancEnvironment;
  let endpoint: string;

  beforeAll(async () => {
    orthanc = await orthancUp(options);
    ({ endpoint } = await cloudUp(options));
  });
  afterAll(() => localDown({ home, purge: true }));

  it('reports that every service runs and answers', async () => {
    const services = await localStatus({ home });

    expect(services.map(({ service, state }) => `${service} ${state}`)).toEqual([
      'postgresql running',
      'orthanc running',
      'cloud running',
    ]);
  });

  it('does not restart running services', async () => {
    const before = readState(home).processes;
    const begin = performance.now();

    await orthancUp(options);
    await cloudUp(options);

    expect(readState(home).processes).toEqual(before);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  it('keeps Orthanc’s index and files in PostgreSQL', async () => {
    const system = (await (await get(orthanc, '/system')).json()) as Readonly<Record<string, string>>;

    expect(system['DatabaseBackendPlugin']).toContain('PostgreSQLIndex');
    expect(system['StorageAreaPlugin']).toContain('PostgreSQLStorage');
    expect((await get(orthanc, '/dicom-web/studies')).status).toBe(200);
  });

  it('answers no request without the password, and writes it to no log and no file that others can read', async () => {
    const anonymous = await fetch(`${orthanc.url}/dicom-web/studies`);
    const wrong = await get({ ...orthanc, password: 'orthanc' }, '/system');
    const files = filesUnder(home).concat(filesUnder(serviceFolder(home)));
    const withPassword = files.filter((file) => readFileSync(file, 'latin1').includes(orthanc.password));

    expect([anonymous.status, wrong.status]).toEqual([401, 401]);
    expect(withPassword.length).toBeGreaterThan(0);
    expect(withPassword.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
    expect(withPassword.filter((file) => file.endsWith('.log'))).toEqual([]);
  });

  it.skipIf(skipUnless(process.getuid?.() === 0, 'this is not root'))('runs nothing of the PACS as root', () => {
    const { orthanc: pacs, postgresql } = readState(home).processes ?? {};
    const users = [pacs, postgresql].map((record) => statSync(`/proc/${record?.pid}`).uid);

    expect(users).not.toContain(0);
  });

  it.skipIf(skipUnless(existsSync('/proc'), 'there is no /proc'))('gives the functions a clean environment', () => {
    const { pid } = readState(home).processes?.cloud ?? {};
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((entry) => entry.split('=')[0]);

    expect(names).toContain('GATEWAY_PORT');
    expect(
      names.filter((name) => name === 'HILUM_HOME' || name?.startsWith('npm_') || name?.startsWith('VITEST')),
    ).toEqual([]);
    expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it('restarts a killed Orthanc at the same address, with its data', async () => {
    const label = await (await get(orthanc, '/system')).text();

    await stopOrthanc(home, { kill: true });
    const whileAway = await get(orthanc, '/system').catch(() => 'refused');
    const back = await startOrthanc(home);

    expect(whileAway).toBe('refused');
    expect(back).toEqual(orthanc);
    expect(await (await get(back, '/system')).text()).toBe(label);
  });

  it('leaves no process behind, keeps the data, and purges them on request', async () => {
    const processes = Object.values(readState(home).processes ?? {});

    await localDown({ home });

    expect(processes).toHaveLength(4);
    expect(processes.filter(isRunning)).toEqual([]);
    expect((await localStatus({ home })).every(({ state }) => state === 'stopped')).toBe(true);
    expect(existsSync(join(serviceFolder(home), 'postgresql/data/PG_VERSION'))).toBe(true);

    await localDown({ home, purge: true });

    expect([existsSync(home), existsSync(serviceFolder(home))]).toEqual([false, false]);
  });
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

function get({ url, username, password }: OrthancEnvironment, path: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return fetch(`${url}${path}`, { headers: { authorization } });
}

/** Ordinary files in a folder, without PostgreSQL's data, which may disappear during listing and hold Orthanc's content. */
function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'data' ? [] : filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}
