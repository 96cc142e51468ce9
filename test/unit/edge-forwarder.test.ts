import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ArchiveDeniedError, ServiceUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { StudyOutcome } from '#edge/forward-study.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import type { ObjectStore } from '#pipeline/ports.ts';
import { ctSeries, type EdgeUnderTest, edgeOf, SPINE_CATALOG } from '../fixtures/edge.ts';
import type { MemoryObjectStore } from '../fixtures/memory-ports.ts';

const manifestsIn = ({ contents }: MemoryObjectStore) =>
  [...contents].filter(([key]) => key.endsWith('/manifest.json')).map(([, bytes]) => parseManifest(bytes));
const chunksIn = ({ contents }: MemoryObjectStore) => [...contents.keys()].filter((key) => key.startsWith('chunks/'));
const seriesReads = ({ pacs }: EdgeUnderTest) =>
  pacs.requests.filter((request) => /\/series\/[0-9.]+$/.test(request)).length;
const skipReason = (outcome: StudyOutcome | undefined) => (outcome?.state === 'skipped' ? outcome.reason : undefined);

/** A bucket that fails from its `at`-th write on: before the write, or after it so that the answer is lost. */
function dyingBucket(bucket: MemoryObjectStore, at: number, moment: 'before' | 'after'): MemoryObjectStore {
  let writes = 0;
  return {
    ...bucket,
    async put(...write) {
      writes += 1;
      if (writes === at && moment === 'after') await bucket.put(...write);
      if (writes >= at) throw new ServiceUnavailableError('The bucket went away');
      return bucket.put(...write);
    },
  };
}

describe('forwarding a study', () => {
  it('packs every instance into chunks and closes them with a manifest that lists their places', async () => {
    const edge = await edgeOf();
    const files = ctSeries({ slices: 7 });
    await edge.arrive(files);

    const [outcome] = await edge.forwarder.runOnce();

    expect(outcome).toMatchObject({ state: 'uploaded', instances: 7, fresh: true });
    const [manifest] = manifestsIn(edge.bucket);
    expect(manifest?.lane).toBe('live');
    expect(chunksIn(edge.bucket).length).toBeGreaterThan(1);
    for (const file of files) {
      const { SOPInstanceUID } = indexInstance(file);
      const place = manifest?.instances.find((instance) => instance.SOPInstanceUID === SOPInstanceUID);
      const chunk = Buffer.from(edge.bucket.contents.get(`chunks/${place?.chunk}`) ?? []);
      const [from, length] = [place?.offset ?? 0, place?.length ?? 0];
      expect(chunk.subarray(from, from + length).equals(file)).toBe(true);
    }
    expect(edge.journal.studies()).toMatchObject([{ state: 'uploaded', attempts: 0 }]);
  });

  it('uploads and reads nothing twice, and starts the pipeline once', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());
    const [first] = await edge.forwarder.runOnce();
    const before = [...edge.bucket.contents.keys()];

    const again = await edge.forwarder.forwardStudy(first?.StudyInstanceUID ?? '');

    expect(again).toMatchObject({ state: 'uploaded', storedBytes: 0, fresh: false });
    expect([...edge.bucket.contents.keys()]).toEqual(before);
    expect(seriesReads(edge)).toBe(1);
    expect(await edge.restarted().runOnce()).toEqual([]);
  });

  it('gives a late slice a new revision, and only its own chunk', async () => {
    const edge = await edgeOf();
    const files = ctSeries({ slices: 8 });
    await edge.arrive(files.slice(0, 7));
    const [early] = await edge.forwarder.runOnce();
    const earlyChunks = chunksIn(edge.bucket);

    await edge.arrive(files.slice(7));
    const [late] = await edge.forwarder.runOnce();

    expect(late).toMatchObject({ state: 'uploaded', instances: 8, fresh: true, storedBytes: files[7]?.length });
    expect(late).not.toMatchObject({ revision: early?.state === 'uploaded' && early.revision });
    expect(chunksIn(edge.bucket)).toHaveLength(earlyChunks.length + 1);
    expect(manifestsIn(edge.bucket).map((manifest) => manifest.instances.length)).toEqual([7, 8]);
  });

  it.each(
    [1, 2, 3, 4, 5].flatMap((at) => [
      { at, moment: 'before' as const },
      { at, moment: 'after' as const },
    ]),
  )('gives the same objects if the process dies $moment write $at', async ({ at, moment }) => {
    const undisturbed = await edgeOf();
    const disturbed = await edgeOf();
    for (const edge of [undisturbed, disturbed]) await edge.arrive(ctSeries({ slices: 6 }));
    await undisturbed.forwarder.runOnce();
    const dying = disturbed.restarted({ store: dyingBucket(disturbed.bucket, at, moment) });
    await expect(dying.runOnce()).rejects.toThrow(ServiceUnavailableError);
    expect(disturbed.journal.studies()).toMatchObject([
      { state: 'seen', attempts: 1, reason: { code: 'service-unavailable' } },
    ]);

    const [study] = disturbed.journal.studies();
    await disturbed.restarted().forwardStudy(study?.StudyInstanceUID ?? '');

    expect(new Map([...disturbed.bucket.contents].sort())).toEqual(new Map([...undisturbed.bucket.contents].sort()));
    expect(disturbed.journal.studies()).toMatchObject([{ state: 'uploaded', attempts: 0 }]);
  });

  it('reads a series again if its chunks are no longer in the bucket', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());
    const [first] = await edge.forwarder.runOnce();
    const everything = new Map(edge.bucket.contents);
    edge.bucket.contents.clear();

    await edge.forwarder.forwardStudy(first?.StudyInstanceUID ?? '');

    expect(edge.bucket.contents).toEqual(everything);
  });

  it('continues without files that are not DICOM, and logs which', async () => {
    const edge = await edgeOf();
    const files = ctSeries({ slices: 5 });
    await edge.arrive(files);
    const [victim] = edge.pacs.archive.instances.values();
    if (victim)
      edge.pacs.archive.instances.set(victim.SOPInstanceUID, { ...victim, bytes: victim.bytes.subarray(0, 700) });

    const [outcome] = await edge.forwarder.runOnce();

    expect(outcome).toMatchObject({ state: 'uploaded', instances: 4 });
    const [study] = edge.journal.studies();
    expect(study?.refused).toMatchObject([{ sizeBytes: 700, reason: { code: 'truncated' } }]);
    expect(edge.log.some((line) => line.includes('"instance-refused"') && line.includes('"truncated"'))).toBe(true);
  });

  it('retries a study after a truncated answer, and loses nothing', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());
    edge.pacs.misbehave('cut');
    expect(await edge.forwarder.runOnce()).toEqual([]);
    expect(edge.log.join()).toContain('ended before it was complete');
    expect(manifestsIn(edge.bucket)).toEqual([]);

    edge.pacs.misbehave(undefined);
    const [study] = edge.journal.studies();
    const outcome = await edge.forwarder.forwardStudy(study?.StudyInstanceUID ?? '');

    expect(outcome).toMatchObject({ state: 'uploaded', instances: 6 });
  });

  it('leaves nothing on disk, and no identity in bucket keys, manifests or log', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());

    await edge.forwarder.runOnce();

    expect(await readdir(edge.spoolFolder)).toEqual([]);
    const manifests = manifestsIn(edge.bucket).map((manifest) => JSON.stringify(manifest));
    expect([...edge.bucket.contents.keys(), ...manifests, ...edge.log].join('\n')).not.toMatch(
      /Phantom|HILUM-PHANTOM|1960/,
    );
    expect(edge.log.length).toBeGreaterThan(2);
  });
});

