/** No instance is lost between archive and bucket, and no incomplete study counts as done. */
import { describe, expect, it } from 'vitest';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';

const manifestsIn = ({ bucket }: EdgeUnderTest) =>
  [...bucket.contents].filter(([key]) => key.endsWith('/manifest.json')).map(([, bytes]) => parseManifest(bytes));

/** An archive that leaves out the last instances of every requested series, and ends its answer as if it were complete. */
const leavingOut = ({ archive }: EdgeUnderTest, count: number) => ({
  ...archive,
  async *retrieveSeries(...asked: Parameters<typeof archive.retrieveSeries>) {
    const files: Uint8Array[] = [];
    for await (const file of archive.retrieveSeries(...asked)) files.push(file);
    yield* files.slice(0, files.length - count);
  },
});

/** A late slice becomes stable while the edge is down, as after a restart of Orthanc, so that there is no event for it. */
async function arriveUnnoticed(edge: EdgeUnderTest, files: readonly Uint8Array[]): Promise<void> {
  await edge.arrive(files);
  for (const study of edge.pacs.archive.studies.values()) {
    study.stable = true;
    study.changedAt += 60_000; // Orthanc's dates are of whole seconds
  }
}

describe('an archive that sends fewer instances of a series than it lists', () => {
  it.each([1, 3])(
    'closes no upload, and keeps the study queued until all have arrived (%i are missing)',
    async (count) => {
      const edge = await edgeOf();
      await edge.arrive(ctSeries({ slices: 6 }));

      expect(await edge.restarted({ archive: leavingOut(edge, count) }).runOnce()).toEqual([]);

      expect(edge.log.at(-1)).toContain(`"listed":6,"received":${6 - count}`);
      expect(manifestsIn(edge)).toEqual([]);
      const [study] = edge.journal.studies();
      expect(study).toMatchObject({ state: 'seen', attempts: 1, reason: { code: 'archive-unavailable' } });

      const whole = await edge.restarted().forwardStudy(study?.StudyInstanceUID ?? '');

      expect(whole).toMatchObject({ state: 'uploaded', instances: 6, fresh: true });
      expect(manifestsIn(edge).map(({ instances }) => instances.length)).toEqual([6]);
    },
  );
});

describe('the scan of all studies', () => {
  it('takes a finished study again if it has received an instance since', async () => {
    const edge = await edgeOf();
    const files = ctSeries({ slices: 8 });
    await edge.arrive(files.slice(0, 7));
    await edge.forwarder.runOnce();
    await arriveUnnoticed(edge, files.slice(7));

    const outcomes = await edge.restarted().runOnce();

    expect(outcomes).toMatchObject([{ state: 'uploaded', instances: 8, fresh: true }]);
    expect(manifestsIn(edge).map(({ instances }) => instances.length)).toEqual([7, 8]);
  });

  it('takes a skipped study again if it has received images that a tool wants', async () => {
    const edge = await edgeOf();
    const files = ctSeries({ slices: 3 });
    await edge.arrive(files.slice(0, 2));
    expect(await edge.forwarder.runOnce()).toMatchObject([{ state: 'skipped' }]);
    await arriveUnnoticed(edge, files.slice(2));

    expect(await edge.restarted().runOnce()).toMatchObject([{ state: 'uploaded', instances: 3 }]);
  });

  it('ignores unchanged studies and queued ones', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries({ seed: 1 }));
    await edge.forwarder.runOnce();
    await edge.arrive(ctSeries({ seed: 2 }));
    const [settled] = edge.journal.studies();
    const [, waiting] = [...edge.pacs.archive.studies.values()];
    const { StudyInstanceUID = '', id: orthancId = '' } = waiting ?? {};
    edge.journal.notice([{ StudyInstanceUID, orthancId }], 0);
    edge.journal.postpone(StudyInstanceUID, Date.now() + 600_000, { code: 'unexpected', message: 'A defect.' });
    for (const study of edge.pacs.archive.studies.values()) study.stable = true;

    expect(await edge.restarted().runOnce()).toEqual([]);

    expect(edge.journal.study(settled?.StudyInstanceUID ?? '')).toEqual(settled);
    expect(edge.journal.study(StudyInstanceUID)).toMatchObject({ state: 'seen', attempts: 1 });
  });
});

it('logs the class of an unexpected error, but never its message, which may quote a patient', async () => {
  const edge = await edgeOf();
  await edge.arrive(ctSeries({ seed: 1 }));
  const retrieveSeries = (): never => {
    throw new TypeError('no such key for Phantom^Quoted');
  };

  await edge.restarted({ archive: { ...edge.archive, retrieveSeries } }).runOnce();

  expect(edge.log.join('\n')).toContain('"code":"unexpected","error":"TypeError"');
  expect(edge.log.join('\n')).not.toContain('Quoted');
});
