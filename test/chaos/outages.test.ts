/** Services go away for minutes, hours and days, in the middle of whatever is under way. No study fails, is lost or answered twice. */
import { describe, expect, it } from 'vitest';
import { allRuns } from '#pipeline/all-runs.ts';
import { counting, THOROUGH } from './seeds.ts';
import { createWorld, type Outage, type Part, type World } from './world.ts';

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** Studies arrive at this rate, before and while a service is away: faster than one is done, so that every step is under way. */
const EVERY_S = 2;

async function arriving(world: World, studies: number): Promise<readonly string[]> {
  const arrived: string[] = [];
  for (let number = 0; number < studies; number++) {
    await world.run(number * EVERY_S);
    world.pipeline.clock.advance(Math.max(0, (number * EVERY_S - world.nowS()) * 1000));
    arrived.push(await world.arrive(number));
  }
  await world.run();
  return arrived;
}

/** From a study's arrival until it is delivered, without an outage. */
async function lifeOfStudy(): Promise<number> {
  const world = createWorld();
  const startMs = world.pipeline.clock.now();
  await world.arrive(0);
  await world.run();
  const [run] = await allRuns(world.pipeline.runs);
  return (Date.parse(run?.stages.delivered ?? '') - startMs) / 1000;
}

const counted = counting('outages');

async function expectAllDeliveredOnce(world: World, studies: readonly string[]): Promise<void> {
  const runs = await allRuns(world.pipeline.runs);
  expect(world.left() + world.expired()).toBe(0);
  expect(runs.map(({ StudyInstanceUID }) => StudyInstanceUID).sort()).toEqual([...studies].sort());
  expect(runs.filter(({ state, outcome }) => state !== 'delivered' || outcome !== 'no-finding')).toEqual([]);
  expect(world.writtenStudies().sort()).toEqual([...studies].sort());
  expect([...world.stored.values()].filter((times) => times !== 1)).toEqual([]);
  expect(world.pipeline.counted.filter((metric) => ['DeadLetters', 'GivenUp', 'Rejected'].includes(metric))).toEqual(
    [],
  );
  expect(world.pipeline.ledger.entries.size).toBe(0);
  counted();
}

const LENGTHS = { '4 minutes': 4 * MINUTE_S, '30 minutes': 30 * MINUTE_S, '20 hours': 20 * HOUR_S } as const;
const CASES = (['s3', 'dynamodb', 'kms', 'sqs'] as const satisfies readonly Part[]).flatMap((part) =>
  Object.entries(LENGTHS).map(([words, seconds]) => [part, words, seconds] as const),
);