describe('leaving out a series', () => {
  it('is decided by modality before the series is read', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries({ attributes: { Modality: 'MR' } }));

    const [outcome] = await edge.forwarder.runOnce();

    expect(skipReason(outcome)).toEqual({
      code: 'modality-not-wanted',
      message: 'No deployed tool takes images of modality MR.',
    });
    expect(seriesReads(edge)).toBe(0);
    expect(edge.journal.studies()).toMatchObject([{ state: 'skipped', reason: { code: 'modality-not-wanted' } }]);
  });

  it('is decided by the headers, uploads nothing, and is not read again', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries({ attributes: { BodyPartExamined: 'HEAD' } }));

    const [outcome] = await edge.forwarder.runOnce();
    await edge.forwarder.forwardStudy(outcome?.StudyInstanceUID ?? '');

    expect(skipReason(outcome)).toEqual({
      code: 'no-suitable-image',
      message: 'No deployed tool takes the series: Spine: it does not show the spine.',
    });
    expect(edge.bucket.contents.size).toBe(0);
    expect(await readdir(edge.spoolFolder)).toEqual([]);
    expect(seriesReads(edge)).toBe(1);
  });

  it('is decided again when the tools change', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries({ attributes: { BodyPartExamined: 'HEAD' } }));
    const [outcome] = await edge.forwarder.runOnce();
    const withHeads = JSON.parse(JSON.stringify(SPINE_CATALOG).replace('"SPINE"', '"HEAD"'));

    const again = await edge.restarted({ catalog: withHeads }).forwardStudy(outcome?.StudyInstanceUID ?? '');

    expect(again).toMatchObject({ state: 'uploaded', instances: 6 });
  });

  it('applies to Hilum’s own output, recognised by the series or by the file', async () => {
    const edge = await edgeOf();
    const device = { Manufacturer: 'Hilum', ManufacturerModelName: 'x', SoftwareVersions: '1' };
    await edge.arrive(ctSeries({ seed: 1, attributes: { Manufacturer: 'Hilum' } }));
    await edge.arrive(ctSeries({ seed: 2, attributes: { ContributingEquipmentSequence: [device] } }));

    const outcomes = await edge.forwarder.runOnce();

    expect(outcomes.map(skipReason)).toEqual(Array(2).fill({ code: 'own-output', message: 'Hilum wrote the series.' }));
    expect(edge.bucket.contents.size).toBe(0);
    expect(seriesReads(edge)).toBe(1);
  });

  it('never makes a new revision of a study whose results came back', async () => {
    const edge = await edgeOf();
    const source = ctSeries();
    await edge.arrive(source);
    const [before] = await edge.forwarder.runOnce();
    const StudyInstanceUID = before?.StudyInstanceUID ?? '';

    await edge.arrive(ctSeries({ seed: 9, slices: 1, attributes: { StudyInstanceUID, Manufacturer: 'Hilum' } }));
    const [after] = await edge.forwarder.runOnce();

    expect(after).toMatchObject({ state: 'uploaded', instances: 6, storedBytes: 0, fresh: false });
    expect(manifestsIn(edge.bucket)).toHaveLength(1);
    expect(seriesReads(edge)).toBe(1);
  });
});

