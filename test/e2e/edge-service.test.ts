/** `bin/hilum edge`, the documented command, as a service manager runs it: a process with settings that a signal ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createBucket, type LocalCloud } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { journalFile, readJournal } from '#edge/journal.ts';
import { useLocalCloud } from '#files/deployment.ts';
import { edgeFolder, readState } from '#localstack/home.ts';
import { cloudUp, localDown, type OrthancEnvironment, orthancUp } from '#localstack/local.ts';
import { brainPhantomToDicom, makeBrainPhantom } from '#phantoms/brain-mr.ts';
import { chunkKey, manifestKey } from '#pipeline/keys.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import type { ObjectStore } from '#pipeline/ports.ts';
import { findProgram, ROOT } from '../../localstack/parts.mjs';
import { largeCtSeries } from '../fixtures/edge.ts';
import { describeWith, skipUnless } from '../fixtures/lanes.ts';

const COMMAND = join(ROOT, 'bin', 'hilum');
/** What systemd runs, as edge/README.md has it: the arguments of `/opt/hilum/bin/hilum` without the last, the settings. */
const [, DOCUMENTED = ''] =
  /^ExecStart=\/opt\/hilum\/bin\/hilum (.+) \/etc\/hilum\/edge\.json$/m.exec(
    readFileSync(join(ROOT, 'edge/README.md'), 'utf8'),
  ) ?? [];
const WITHIN = { timeout: 120_000, interval: 100 };
/** How long an edge may take to end after a signal. */
const SECONDS = 5_000;

