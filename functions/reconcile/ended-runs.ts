/** Runs that ended, but not everything that belongs to an end happened: a failure was not told, or a delivery not recorded. */
import { deadLetterQueueName, queueName } from '#pipeline/environment.ts';
import { type Answer, failureKey } from '#pipeline/keys.ts';
import {
  LOST_AFTER_S,
  MOST_RESENDS,
  messageOf,
  quietSinceMs,
  RETENTION_S,
  RUN_STEPS,
  type RunStep,
  roleOf,
  timeMs,
  wasMissed,
} from '#pipeline/lost.ts';
import type { RunRecord, RunStore } from '#pipeline/ports.ts';
import { RETURNED_STATES, type RunState } from '#pipeline/run-state.ts';
import { isFailureBeside, UNDER_WAY } from '#pipeline/sets.ts';
import { runWork } from '#pipeline/work.ts';
import type { Mended, ReconcilePorts, Resending } from './resend.ts';
import type { Sweep, SweptPage } from './sweep.ts';

const PAGE = 100;

/** What is left to do for an ended run. */
interface Left {
  readonly what: Mended;
  readonly queue: string;
  readonly answer: Answer;
  /** The steps in whose queues the message can be. */
  readonly steps: readonly RunStep[];
}

export function failedRuns(
  { objects, runs, sets, ledger }: ReconcilePorts,
  { nowMs, emptyAtMs, queuesOf, isDeployed, resend }: Resending,
): Sweep<RunRecord> {
  async function look(run: RunRecord): Promise<void> {
    const resends = run.resent?.times ?? 0;
    if (resends >= MOST_RESENDS) return;
    const left = await leftToDo(run);
    if (left === undefined) return;
    const message = messageOf(run, left.answer);
    if (message === undefined) return;
    const emptyAt = await emptyAtMs(left.steps.flatMap((step) => queuesOf(step, run)));
    if (wasMissed({ quietSinceMs: quietSinceMs(run), emptyAtMs: emptyAt, resends }))
      await resend(left.what, run, { queue: left.queue, body: JSON.stringify(message) });
  }

  async function leftToDo(run: RunRecord): Promise<Left | undefined> {
    const queue = (step: RunStep): string => queueName(roleOf(step, run));
    const { study } = await sets.get(run);
    const own = study.sets.filter(({ runId }) => runId === run.runId);
    if (own.some(({ answer, state }) => answer === 'result' && state === 'delivered'))
      return { what: 'delivery-not-recorded', queue: queue('return'), answer: 'result', steps: ['return'] };
    const { objects: found } = await objects.list(failureKey(run), { limit: 1 });
    if (found.length > 0) {
      const isTold = own.some(({ answer, state }) => answer === 'failure' && !UNDER_WAY.includes(state));
      // What was given up is `hilum redrive`'s to send again, once the reason is removed.
      if (isTold || run.untold !== undefined || isFailureBeside(study, run)) return undefined;
      const steps = ['convert', 'return'] as const;
      return { what: 'failure-not-told', queue: queue('convert'), answer: 'failure', steps };
    }
    // The dead-letter function forgets the work only after it has told the study.
    for (const step of RUN_STEPS) {
      if (step === 'infer' && !isDeployed(run.tool)) continue;
      const { failing } = await ledger.get(runWork(step, { runId: run.runId, answer: 'result' }));
      if (failing?.givenUp === true)
        return {
          what: 'dead-letter-lost',
          queue: deadLetterQueueName(roleOf(step, run)),
          answer: 'result',
          steps: [step],
        };
    }
    return undefined;
  }

  return {
    name: 'failed-runs',
    page: async (after) => await pageOf(runs, ['failed', 'rejected'], nowMs - RETENTION_S * 1000, nowMs, after),
    look,
    mostPages: 10,
    mostEntries: 500,
  };
}

/** A round begins this much before the last one began: that one left out the latest runs, and an index lags. */
const OVERLAP_MS = 2 * LOST_AFTER_S * 1000;

/** Entries of the ledger that a message left behind which was sent twice, and of which one copy was lost. */
export function deliveredRuns({ runs, ledger }: ReconcilePorts, { nowMs, mended }: Resending): Sweep<RunRecord> {
  return {
    name: 'delivered-runs',
    async page(after, { since }) {
      const firstMs = since === undefined ? nowMs - RETENTION_S * 1000 : timeMs(since) - OVERLAP_MS;
      return await pageOf(runs, RETURNED_STATES, firstMs, nowMs, after);
    },
    async look({ runId }) {
      for (const step of RUN_STEPS) {
        const name = runWork(step, { runId, answer: 'result' });
        const { open, failing } = await ledger.get(name);
        if (open === 0 && failing === undefined) continue;
        await ledger.end(name);
        mended('entry-left', { runId, step });
      }
    },
    mostPages: 10,
    mostEntries: 1000,
  };
}

/** Runs that entered one of these states in a stretch of time that ended a quarter of an hour ago. */
export async function pageOf(
  runs: Pick<RunStore, 'list'>,
  state: readonly RunState[],
  firstMs: number,
  nowMs: number,
  after: string | undefined,
): Promise<SweptPage<RunRecord>> {
  const since = new Date(firstMs).toISOString();
  const before = new Date(nowMs - LOST_AFTER_S * 1000).toISOString();
  const page = await runs.list({ state, since, before, limit: PAGE, ...(after !== undefined && { after }) });
  return { entries: page.runs, ...(page.next !== undefined && { next: page.next }) };
}
