/** Messages, objects and rows are lost in the middle of whatever is under way. Every study is delivered once, by itself, within an hour. */
import { describe, expect, it } from 'vitest';
import { allRuns } from '#pipeline/all-runs.ts';
import type { Loss } from './losses.ts';
import { createWorld } from './world.ts';

const HOUR_S = 3600;
const STUDIES = 6;
/** Every so many seconds of the time in which the studies pass through the pipeline. */
const MOMENTS = Array.from({ length: 30 }, (_, index) => 0.1 + index * 0.5);

async function lost(losses: readonly Loss[], atS: number) {
  const world = createWorld({ disaster: { atS, losses }, reconciles: true });
  const studies: string[] = [];
  for (let number = 0; number < STUDIES; number++) {
    await world.run(number);
    world.pipeline.clock.advance(Math.max(0, (number - world.nowS()) * 1000));
    studies.push(await world.arrive(number));
  }
  await world.run(atS + HOUR_S);
  return { world, studies };
}

describe.each<readonly (readonly Loss[])[]>([
  [['queues']],
  [['bucket']],
  [['table']],
  [['queues', 'bucket']],
  [['queues', 'table']],
  [['queues', 'bucket', 'table']],
])('a loss of %j', (losses) => {
  it.each(MOMENTS)('at second %f is mended within an hour', async (atS) => {
    const { world, studies } = await lost(losses, atS);

    expect(world.rounds()).toBeGreaterThanOrEqual(5);
    expect(world.left()).toBe(0);
    expect(world.writtenStudies().sort()).toEqual(studies.toSorted());
    expect([...world.stored.values()].filter((times) => times !== 1)).toEqual([]);
    const runs = await allRuns(world.pipeline.runs);
    expect(runs.filter(({ state, outcome }) => state !== 'delivered' || outcome !== 'no-finding')).toEqual([]);
    expect(
      world.pipeline.counted.filter((metric) => ['DeadLetters', 'GivenUp', 'Halted', 'Stuck'].includes(metric)),
    ).toEqual([]);
    expect(world.pipeline.ledger.entries.size).toBe(0);
  });
});
