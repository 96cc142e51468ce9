/** Results that were delivered: whether the PACS still has them is asked for some days, since somebody may remove them, or their images. */
import { queueName } from '#pipeline/environment.ts';
import { messageOf, timeMs } from '#pipeline/lost.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { currentOf } from '#pipeline/patients.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { isLookedFor } from '#pipeline/sets.ts';
import { pageOf } from './ended-runs.ts';
import type { ReconcilePorts, Resending } from './resend.ts';
import type { Round, Sweep } from './sweep.ts';

/** For so long after the delivery, every so often. */
const CHECKED_FOR_MS = 3 * 86_400_000;
const CHECKED_EVERY_MS = 6 * 3_600_000;

/** No live result waits for a look. */
const QUEUE = queueName({ step: 'return', lane: 'backfill' });

export function deliveredSets({ runs, sets, queueNamed }: ReconcilePorts, { nowMs }: Resending): Sweep<RunRecord> {
  /** It is due once in every stretch of the run's age, in the first round that begins after that. */
  function isDue({ changed }: RunRecord, { began, since }: Round): boolean {
    const stretchAt = (ms: number): number => Math.max(0, Math.floor((ms - timeMs(changed)) / CHECKED_EVERY_MS));
    return stretchAt(timeMs(began)) > stretchAt(timeMs(since));
  }

  async function look(run: RunRecord, round: Round): Promise<void> {
    if (!isDue(run, round)) return;
    const all = (await sets.get(run)).study.sets;
    const message = messageOf(run);
    if (message === undefined) return;
    for (const set of all) {
      if (set.runId !== run.runId || set.answer !== 'result' || currentOf(all, set) !== set) continue;
      const asked: RunMessage = { ...message, set: set.setId, check: true };
      if (isLookedFor(set.state)) await queueNamed(QUEUE).send(JSON.stringify(asked));
    }
  }

  return {
    name: 'delivered-sets',
    page: async (after) =>
      await pageOf(runs, ['delivered', 'missing', 'withdrawn'], nowMs - CHECKED_FOR_MS, nowMs, after),
    look,
    mostPages: 10,
    mostEntries: 500,
  };
}