describeWith(['cloud', 'orthanc', 'postgresql'], '`bin/hilum edge`', () => {
  const home = mkdtempSync(join(tmpdir(), 'hilum-edge-service-'));
  const folder = mkdtempSync(join(tmpdir(), 'hilum-edge-folder-'));
  const configFile = join(folder, 'settings.json');
  const settings = {
    ...{ HILUM_BUCKET: 'edge-test', HILUM_TOOLS_PARAMETER: '/edge-test/tools' },
    ...{ HILUM_EDGE_FOLDER: folder, HILUM_HOME: home, HILUM_EDGE_START: 'all' },
  };
  let orthanc: OrthancEnvironment;
  let store: ObjectStore;
  beforeAll(async () => {
    orthanc = await orthancUp({ home, ports: 'free', stableAgeS: 1 });
    const cloud = await cloudUp({ home, ports: 'free' });
    useLocalCloud(cloud);
    store = createS3ObjectStore({ bucket: settings.HILUM_BUCKET });
    await deploy(cloud);
    const { HILUM_HOME: _, ...file } = settings;
    const aws = { AWS_REGION: cloud.region, AWS_ENDPOINT_URL: cloud.endpoint };
    writeFileSync(configFile, JSON.stringify({ ...file, ...aws }));
  });
  afterAll(async () => {
    await localDown({ home, purge: true });
    rmSync(folder, { recursive: true });
  });

  /** What `local up` deploys, as far as the edge needs it. */
  async function deploy(cloud: LocalCloud): Promise<void> {
    await createBucket(cloud, settings.HILUM_BUCKET);
    // brain-tissue lies in the edge's folders too, and is not deployed.
    const Value = JSON.stringify({
      format: 'hilum.tools/1',
      tools: { caries: '1.0.0', 'vertebral-fracture': '1.0.0' },
    });
    const parameter = { Name: settings.HILUM_TOOLS_PARAMETER, Type: 'String', Value } as const;
    await new SSMClient().send(new PutParameterCommand(parameter));
  }

  const edges: ChildProcess[] = [];
  const kept = <T extends ChildProcess>(edge: T): T => {
    edges.push(edge);
    return edge;
  };
  // An edge that a failed test left would hold the folder of all tests after it.
  afterEach(() => {
    for (const edge of edges.splice(0)) edge.kill('SIGKILL');
  });

  /** Starts it by environment variables. */
  const start = (environment: Readonly<Record<string, string>> = {}): ChildProcess =>
    kept(
      spawn(COMMAND, ['edge'], {
        env: { ...process.env, ...settings, ...environment },
        stdio: ['ignore', 'inherit', 'pipe'],
      }),
    );
  /** Starts it with the settings in the file of `--config`: of AWS the environment has the keys alone. */
  const startConfigured = (): ChildProcess => {
    const { PATH, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
    const env = { PATH, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, HILUM_HOME: home };
    const args = [...DOCUMENTED.split(' '), configFile];
    return kept(spawn(COMMAND, args, { env, cwd: '/', stdio: ['ignore', 'inherit', 'pipe'] }));
  };
  const settled = async (state: 'uploaded' | 'skipped') =>
    (await readJournal(join(folder, 'journal.sqlite'), (journal) => journal.newest(state, 0, 10))) ?? [];

  async function send(files: readonly Uint8Array[]): Promise<string> {
    const { dicomWebUrl: url, username, password } = orthanc;
    const objects = files.map((bytes) => ({ ...indexInstance(bytes), bytes }));
    const outcomes = await createDicomWebClient({ url, username, password }).store(objects);
    expect(outcomes.every((outcome) => outcome.stored)).toBe(true);
    return objects[0]?.StudyInstanceUID ?? '';
  }

  it.skipIf(skipUnless(existsSync('/proc'), 'there is no /proc'))(
    'forwards a CT of 300 slices in at most 250 MB of memory, and ends when it is told to',
    async () => {
      const study = await send(largeCtSeries(300));

      const edge = start();
      const revisionOf = async () => (await settled('uploaded'))[0]?.revision;
      await expect.poll(revisionOf, WITHIN).toBeDefined();
      const peakMb = peakMemoryMb(edge);
      edge.kill('SIGTERM');
      const [code] = await once(edge, 'exit');

      expect(code).toBe(0);
      expect(peakMb).toBeLessThan(250);
      const manifest = parseManifest(
        (await store.get(manifestKey('live', study, (await revisionOf()) ?? ''))) ?? new Uint8Array(),
      );
      expect(manifest.instances).toHaveLength(300);
      const [first] = manifest.instances;
      const bytes = first && (await store.get(chunkKey(first.chunk), { range: first }));
      expect(bytes && indexInstance(bytes).sha256).toBe(first?.sha256);
    },
  );

  it('fills the new cloud by itself after the old one was killed, also with what waited meanwhile', async () => {
    const [edge, log] = await started(start());
    const first = await send(largeCtSeries(12));
    const uploaded = async (study: string) => (await settled('uploaded')).find((one) => one.StudyInstanceUID === study);
    await expect.poll(() => uploaded(first), WITHIN).toBeDefined();

    // The edge of this home may have studies that wait, too.
    mkdirSync(edgeFolder(home));
    writeFileSync(journalFile(edgeFolder(home)), '');

    process.kill(readState(home).processes?.cloud?.pid ?? 0, 'SIGKILL');
    const meanwhile = await send(largeCtSeries(13));
    const known = () => readJournal(join(folder, 'journal.sqlite'), (journal) => journal.study(meanwhile));
    await expect.poll(known, WITHIN).toMatchObject({ state: 'seen' });
    await expect.poll(log, WITHIN).toContain('service-unavailable');
    await deploy(await cloudUp({ home, ports: 'free' }));

    expect(existsSync(journalFile(edgeFolder(home)))).toBe(true);
    await expect.poll(() => uploaded(meanwhile), WITHIN).toBeDefined();
    for (const study of [first, meanwhile]) {
      const keyOf = async () => (await uploaded(study))?.manifestKey ?? 'queued again';
      await expect.poll(async () => store.exists(await keyOf()), WITHIN).toBe(true);
      const key = await keyOf();
      const { instances } = parseManifest((await store.get(key)) ?? new Uint8Array());
      expect(await Promise.all(instances.map(({ chunk }) => store.exists(chunkKey(chunk))))).not.toContain(false);
    }
    edge.kill('SIGTERM');
    await once(edge, 'exit');
  });

  it('does not forward a T1 MR of the head if its tool is in the edge’s folders but not deployed', async () => {
    const head = await send(brainPhantomToDicom(makeBrainPhantom({ seed: 1, spacingMm: 8 }), { seed: 1 }));

    const edge = start();
    await expect
      .poll(async () => (await settled('skipped')).map((one) => one.StudyInstanceUID), WITHIN)
      .toContain(head);
    edge.kill('SIGTERM');
    await once(edge, 'exit');

    const { reason } = (await settled('skipped')).find((one) => one.StudyInstanceUID === head) ?? {};
    expect(reason?.message).toBe('No deployed tool takes images of modality MR.');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'works by the settings in --config, AWS’s among them, and gives its folder free when %s ends it',
    async (signal) => {
      const [first, log] = await started(startConfigured());
      const second = startConfigured();
      const refusal = second.stderr ? (await second.stderr.toArray()).join('') : '';

      const toldAt = performance.now();
      first.kill(signal);
      const [code] = await once(first, 'exit');

      expect([code, performance.now() - toldAt < SECONDS]).toEqual([0, true]);
      expect(log()).toContain('caries, vertebral-fracture');
      expect(refusal).toContain(`works in ${folder}: process ${first.pid}.`);
      const [next] = await started(startConfigured());
      next.kill('SIGTERM');
      await once(next, 'exit');
    },
  );

  it.skipIf(skipUnless(findProgram('script') !== undefined, 'there is no `script`, which makes a terminal'))(
    'says in a terminal what it works on in sentences, until Ctrl-C',
    async () => {
      // The shell that `script` starts would itself end by Ctrl-C, with 130: it makes room for the command.
      const line = `exec ${COMMAND} edge --config ${configFile}`;
      const terminal = spawn('script', ['-qec', line, '/dev/null'], {
        env: { ...process.env, HILUM_HOME: home },
        cwd: '/',
      });
      let said = '';
      terminal.stdout.on('data', (text) => {
        said += text;
      });
      await expect.poll(() => said, WITHIN).toContain('Deployed tools: caries, vertebral-fracture.');

      terminal.stdin.write('\x03');
      const [code] = await once(terminal, 'close');

      expect(code).toBe(0);
      expect(said).toContain(`Orthanc  ${orthanc.url} (user ${orthanc.username})`);
      expect(said).toContain(`\`${COMMAND} status\``);
      expect(said).toContain('Stopped. The next start continues from here.');
      expect(said).not.toContain('{');
    },
  );

  it('ends within seconds even if Orthanc accepts requests and never answers', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const edge = start({ HILUM_ORTHANC_URL: `http://127.0.0.1:${port}`, ...accountOf(orthanc) });
    await asked.promise;

    const toldAt = performance.now();
    edge.kill('SIGTERM');
    const [code] = await once(edge, 'exit');
    silent.closeAllConnections();
    silent.close();

    expect([code, performance.now() - toldAt < SECONDS]).toEqual([0, true]);
  });

  it.each([
    [{ HILUM_ORTHANC_PASSWORD: 'wrong' }, /refuses access.*password/],
    [{ HILUM_EDGE_LANE: 'fast' }, /HILUM_EDGE_LANE is wrong: set it to live or backfill/],
    [{ HILUM_TOOLS_PARAMETER: '/none/tools' }, /\(HILUM_TOOLS_PARAMETER\): .*ParameterNotFound/],
    [{ HILUM_TOOLS_PARAMETER: '' }, /HILUM_TOOLS_PARAMETER is not set: .*ToolsParameterName/],
  ])('ends with a sentence when it is started with %o', async (environment, sentence) => {
    const edge = start(environment);
    const text = edge.stderr ? (await edge.stderr.toArray()).join('') : '';

    expect(text).toMatch(sentence);
    expect(text).not.toMatch(/\n\s+at /);
    expect(edge.exitCode ?? (await once(edge, 'exit'))[0]).toBe(1);
  });
});

/** An edge that has read the list of tools, and its output so far. */
async function started(edge: ChildProcess): Promise<readonly [ChildProcess, () => string]> {
  let said = '';
  edge.stderr?.on('data', (text) => {
    said += text;
  });
  await expect.poll(() => said, WITHIN).toContain('tools-deployed');
  return [edge, () => said];
}

const accountOf = ({ username, password }: OrthancEnvironment) => ({
  HILUM_ORTHANC_USERNAME: username,
  HILUM_ORTHANC_PASSWORD: password,
});

/** The peak memory of a process, if the system tells (Linux). */
function peakMemoryMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
