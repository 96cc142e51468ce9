/** One series that cannot be read does not keep the rest of its study back, and is not read again and again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Forwarder, ForwarderOptions } from '#edge/forwarder.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, SPINE_CATALOG, startEdge } from '../fixtures/edge.ts';
import { createManualClock, createMemoryDeployedTools, type ManualClock } from '../fixtures/memory-ports.ts';

const STUDY = '2.25.5000';
const of = (seed: number, slices: number) => ctSeries({ seed, slices, attributes: { StudyInstanceUID: STUDY } });
const seriesUid = (files: readonly Uint8Array[]) => indexInstance(files[0] ?? new Uint8Array()).SeriesInstanceUID;

let edge: EdgeUnderTest;
let clock: ManualClock;
beforeEach(async () => {
  edge = await startEdge();
  clock = createManualClock();
});
afterEach(() => edge.close());

const good = of(1, 4);
const badAndLate = of(2, 6);
const bad = badAndLate.slice(0, 5);
const sizes = () =>
  [...edge.bucket.contents]
    .filter(([key]) => key.endsWith('/manifest.json'))
    .map(([, bytes]) => parseManifest(bytes).instances.length);

/** An archive that answers with an error for one series, as often as `times` says, and counts how often it is asked for it. */
function failing(error: Error, times = Number.POSITIVE_INFINITY) {
  const asked = { count: 0 };
  const archive: ForwarderOptions['archive'] = {
    ...edge.archive,
    retrieveSeries(series, options) {
      if (series.SeriesInstanceUID !== seriesUid(bad)) return edge.archive.retrieveSeries(series, options);
      asked.count += 1;
      if (asked.count <= times) throw error;
      return edge.archive.retrieveSeries(series, options);
    },
  };
  return { archive, asked };
}

const restarted = (options: Partial<ForwarderOptions>): Forwarder =>
  edge.restarted({ clock, deployed: createMemoryDeployedTools(SPINE_CATALOG, clock), ...options });

describe('a series that the archive refuses', () => {
  it('is recorded once, and the rest of the study goes up', async () => {
    await edge.arrive([...good, ...bad]);
    const { archive, asked } = failing(new ArchiveRequestError('The archive refuses the request (HTTP 404)'));

    const outcomes = await restarted({ archive }).runOnce();
    for (let day = 0; day < 3; day += 1) {
      clock.advance(86_400_000);
      await restarted({ archive }).runOnce();
      await restarted({ archive }).forwardStudy(STUDY);
    }

    expect(outcomes).toMatchObject([{ state: 'uploaded', instances: 4 }]);
    expect([sizes(), asked.count]).toEqual([[4], 1]);
    expect(edge.journal.study(STUDY)).toMatchObject({
      state: 'uploaded',
      refusedSeries: [{ SeriesInstanceUID: seriesUid(bad), reason: { code: 'archive-request' } }],
    });
    expect(edge.log.filter((line) => line.includes('"series-refused"'))).toHaveLength(1);
  });

  it('is asked for again when it has changed', async () => {
    await edge.arrive([...good, ...bad]);
    const { archive } = failing(new ArchiveRequestError('The archive refuses the request (HTTP 404)'), 1);
    await restarted({ archive }).runOnce();

    await edge.arrive(badAndLate.slice(5));
    await restarted({ archive }).runOnce();

    expect(edge.journal.study(STUDY)).toMatchObject({ state: 'uploaded', refusedSeries: [] });
    expect(sizes()).toEqual([4, 10]);
  });

  it('is no reason to leave out studies while DICOMweb as a whole is missing', async () => {
    await edge.arrive([...good, ...bad]);
    const missing = new ArchiveRequestError('The archive refuses the request (HTTP 404)');
    const nothing = (): never => {
      throw missing;
    };

    const running = restarted({
      archive: { retrieveSeries: nothing, retrieveHeader: nothing, searchStudies: nothing },
    }).runOnce();

    await expect(running).rejects.toBe(missing);
    expect(edge.journal.study(STUDY)).toMatchObject({ state: 'seen', refusedSeries: [] });
    clock.advance(1_000);
    expect(await restarted({}).runOnce()).toMatchObject([{ state: 'uploaded', instances: 9 }]);
  });
});

