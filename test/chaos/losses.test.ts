/** Messages, objects and rows are lost in the middle of whatever is under way. Every study is answered once, by itself, within an hour. */
import { describe, expect, it } from 'vitest';
import { ToolFailedError } from '#core/errors.ts';
import type { Image } from '#core/tool.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { oneLesion } from '../fixtures/tiny-radiograph.ts';
import type { Loss } from './losses.ts';
import { createWorld, type WorldOptions } from './world.ts';

const HOUR_S = 3600;
const STUDIES = 6;
const tenths = (seconds: number): number => Number(seconds.toFixed(1));
/** Moments of the time in which the studies pass through the pipeline. */
const MOMENTS = Array.from({ length: 20 }, (_, index) => tenths(0.1 + index * 0.7));
/** Of a tool that fails each time: its four attempts, and then the way of the failure to the PACS. */
const FAILING = Array.from({ length: 30 }, (_, index) =>
  tenths(index < 6 ? 0.1 + index * 20 : 104 + (index - 6) * 0.6),
);

async function withLoss(losses: readonly Loss[], atS: number, options: WorldOptions = {}) {
  const world = createWorld({ disaster: { atS, losses }, reconciles: true, ...options });
  const studies: string[] = [];
  for (let number = 0; number < STUDIES; number++) {
    await world.run(number);
    world.pipeline.clock.advance(Math.max(0, (number - world.nowS()) * 1000));
    studies.push(await world.arrive(number));
  }
  await world.run(atS + HOUR_S);

  expect(world.rounds()).toBeGreaterThanOrEqual(5);
  expect(world.left()).toBe(0);
  expect(world.writtenStudies().sort()).toEqual(studies.toSorted());
  expect([...world.stored.values()].filter((times) => times !== 1)).toEqual([]);
  expect(world.held.size).toBe(world.stored.size);
  expect(world.pipeline.ledger.entries.size).toBe(0);
  expect(world.pipeline.counted.filter((metric) => ['Halted', 'Stuck'].includes(metric))).toEqual([]);
  const { counted, runs } = world.pipeline;
  return { counted, runs: await allRuns(runs) };
}

describe.each<readonly (readonly Loss[])[]>([
  [['queues']],
  [['bucket']],
  [['table']],
  [['queues', 'bucket']],
  [['queues', 'table']],
  [['queues', 'bucket', 'table']],
])('a loss of %j', (losses) => {
  it.each(MOMENTS)('at second %f is mended: every study gets its result', async (atS) => {
    const { counted, runs } = await withLoss(losses, atS);

    expect(runs.filter(({ state, outcome }) => state !== 'delivered' || outcome !== 'no-finding')).toEqual([]);
    expect(counted.filter((metric) => ['DeadLetters', 'GivenUp'].includes(metric))).toEqual([]);
  });
});

describe.each<readonly (readonly Loss[])[]>([[['bucket']], [['queues', 'bucket', 'table']]])(
  'a loss of %j, with a mask, a report, a picture and a page,',
  (losses) => {
    const look = ([image]: readonly Image[]) =>
      oneLesion(image?.kind === 'radiograph' ? image.header.SOPInstanceUID : '');

    it.each(MOMENTS.filter((_, index) => index % 2 === 1))(
      'at second %f is mended: every study gets one of each',
      async (atS) => {
        const { counted, runs } = await withLoss(losses, atS, { look });

        expect(runs.map(({ state, objects }) => `${state} ${objects?.length}`)).toEqual(runs.map(() => 'delivered 4'));
        expect(counted.filter((metric) => ['DeadLetters', 'GivenUp'].includes(metric))).toEqual([]);
      },
    );
  },
);

describe('a loss of the queues, with a tool that always fails,', () => {
  it.each(FAILING)('at second %f is mended: every study is told of its failure', async (atS) => {
    const look = () => {
      throw new ToolFailedError('It does not work.');
    };
    const { runs } = await withLoss(['queues'], atS, { look });

    expect(runs).toHaveLength(STUDIES);
    for (const run of runs) expect(run).toMatchObject({ state: 'failed', reason: { code: 'tool-failed' } });
  });
});

describe('nothing is lost, and the reconciler sends nothing', () => {
  const HOURS_20 = 20 * HOUR_S;
  it.each<readonly [string, WorldOptions, number]>([
    ['while the PACS is away for six days', { outages: [{ part: 'pacs', fromS: 0.5, toS: 6 * 24 * HOUR_S }] }, 2],
    ['while S3 is away for 20 hours', { outages: [{ part: 's3', fromS: 3, toS: HOURS_20 }] }, 20],
    ['while DynamoDB is away for 20 hours', { outages: [{ part: 'dynamodb', fromS: 3, toS: HOURS_20 }] }, 20],
    ['while SQS is away for 20 hours', { outages: [{ part: 'sqs', fromS: 3, toS: HOURS_20 }] }, 20],
    ['while ten invocations at once work off 200 studies', { concurrency: 10, inferS: 60 }, 200],
  ])('%s', async (_, options, studies) => {
    const world = createWorld({ ...options, reconciles: true });
    for (let number = 0; number < studies; number++) await world.arrive(number);

    await world.run((options.outages?.[0]?.toS ?? 0) + 2 * HOUR_S);

    const { counted, runs } = world.pipeline;
    expect(counted.filter((metric) => ['Reconciled', 'Stuck'].includes(metric))).toEqual([]);
    expect(world.left()).toBe(0);
    const delivered = (await allRuns(runs)).filter(({ state }) => state === 'delivered');
    expect(delivered).toHaveLength(studies);
  });
});
