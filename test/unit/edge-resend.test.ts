/** `hilum edge resend`: a person brings studies back, also beside a running edge. */
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArchiveUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';
import { type Ended, runHilum } from '../fixtures/hilum.ts';
import { createManualClock } from '../fixtures/memory-ports.ts';

const resend = (edge: EdgeUnderTest, ...args: readonly string[]): Promise<Ended> =>
  runHilum(['edge', 'resend', ...args], { HILUM_EDGE_FOLDER: dirname(edge.journal.file) });
const uidOf = (files: readonly Uint8Array[]) => indexInstance(files[0] ?? new Uint8Array()).StudyInstanceUID;
const seriesReads = ({ pacs }: EdgeUnderTest) =>
  pacs.requests.filter((request) => /\/series\/[0-9.]+$/.test(request)).length;

/** The bucket, and the keys of the manifests that were put into it, each of which starts the pipeline. */
function eventful({ bucket }: EdgeUnderTest) {
  const events: string[] = [];
  const store: ObjectStore & ObjectListing = {
    ...bucket,
    async put(key, ...rest) {
      const answer = await bucket.put(key, ...rest);
      if (answer === 'stored' && key.endsWith('/manifest.json')) events.push(key);
      return answer;
    },
  };
  return { store, events };
}

describe('`hilum edge resend`', () => {
  it('starts the pipeline for a study that the bucket has, once, and uploads nothing twice', async () => {
    const edge = await edgeOf();
    const files = ctSeries();
    await edge.arrive(files);
    await edge.forwarder.runOnce();
    const before = new Map(edge.bucket.contents);
    const { store, events } = eventful(edge);

    const { code, stdout, stderr } = await resend(edge, uidOf(files));
    const outcomes = await edge.restarted({ store }).runOnce();

    expect([code, stdout]).toEqual([0, `${uidOf(files)}  forwarded before\n`]);
    expect(stderr).toMatch(/^1 study will be sent again\. No edge works in .*: start it with `.*hilum edge`\.\n$/);
    expect(outcomes).toMatchObject([{ state: 'uploaded', instances: 6, storedBytes: 0, fresh: true }]);
    expect([events.length, seriesReads(edge)]).toEqual([1, 2]);
    expect(edge.bucket.contents).toEqual(before);
    expect(await edge.restarted({ store }).runOnce()).toEqual([]);
  });

  it('is noticed by a running edge, also while that forwards the study', async () => {
    const edge = await edgeOf();
    const files = ctSeries();
    await edge.arrive(files);
    const { store, events } = eventful(edge);
    let asked: Promise<Ended> | undefined;
    const slow: ObjectStore & ObjectListing = {
      ...store,
      async put(...write) {
        asked ??= resend(edge, uidOf(files));
        await asked;
        return await store.put(...write);
      },
    };
    const stop = new AbortController();

    const running = edge.restarted({ store: slow }).run(stop.signal);
    await expect.poll(() => events.length, { timeout: 10_000 }).toBe(2);
    await expect.poll(() => edge.journal.study(uidOf(files))?.state, { timeout: 10_000 }).toBe('uploaded');
    stop.abort();
    await running;

    expect((await asked)?.stdout).toBe(`${uidOf(files)}  not forwarded yet\n`);
    expect(edge.journal.study(uidOf(files))).toMatchObject({ resend: 0, attempts: 0 });
    expect(events).toHaveLength(2);
  });

  it('judges a study again that was left out', async () => {
    const edge = await edgeOf();
    const files = ctSeries();
    await edge.arrive(files);
    await edge.forwarder.runOnce();
    const { manifestKey = '', revision = '' } = edge.journal.study(uidOf(files)) ?? {};
    edge.bucket.contents.delete(manifestKey);
    const reason = { code: 'study-gone', message: 'Orthanc does not have the study.' };
    edge.journal.settle(uidOf(files), { state: 'skipped', reason }, Date.now());

    const { stdout } = await resend(edge, uidOf(files));

    expect(stdout).toContain('left out before (study-gone)');
    expect(await edge.restarted().runOnce()).toMatchObject([{ state: 'uploaded', revision, fresh: true }]);
  });

  it('takes all studies since a time; --dry-run only lists them', async () => {
    const edge = await edgeOf();
    const [old, young] = [ctSeries({ seed: 1 }), ctSeries({ seed: 2 })];
    for (const files of [old, young]) await edge.arrive(files);
    await edge.forwarder.runOnce();
    const yesterday = Date.now() - 86_400_000;
    const { orthancId = '' } = edge.journal.study(uidOf(old)) ?? {};
    edge.journal.notice([{ StudyInstanceUID: uidOf(old), orthancId }], yesterday);
    edge.journal.settle(uidOf(old), { state: 'uploaded', revision: 'r' }, yesterday);
    const since = ['--since', new Date(Date.now() - 3_600_000).toISOString(), '--json'];

    const dry = await resend(edge, ...since, '--dry-run');
    expect(JSON.parse(dry.stdout)).toEqual([{ StudyInstanceUID: uidOf(young), state: 'uploaded' }]);
    expect(edge.journal.due(Date.now())).toBeUndefined();

    const wet = await resend(edge, ...since);
    expect(wet.stdout).toBe(dry.stdout);
    expect(edge.journal.due(Date.now())).toMatchObject({ StudyInstanceUID: uidOf(young), state: 'seen' });
    const none = await resend(edge, '--since', new Date().toISOString());
    expect([none.code, none.stdout]).toEqual([0, '']);
  });

  it('starts the pipeline once for a study with a series that cannot be read for long', async () => {
    const clock = createManualClock(Date.now());
    const edge = await edgeOf({ clock });
    const files = ctSeries({ seed: 1 });
    const StudyInstanceUID = uidOf(files);
    const lost = ctSeries({ seed: 2, attributes: { StudyInstanceUID } });
    for (const series of [files, lost]) await edge.arrive(series);
    const lostSeries = indexInstance(lost[0] ?? new Uint8Array()).SeriesInstanceUID;
    const archive = {
      ...edge.archive,
      retrieveSeries: (...asked: Parameters<typeof edge.archive.retrieveSeries>) => {
        if (asked[0].SeriesInstanceUID === lostSeries) throw new ArchiveUnavailableError('A file is lost');
        return edge.archive.retrieveSeries(...asked);
      },
    };
    const { store, events } = eventful(edge);
    const attempt = async () => {
      await edge.restarted({ archive, store }).runOnce();
      clock.advance(3_600_000);
    };
    await attempt();
    await resend(edge, StudyInstanceUID);

    for (let time = 0; time < 12; time += 1) await attempt();

    expect(events).toHaveLength(1);
    expect(edge.journal.study(StudyInstanceUID)).toMatchObject({ state: 'seen', resend: 0 });
  });

  it('asks Orthanc for a study that the edge has never noticed', async () => {
    const edge = await edgeOf({ start: 'now' });
    await edge.forwarder.runOnce();
    const files = ctSeries();
    await edge.arrive(files);
    edge.journal.begin(1e6, '99990101T000000');

    const { stdout } = await resend(edge, uidOf(files));
    await resend(edge, '1.2.3');

    expect(stdout).toContain('not known yet; the edge will ask Orthanc for it');
    expect(await edge.restarted().runOnce()).toMatchObject([
      { state: 'uploaded', StudyInstanceUID: uidOf(files) },
      { state: 'skipped', StudyInstanceUID: '1.2.3', reason: { code: 'study-gone' } },
    ]);
  });
});