describe('a series that cannot be read now', () => {
  const LOST = new ArchiveUnavailableError('The archive is unavailable (HTTP 500)');

  /** Attempts until the study is due no more; returns the sizes of the manifests after each. */
  async function attempts(count: number, archive: ForwarderOptions['archive']): Promise<readonly number[][]> {
    const seen: number[][] = [];
    for (let attempt = 0; attempt < count; attempt += 1) {
      await restarted({ archive }).runOnce();
      seen.push(sizes());
      clock.advance(Math.max(0, (edge.journal.study(STUDY)?.nextAttemptAt ?? 0) - clock.now()));
    }
    return seen;
  }

  it('keeps the rest back for a minute, which then goes up once', async () => {
    await edge.arrive([...good, ...bad]);

    const seen = await attempts(9, failing(LOST).archive);

    expect(seen).toEqual([...Array(6).fill([]), [4], [4], [4]]);
    expect(edge.journal.study(STUDY)).toMatchObject({ state: 'seen', reason: { code: 'archive-unavailable' } });
  });

  it('is left out of one upload where the study went up before, and the next one counts on', async () => {
    await edge.arrive(good);
    await restarted({}).runOnce();
    await edge.arrive([...bad, ...of(4, 3)]);
    const { archive } = failing(LOST);
    const puts: string[] = [];
    const store: typeof edge.bucket = {
      ...edge.bucket,
      async put(key, ...rest) {
        const answer = await edge.bucket.put(key, ...rest);
        if (key.endsWith('/manifest.json') && answer === 'stored') puts.push(key);
        return answer;
      },
    };
    for (let attempt = 0; attempt < 9; attempt += 1) {
      await restarted({ archive, store }).runOnce();
      clock.advance(Math.max(0, (edge.journal.study(STUDY)?.nextAttemptAt ?? 0) - clock.now()));
    }
    expect(puts).toHaveLength(1);
    await restarted({}).runOnce();

    const facts = [...edge.bucket.contents]
      .filter(([key]) => key.endsWith('/manifest.json'))
      .map(([, bytes]) => parseManifest(bytes));
    expect(facts.map(({ sequence, instances }) => [sequence, instances.length])).toEqual([
      [1, 4],
      [2, 7],
      [3, 12],
    ]);
  });

  it.each([
    { after: 2, manifests: [9] },
    { after: 8, manifests: [4, 9] },
  ])('goes up with the rest when it can be read again after $after attempts', async ({ after, manifests }) => {
    await edge.arrive([...good, ...bad]);

    await attempts(after + 1, failing(LOST, after).archive);

    expect(sizes()).toEqual(manifests);
    expect(edge.journal.study(STUDY)).toMatchObject({ state: 'uploaded', attempts: 0 });
  });
});

describe('a study that no tool took', () => {
  const HEAD = ctSeries({ seed: 3, attributes: { BodyPartExamined: 'HEAD', StudyInstanceUID: STUDY } });
  const catalog = [
    ...SPINE_CATALOG,
    ...SPINE_CATALOG.map(({ manifest, models }) => ({
      manifest: JSON.parse(JSON.stringify({ ...manifest, id: 'head' }).replace('"SPINE"]', '"HEAD"]')),
      models,
    })),
  ];

  it('is judged again when a tool is deployed, while the edge runs', async () => {
    const deployed = createMemoryDeployedTools(SPINE_CATALOG, { now: () => 0 });
    const running = new AbortController();
    let offsetMs = 0;
    const real = { now: () => Date.now() + offsetMs };
    await edge.arrive(HEAD);
    const run = edge.restarted({ catalog, deployed, clock: real }).run(running.signal);
    await expect.poll(() => edge.journal.study(STUDY)?.state, { timeout: 10_000 }).toBe('skipped');

    deployed.tools.set('head', '1.0.0');
    offsetMs = 61_000;
    await expect.poll(() => edge.journal.study(STUDY)?.state, { timeout: 10_000 }).toBe('uploaded');
    running.abort();
    await run;

    expect(edge.log.join()).toContain('"studies-judged-again","studies":1');
  });

  it('is left alone after a month', async () => {
    await edge.arrive(HEAD);
    await restarted({ catalog }).runOnce();
    clock.advance(31 * 86_400_000);
    const deployed = createMemoryDeployedTools(catalog, clock);

    expect(await restarted({ catalog, deployed }).runOnce()).toEqual([]);

    expect(edge.journal.study(STUDY)?.state).toBe('skipped');
  });
});
