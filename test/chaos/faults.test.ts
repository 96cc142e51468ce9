/**
 * A fault at every call that a function makes to the outside, while messages are repeated and reordered: no study is lost, none is
 * answered twice, nothing is stuck, and the runs table and the PACS agree.
 */
import { describe, expect, it } from 'vitest';
import { createRandom } from '#phantoms/random.ts';
import { FAULT_KINDS, type Fault, type FaultKind } from './faults.ts';
import { endOf, runScenario, type Trial } from './scenario.ts';
import { counting, SEEDS, THOROUGH } from './seeds.ts';
import { createWorld } from './world.ts';

const undisturbed = await runScenario();
const expected = await endOf(undisturbed);
const { points } = undisturbed.faults;

/** Points by who calls what. */
const CALLS = Map.groupBy(points, (point) => point.replace(/ \d+$/, ''));

/** Lambda's deletion of a message is no call of a function: it takes place or not. */
const kindsAt = (point: string): readonly FaultKind[] =>
  point.includes('/lambda.') ? ['fails before', 'fails after'] : FAULT_KINDS;

/** In CI, a point gets one kind of fault of three, so that the points of a call get all of them. */
const triedAt = (point: string, index: number): readonly FaultKind[] =>
  kindsAt(point).filter((_, at) => THOROUGH || at % 3 === index % 3);

const counted = counting(`faults of the functions, ${points.length} points, ${CALLS.size} calls`);

async function expectSameEnd(trial: Trial): Promise<void> {
  const world = await runScenario(trial);
  const { faults = [] } = trial;
  const end = await endOf(world);
  const froze = faults.some(({ kind }) => kind.startsWith('frozen'));

  // A process that stood still may begin and fail once more when the study was told already, and its message is gone.
  const ledger = froze ? [] : end.ledger;
  expect({ ...end, ledger }, JSON.stringify(trial)).toEqual(expected);
  expect(new Set(world.faults.hit)).toEqual(new Set(faults));
  // If it stood still between its look at the PACS and its act, the PACS gets the same bytes once more.
  expect(Math.max(...world.stored.values())).toBeLessThanOrEqual(froze ? 2 : 1);
  counted();
}

it('ends in every way that there is without faults', () => {
  expect(expected).toMatchObject({
    left: 0,
    ledger: [],
    runs: [
      { state: 'delivered', outcome: 'no-finding' },
      { state: 'delivered', outcome: 'result' },
      { state: 'failed', reason: { code: 'tool-failed' } },
      { state: 'rejected', outcome: 'failed' },
    ],
    deadLetters: ['2.25.72'],
  });
  expect(expected.runs.flatMap(({ objects }) => objects).sort()).toEqual([...undisturbed.held.keys()].sort());
  expect(points.length).toBeGreaterThan(150);
  expect(CALLS.size).toBeGreaterThanOrEqual(40);
});

it.each(SEEDS)('ends the same with repeated and reordered messages, seed %i', async (seed) => {
  for (let trial = 0; trial < 10; trial++) await expectSameEnd({ seed: seed * 100 + trial });
});

describe.each(SEEDS)('a fault, seed %i', (seed) => {
  it.each([...CALLS])('at %s', async (_, at) => {
    for (const [index, point] of at.entries())
      for (const kind of triedAt(point, index)) await expectSameEnd({ seed, faults: [{ point, kind }] });
  });
});

describe.each(SEEDS)('two faults, seed %i', (seed) => {
  it('at any two points', async () => {
    const random = createRandom(seed);
    const anyFault = (): Fault => {
      const point = points[random.int(0, points.length - 1)] ?? '';
      const kinds = kindsAt(point);
      return { point, kind: kinds[random.int(0, kinds.length - 1)] ?? 'killed before' };
    };
    for (let trial = 0; trial < (THOROUGH ? 500 : 60); trial++) {
      const [one, other] = [anyFault(), anyFault()];
      if (one.point !== other.point) await expectSameEnd({ seed: seed + trial, faults: [one, other] });
    }
  });
});

/** Each call took effect. The attempt that does not know that is not one that died. */
it.each([...CALLS.keys()].filter((call) => !call.includes('/lambda.') && !call.startsWith('dead-letter')))(
  'outlasts that the answer of %s is lost, four times in a row',
  async (call) => {
    const faults = [1, 2, 3, 4].map((number): Fault => ({ point: `${call} ${number}`, kind: 'fails after' }));
    const world = createWorld({ faults });
    await world.arrive(0);

    await world.run();

    expect(await endOf(world)).toMatchObject({ left: 0, ledger: [], runs: [{ state: 'delivered' }], deadLetters: [] });
    expect(new Set(world.stored.values())).toEqual(new Set([1]));
  },
);
