/** Runs of several states, one after the other. */
import { expect, it } from 'vitest';
import { newestRuns } from '#pipeline/newest-runs.ts';
import type { RunStore } from '#pipeline/ports.ts';
import { RUN_STATES, type RunState } from '#pipeline/run-state.ts';
import { createManualClock, createMemoryRunStore } from '../fixtures/memory-ports.ts';

async function tableOf(states: readonly RunState[]): Promise<{ runs: RunStore; read: () => number }> {
  const clock = createManualClock();
  const runs = createMemoryRunStore(clock);
  for (const [index, state] of states.entries()) {
    const runId = String.fromCharCode(97 + index);
    await runs.record({
      ...{ runId, StudyInstanceUID: '1.2', revision: 'r', tool: 'tiny', version: '1', lane: 'live', state },
    });
    // Every second run changes at the same moment as the one before it.
    if (index % 2 === 1) clock.advance(1_000);
  }
  let read = 0;
  return {
    runs: {
      ...runs,
      async list(query, options) {
        const page = await runs.list(query, options);
        read += page.runs.length;
        return page;
      },
    },
    read: () => read,
  };
}

async function idsOf(found: AsyncIterable<{ readonly runId: string }>): Promise<string> {
  let ids = '';
  for await (const { runId } of found) ids += runId;
  return ids;
}

const MIXED: readonly RunState[] = ['failed', 'routed', 'failed', 'delivered', 'failed', 'failed', 'routed', 'failed'];

it('come in order, each once, whatever the pages are', async () => {
  for (const pageSize of [1, 2, 3, 100]) {
    const { runs, read } = await tableOf(MIXED);

    expect(await idsOf(newestRuns(runs, { state: RUN_STATES }, pageSize))).toBe('hgfedcba');
    expect(read()).toBe(8);
  }
});

it('go on after the place of any run, and keep to a time', async () => {
  const { runs } = await tableOf(MIXED);
  const failed = { state: ['failed', 'delivered'] } as const;

  expect(await idsOf(newestRuns(runs, failed, 2))).toBe('hfedca');
  expect(await idsOf(newestRuns(runs, { ...failed, after: '2026-01-01T00:00:02.000Z/f' }, 2))).toBe('edca');
  expect(await idsOf(newestRuns(runs, { ...failed, since: '2026-01-01T00:00:02.000Z' }, 2))).toBe('hfe');
});

it('are read no further than they are taken', async () => {
  const { runs, read } = await tableOf(MIXED);
  const found = newestRuns(runs, { state: ['failed'] }, 2);

  expect((await found.next()).value).toMatchObject({ runId: 'h' });
  await found.return(undefined);

  expect(read()).toBe(2);
});
