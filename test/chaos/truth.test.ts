/**
 * Faults at every call while a study changes, moves to another patient, disappears or comes back. In the end, the PACS shows one set of results, beside
 * its images and under their patient, or none where the images are gone. Nothing is left, and nobody is called.
 */
import { describe, expect, it } from 'vitest';
import { createRandom } from '#phantoms/random.ts';
import { FAULT_KINDS, type Fault, type FaultKind } from './faults.ts';
import { counting, SEEDS, THOROUGH } from './seeds.ts';
import { KINDS, MOMENTS, type Story, type Told, tell } from './truth.ts';

const counted = counting('faults while studies change');

const kindsAt = (point: string): readonly FaultKind[] =>
  point.includes('/lambda.') ? ['fails before', 'fails after'] : FAULT_KINDS;

/** In CI, a point gets one kind of fault, so that the points of a call get all of them, and every fifth of the reconciler's many. */
const triedAt = (point: string, index: number): readonly FaultKind[] =>
  kindsAt(point).filter(
    (_, at, { length }) => THOROUGH || (at === index % length && (index % 5 === 0 || !point.startsWith('reconcile/'))),
  );

/** @returns the points of the story */
async function expectTruth(story: Story, told: Told = {}): Promise<readonly string[]> {
  const { world, wrong } = await tell(story, told);
  expect(wrong, JSON.stringify(told)).toEqual([]);
  counted();
  return world.faults.points;
}

describe.each(Object.entries(KINDS))('%s', (_, { at, changesS }) => {
  it('at any moment of the run', async () => {
    for (const atS of MOMENTS.filter((__, index) => THOROUGH || index % 3 === 0)) await expectTruth(at(atS));
  });

  it.each(SEEDS)('with repeated and reordered messages, seed %i', async (seed) => {
    const random = createRandom(seed);
    for (let trial = 0; trial < (THOROUGH ? 100 : 15); trial++)
      await expectTruth(at(random.int(1, 80)), { seed: seed * 1000 + trial });
  });

  it.each(changesS)('after %f s, with a fault at any call', async (atS) => {
    const points = await expectTruth(at(atS));
    expect(points.length).toBeGreaterThan(30);
    for (const [index, point] of points.entries())
      for (const kind of triedAt(point, index)) await expectTruth(at(atS), { faults: [{ point, kind }] });
  });

  it.each(SEEDS)('with two faults and reordered messages, seed %i', async (seed) => {
    const random = createRandom(seed);
    for (let trial = 0; trial < (THOROUGH ? 200 : 10); trial++) {
      const story = at(random.int(1, 80));
      const told = { seed: seed * 1000 + trial };
      const [first = '', ...others] = await expectTruth(story, told);
      const anyFault = (): Fault => {
        const point = random.pick([first, ...others]);
        const kinds = kindsAt(point);
        return { point, kind: kinds[random.int(0, kinds.length - 1)] ?? 'killed before' };
      };
      await expectTruth(story, { ...told, faults: [anyFault(), anyFault()] });
    }
  });
});