describe('following Orthanc', () => {
  it('forwards at its first start only later arrivals, unless configured otherwise', async () => {
    const edge = await edgeOf({ start: 'now' });
    await edge.arrive(ctSeries({ seed: 1 }));
    expect(await edge.forwarder.runOnce()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // Orthanc's dates are of whole seconds

    await edge.arrive(ctSeries({ seed: 2 }));

    expect(await edge.forwarder.runOnce()).toHaveLength(1);
    expect(edge.journal.studies()).toHaveLength(1);
  });

  it('finds studies that became stable while it was down, for which there is no event', async () => {
    const edge = await edgeOf();
    await edge.forwarder.runOnce();
    await edge.arrive(ctSeries());
    for (const study of edge.pacs.archive.studies.values()) study.stable = true; // as after a restart of Orthanc

    const [outcome] = await edge.restarted().runOnce();

    expect(edge.pacs.archive.changes.map((change) => change.ChangeType)).not.toContain('StableStudy');
    expect(outcome).toMatchObject({ state: 'uploaded' });
  });

  it('starts over when Orthanc has a new database', async () => {
    const edge = await edgeOf();
    edge.journal.begin(1_000_000, '');
    await edge.arrive(ctSeries());

    expect(await edge.forwarder.runOnce()).toHaveLength(1);
    expect(edge.journal.cursor()).toBeLessThan(1_000);
  });

  it('continues after Orthanc and the bucket were down, and ends on a signal', async () => {
    const edge = await edgeOf();
    let writes = 0;
    const store = {
      ...edge.bucket,
      put: (...write: Parameters<ObjectStore['put']>) => {
        writes += 1;
        if (writes === 2) throw new ServiceUnavailableError('The bucket went away');
        return edge.bucket.put(...write);
      },
    };
    edge.pacs.misbehave('down');
    const stop = new AbortController();
    const running = edge.restarted({ store }).run(stop.signal);
    await edge.arrive(ctSeries());
    await expect.poll(() => edge.log.join(), { timeout: 10_000 }).toContain('"edge-waiting"');
    edge.pacs.misbehave(undefined);

    await expect.poll(() => manifestsIn(edge.bucket).length, { timeout: 10_000 }).toBe(1);
    stop.abort();
    await running;

    expect(edge.log.join()).toMatch(/"study-postponed".*"The bucket went away"/);
    expect(edge.log.at(-1)).toContain('edge-stopped');
  });

  it('stops in the middle of a study on a signal, and keeps it queued for the next start', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());
    const stop = new AbortController();
    const store = {
      ...edge.bucket,
      put: async (...write: Parameters<ObjectStore['put']>) => {
        stop.abort();
        return edge.bucket.put(...write);
      },
    };

    await edge.restarted({ store }).run(stop.signal);

    expect(manifestsIn(edge.bucket)).toEqual([]);
    expect(edge.journal.studies()).toMatchObject([{ state: 'seen', attempts: 0 }]);
    expect(await edge.restarted().runOnce()).toMatchObject([{ state: 'uploaded', instances: 6 }]);
  });

  it('reports a wrong password at once', async () => {
    const edge = await edgeOf();
    edge.pacs.misbehave('denied');

    await expect(edge.forwarder.run(new AbortController().signal)).rejects.toThrow(ArchiveDeniedError);
  });

  it('does not let one failing study delay the others', async () => {
    const edge = await edgeOf();
    const [bad, good] = [ctSeries({ seed: 1 }), ctSeries({ seed: 2 })];
    await edge.arrive(bad);
    await edge.arrive(good);
    const badUid = indexInstance(bad[0] ?? new Uint8Array()).StudyInstanceUID;
    const archive = {
      ...edge.archive,
      retrieveSeries: (...args: Parameters<typeof edge.archive.retrieveSeries>) => {
        if (args[0].StudyInstanceUID === badUid) throw new TypeError('a defect');
        return edge.archive.retrieveSeries(...args);
      },
    };

    const outcomes = await edge.restarted({ archive }).runOnce();

    expect(outcomes).toHaveLength(1);
    expect(edge.journal.study(badUid)).toMatchObject({ state: 'seen', reason: { code: 'unexpected' } });
  });
});
