import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBucket } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { createDicomWebClient, type DicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { createForwarder, type ForwarderOptions } from '#edge/forwarder.ts';
import { Journal, readJournal } from '#edge/journal.ts';
import { createLog } from '#edge/log.ts';
import { useLocalCloud } from '#files/deployment.ts';
import {
  cloudUp,
  localDown,
  type OrthancEnvironment,
  orthancUp,
  startOrthanc,
  stopOrthanc,
} from '#localstack/local.ts';
import { chunkKey, manifestKey } from '#pipeline/keys.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import type { ObjectStore } from '#pipeline/ports.ts';
import { ctSeries, largeCtSeries, SPINE_CATALOG } from '../fixtures/edge.ts';
import { dataFolder, describeWith, skipUnless, skipWithout } from '../fixtures/lanes.ts';
import { createMemoryObjectStore } from '../fixtures/memory-ports.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const WITHIN = { timeout: 120_000, interval: 100 };

async function send(client: DicomWebClient, files: readonly Uint8Array[]): Promise<string> {
  const objects = files.map((bytes) => ({ SOPInstanceUID: indexInstance(bytes).SOPInstanceUID, bytes }));
  const outcomes = await client.store(objects);
  expect(outcomes.every((outcome) => outcome.stored)).toBe(true);
  const [first] = files;
  return first ? indexInstance(first).StudyInstanceUID : '';
}

const archiveOf = ({ dicomWebUrl, username, password }: OrthancEnvironment): DicomWebClient =>
  createDicomWebClient({ url: dicomWebUrl, username, password });

describeWith(['orthanc', 'postgresql'], 'the edge beside a real Orthanc', () => {
  const home = mkdtempSync(join(tmpdir(), 'hilum-edge-e2e-'));
  const bucket = createMemoryObjectStore();
  let orthanc: OrthancEnvironment;
  let archive: DicomWebClient;
  let journal: Journal;
  beforeAll(async () => {
    orthanc = await orthancUp({ home, ports: 'free', stableAgeS: 1 });
    archive = archiveOf(orthanc);
    journal = new Journal(join(home, 'edge', 'journal.sqlite'));
  });
  afterAll(async () => {
    journal.close();
    await localDown({ home, purge: true });
  });

  /** Runs a forwarder during `act`. The previous one has ended, so each run is a restart. */
  async function whileForwarding(act: () => Promise<void>, options: Partial<ForwarderOptions> = {}): Promise<void> {
    const { url, username, password } = orthanc;
    const stop = new AbortController();
    const running = createForwarder({
      archive,
      orthanc: createOrthancClient({ url, username, password, timeoutMs: 5_000 }),
      store: bucket,
      catalog: SPINE_CATALOG,
      journal,
      clock: Date,
      log: createLog(Date, () => undefined),
      spoolFolder: join(home, 'edge', 'spool'),
      start: 'all',
      pollMs: 100,
      ...options,
    }).run(stop.signal);
    await act().finally(() => stop.abort());
    await running;
  }
  const manifestOf = (StudyInstanceUID: string) => {
    const { revision } = journal.study(StudyInstanceUID) ?? {};
    const bytes = revision && bucket.contents.get(manifestKey('live', StudyInstanceUID, revision));
    return bytes ? parseManifest(bytes) : undefined;
  };

  it('forwards a study when it is stable, and one late slice after it', async () => {
    const files = ctSeries({ seed: 1, slices: 10 });
    await whileForwarding(async () => {
      const study = await send(archive, files.slice(0, 9));
      await expect.poll(() => manifestOf(study)?.instances.length, WITHIN).toBe(9);

      await send(archive, files.slice(9));

      await expect.poll(() => manifestOf(study)?.instances.length, WITHIN).toBe(10);
    });
    expect([...bucket.contents.keys()].filter((key) => key.startsWith('chunks/'))).toHaveLength(2);
  });

  it('forwards what arrived while Orthanc was restarted and while the edge was down, once each', async () => {
    const [beforeRest, duringOutage] = [ctSeries({ seed: 2 }), ctSeries({ seed: 3 })];
    const interrupted = await send(archive, beforeRest);
    await stopOrthanc(home, { kill: true }); // before StableAge, so that no event is sent for the study
    let second = '';
    await whileForwarding(async () => {
      await startOrthanc(home);
      await expect.poll(() => manifestOf(interrupted)?.instances.length, WITHIN).toBe(6);
      await stopOrthanc(home);
      await startOrthanc(home);
      second = await send(archive, duringOutage);
    });

    await whileForwarding(async () => {
      await expect.poll(() => manifestOf(second)?.instances.length, WITHIN).toBe(6);
    });

    expect(readJournal(join(home, 'edge', 'journal.sqlite')).map((study) => study.state)).toEqual(
      Array(3).fill('uploaded'),
    );
    expect([...bucket.contents.keys()].filter((key) => key.endsWith('/manifest.json'))).toHaveLength(4);
  });

  it('skips series that Hilum wrote and series that no tool takes, and logs this', async () => {
    const own = ctSeries({ seed: 4, attributes: { Manufacturer: 'Hilum' } });
    const heads = ctSeries({ seed: 5, attributes: { BodyPartExamined: 'HEAD' } });
    const before = bucket.contents.size;

    await whileForwarding(async () => {
      const studies = [await send(archive, own), await send(archive, heads)];
      await expect
        .poll(() => studies.map((study) => journal.study(study)?.state), WITHIN)
        .toEqual(['skipped', 'skipped']);
      expect(studies.map((study) => journal.study(study)?.reason?.code)).toEqual(['own-output', 'no-suitable-image']);
    });

    expect(bucket.contents.size).toBe(before);
  });

  it.skipIf(skipWithout('data'))('forwards real studies for the existing tools', async () => {
    const catalog = await loadCatalog(REPOSITORY);
    const realStudy = (folder: string) =>
      readdirSync(join(dataFolder(), folder))
        .filter((name) => name.endsWith('.dcm'))
        .map((name) => readFileSync(join(dataFolder(), folder, name)));

    await whileForwarding(
      async () => {
        for (const folder of ['ct-spine-ref-dicom', 'dental']) {
          const files = realStudy(folder);
          const study = await send(archive, files);
          await expect.poll(() => manifestOf(study)?.instances.length, WITHIN).toBe(files.length);
        }
        const partOfHead = await send(archive, realStudy('mr-t1-head').slice(0, 20));
        await expect.poll(() => journal.study(partOfHead)?.reason?.code, WITHIN).toBe('no-suitable-image');
        const pet = await send(archive, [readFileSync(join(dataFolder(), 'broken', 'fo-dicom__GH610.dcm'))]);
        await expect.poll(() => journal.study(pet)?.reason?.code, WITHIN).toBe('modality-not-wanted');
      },
      { catalog },
    );
  });
});

describeWith(['cloud', 'orthanc', 'postgresql'], '`hilum edge`', () => {
  const home = mkdtempSync(join(tmpdir(), 'hilum-edge-service-'));
  const folder = mkdtempSync(join(tmpdir(), 'hilum-edge-folder-'));
  const settings = { HILUM_BUCKET: 'edge-test', HILUM_EDGE_FOLDER: folder, HILUM_HOME: home, HILUM_EDGE_START: 'all' };
  let orthanc: OrthancEnvironment;
  let store: ObjectStore;
  beforeAll(async () => {
    orthanc = await orthancUp({ home, ports: 'free', stableAgeS: 1 });
    const cloud = await cloudUp({ home, ports: 'free' });
    await createBucket(cloud, settings.HILUM_BUCKET);
    useLocalCloud(cloud);
    store = createS3ObjectStore({ bucket: settings.HILUM_BUCKET });
  });
  afterAll(async () => {
    await localDown({ home, purge: true });
    rmSync(folder, { recursive: true });
  });

  const start = (environment: Readonly<Record<string, string>>): ChildProcess =>
    spawn(process.execPath, [join(REPOSITORY, 'cli/hilum.ts'), 'edge'], {
      env: { ...process.env, ...settings, ...environment },
      stdio: ['ignore', 'inherit', 'pipe'],
    });

  it.skipIf(skipUnless(existsSync('/proc'), 'there is no /proc'))(
    'forwards a CT of 300 slices in at most 250 MB of memory, and ends on a signal',
    async () => {
      const study = await send(archiveOf(orthanc), largeCtSeries(300));

      const edge = start({});
      const revisionOf = () =>
        readJournal(join(folder, 'journal.sqlite')).find((one) => one.state === 'uploaded')?.revision;
      await expect.poll(revisionOf, WITHIN).toBeDefined();
      const peakMb = peakMemoryMb(edge);
      edge.kill('SIGTERM');
      const [code] = await once(edge, 'exit');

      expect(code).toBe(0);
      expect(peakMb).toBeLessThan(250);
      const manifest = parseManifest(
        (await store.get(manifestKey('live', study, revisionOf() ?? ''))) ?? new Uint8Array(),
      );
      expect(manifest.instances).toHaveLength(300);
      const [first] = manifest.instances;
      const bytes = first && (await store.get(chunkKey(first.chunk), { range: first }));
      expect(bytes && indexInstance(bytes).sha256).toBe(first?.sha256);
    },
  );

  it.each([
    [{ HILUM_ORTHANC_PASSWORD: 'wrong' }, /refuses access.*password/],
    [{ HILUM_EDGE_LANE: 'fast' }, /HILUM_EDGE_LANE is wrong: set it to live or backfill/],
  ])('ends with a sentence when it is started with %o', async (environment, sentence) => {
    const edge = start(environment);
    const text = edge.stderr ? (await edge.stderr.toArray()).join('') : '';

    expect(text).toMatch(sentence);
    expect(text).not.toMatch(/\n\s+at /);
    expect(edge.exitCode ?? (await once(edge, 'exit'))[0]).toBe(1);
  });
});

/** The peak memory of a process, if the system reports it (Linux). */
function peakMemoryMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
