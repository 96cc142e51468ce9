/** The allowed transitions of a run's state. */
import { describe, expect, it } from 'vitest';
import { RUN_STATES, type RunState, stateRank } from '#pipeline/run-state.ts';
import { createMemoryRunStore } from '../fixtures/memory-ports.ts';

/** A run never moves to an earlier step. States of the same step are in one list. */
const STEPS: readonly (readonly RunState[])[] = [
  ['received'],
  ['routed'],
  ['inferred'],
  ['converted'],
  ['not-applicable', 'rejected', 'failed'],
  ['delivered', 'superseded', 'withdrawn', 'missing'],
];
const pairs = STEPS.flatMap((from, before) =>
  STEPS.flatMap((to, after) => from.flatMap((a) => to.map((b) => ({ from: a, to: b, ends: after >= before ? b : a })))),
);

describe('the states of a run', () => {
  it('are all in the order', () => {
    expect([...RUN_STATES].sort()).toEqual(STEPS.flat().sort());
    expect(RUN_STATES.filter((state) => !Number.isInteger(stateRank(state)))).toEqual([]);
  });

  it.each(pairs)('$from, then $to, ends as $ends', async ({ from, to, ends }) => {
    const runs = createMemoryRunStore();
    const run = {
      runId: 'r',
      StudyInstanceUID: '2.25.1',
      revision: 'a',
      tool: 't',
      version: '1',
      lane: 'live',
    } as const;
    await runs.record({ ...run, state: from });

    await runs.record({ ...run, state: to });

    expect((await runs.get('r'))?.state).toBe(ends);
    expect(stateRank(to) >= stateRank(from)).toBe(ends === to);
  });
});