describe('an outage', () => {
  it.each(CASES)('of %s for %s is waited out', async (part, _, seconds) => {
    const outage: Outage = { part, fromS: 15, toS: 15 + seconds };
    const world = createWorld({ outages: [outage] });

    const studies = await arriving(world, 12);

    await expectAllDeliveredOnce(world, studies);
    expect(world.nowS()).toBeGreaterThan(outage.toS);
    expect(world.nowS()).toBeLessThan(outage.toS + 35 * MINUTE_S);
  });

  it.each(CASES)('of %s for %s is waited out, whenever in the life of a study it begins', async (part, _, seconds) => {
    const lifeS = await lifeOfStudy();

    expect(lifeS).toBeGreaterThan(3);
    for (let fromS = 0; fromS < lifeS; fromS += THOROUGH ? 0.04 : 0.2) {
      const world = createWorld({ outages: [{ part, fromS, toS: fromS + seconds }] });
      const study = await world.arrive(0);
      await world.run();
      await expectAllDeliveredOnce(world, [study]);
    }
  });

  it.each(['s3', 'dynamodb', 'kms', 'pacs'] as const)(
    'of %s that answers one request of three is waited out',
    async (part) => {
      const world = createWorld({ outages: [{ part, fromS: 2, toS: 4 * HOUR_S, answersEvery: 3 }] });

      await expectAllDeliveredOnce(world, await arriving(world, 6));
    },
  );

  // Each begins at another moment of the invocations that are under way.
  it.each(Array.from({ length: 24 }, (_, step) => 12 + step * 0.11))(
    'of the table and of the bucket, one after the other, from second %f',
    async (fromS) => {
      const dynamodb: Outage = { part: 'dynamodb', fromS, toS: fromS + 4 * MINUTE_S };
      const s3: Outage = { part: 's3', fromS: dynamodb.toS, toS: dynamodb.toS + 3 * HOUR_S };
      const world = createWorld({ outages: [dynamodb, s3] });

      await expectAllDeliveredOnce(world, await arriving(world, 6));
    },
  );

  it('of the PACS for six days is waited out, and each run says meanwhile since when', async () => {
    const world = createWorld({ outages: [{ part: 'pacs', fromS: 20, toS: 6 * DAY_S }] });
    const studies = [await world.arrive(0)];
    await world.run(30);
    studies.push(await world.arrive(1), await world.arrive(2));
    await world.run(3 * DAY_S);

    const waiting = (await allRuns(world.pipeline.runs)).filter(({ state }) => state === 'converted');
    expect(waiting).toHaveLength(2);
    for (const run of waiting)
      expect(run).toMatchObject({
        reason: { code: 'archive-unavailable' },
        failingSince: expect.stringMatching(/^2026-01-01T00:0/),
      });

    await world.run();
    await expectAllDeliveredOnce(world, studies);
  });

  // From then on a study is being inferred, converted or delivered.
  it.each([0.5, 1, 1.8, 2.5])(
    'of the bucket for longer than a day, from second %f, ends with its true cause, told once the bucket is back',
    async (fromS) => {
      const world = createWorld({ outages: [{ part: 's3', fromS, toS: 30 * HOUR_S }] });
      await world.arrive(0);

      await world.run();

      expect(world.left()).toBe(0);
      expect(await allRuns(world.pipeline.runs)).toMatchObject([
        { state: 'failed', outcome: 'failed', reason: { code: 'service-unavailable', message: 'Cannot reach s3.' } },
      ]);
      expect(world.writtenStudies()).toHaveLength(1);
      expect(new Set(world.stored.values())).toEqual(new Set([1]));
    },
  );
});

describe('a chunk that vanished', () => {
  // Before the study is inferred, before it is converted, and when it is delivered already.
  it.each([0, 1, 2, 3, 4])('after %i s, and is put again five hours later, is waited for', async (atS) => {
    const world = createWorld();
    const { contents } = world.pipeline.objects;
    const study = await world.arrive(0);
    await world.run(atS);
    const [chunk] = [...contents].filter(([key]) => key.startsWith('chunks/'));
    if (chunk === undefined) throw new Error('a study has a chunk');
    contents.delete(chunk[0]);
    await world.run(5 * HOUR_S);
    contents.set(...chunk);
    await world.run();

    await expectAllDeliveredOnce(world, [study]);
  });
});

describe('a message that waits for longer than a queue keeps it', () => {
  it('is sent anew while the PACS denies access for thirty days, and then delivered', async () => {
    const world = createWorld({ outages: [{ part: 'password', fromS: 0, toS: 30 * DAY_S }] });
    const study = await world.arrive(0);

    await world.run();

    expect(world.pipeline.counted).toContain('Halted');
    expect(world.nowS()).toBeGreaterThan(30 * DAY_S);
    await expectAllDeliveredOnce(world, [study]);
  });
});

describe('an account with ten invocations at once', () => {
  it('works off 500 studies: none fails, none is lost, none is answered twice', async () => {
    const world = createWorld({ concurrency: 10, inferS: 60 });
    const studies: string[] = [];
    for (let number = 0; number < 500; number++) studies.push(await world.arrive(number));

    await world.run();

    expect(world.throttled()).toBeGreaterThan(5000);
    await expectAllDeliveredOnce(world, studies);
  });
});
