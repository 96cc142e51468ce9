import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { createDicomWebClient, type DicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { createForwarder, type ForwarderOptions } from '#edge/forwarder.ts';
import { Journal, readJournal } from '#edge/journal.ts';
import { createLog } from '#edge/log.ts';
import { localDown, type OrthancEnvironment, orthancUp, startOrthanc, stopOrthanc } from '#localstack/local.ts';
import { manifestKey } from '#pipeline/keys.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, SPINE_CATALOG } from '../fixtures/edge.ts';
import { dataFolder, describeWith, skipWithout } from '../fixtures/lanes.ts';
import { createMemoryDeployedTools, createMemoryObjectStore } from '../fixtures/memory-ports.ts';

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
      deployed: createMemoryDeployedTools(options.catalog ?? SPINE_CATALOG),
      journal,
      clock: Date,
      log: createLog(Date, () => undefined),
      spoolFolder: join(home, 'edge', 'spool'),
      identityKey: new Uint8Array(32),
      start: 'all',
      pollMs: 100,
      // A late slice would be judged minutes later.
      patience: { deadlineMs: 0, holdMs: 0 },
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

    const uploaded = (journal: Journal): number => journal.count('uploaded', 0);
    expect(await readJournal(join(home, 'edge', 'journal.sqlite'), uploaded)).toBe(3);
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
