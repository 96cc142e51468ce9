/** What all parts of the reconciler share: they send messages again, ask how much queues hold, and count what they mended. */
import { METRICS, type Observer } from '#adapters/aws/observe.ts';
import type { Clock } from '#core/ports.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { MOST_RESENDS, queuesOf, type RunStep, roleOf } from '#pipeline/lost.ts';
import type {
  MeasuredQueue,
  ObjectListing,
  Queue,
  RunRecord,
  RunStore,
  SetTable,
  WorkLedger,
} from '#pipeline/ports.ts';

/** What was mended, as logs name it. */
export type Mended =
  | 'message-lost'
  | 'manifest-not-routed'
  | 'dead-letter-lost'
  | 'failure-not-told'
  | 'delivery-not-recorded'
  | 'set-not-delivered'
  | 'entry-left'
  | 'tool-not-deployed';

export interface ReconcilePorts {
  readonly objects: ObjectListing;
  readonly runs: RunStore;
  readonly sets: Pick<SetTable, 'get'>;
  readonly ledger: WorkLedger;
  readonly observer: Observer;
  readonly clock: Clock;
  /** A queue by its name without the deployment's prefix; dead-letter queues too. */
  readonly queueNamed: (name: string) => Pick<Queue, 'send'> & MeasuredQueue;
  readonly catalog: readonly ToolEntry[];
}

export interface Resending {
  /** The invocation's time. */
  readonly nowMs: number;
  /**
   * When all these queues were last seen empty, in this invocation or in an earlier one: what is sent again must not hide that
   * other messages are gone, too. Each queue is asked once.
   */
  readonly emptyAtMs: (names: readonly string[]) => Promise<number | undefined>;
  /** The names of a step's queues for a run. The inference queues of a tool that is not deployed do not exist. */
  readonly queuesOf: (step: RunStep | 'intake', run: RunRecord) => readonly string[];
  readonly isDeployed: (tool: string) => boolean;
  readonly mended: (what: Mended, facts: Readonly<Record<string, string>>) => void;
  /** Sends a run's message to a queue, and records this at the run. */
  readonly resend: (
    what: Mended,
    run: RunRecord,
    to: { readonly queue: string; readonly body: string },
  ) => Promise<void>;
}

/** @param seenEmpty when each queue was last seen empty, milliseconds since the epoch; written to */
export function createResending(
  { runs, observer, queueNamed, catalog }: ReconcilePorts,
  seenEmpty: Map<string, number>,
  nowMs: number,
): Resending {
  const asked = new Map<string, Promise<void>>();
  async function ask(name: string): Promise<void> {
    if ((await queueNamed(name).depth()) === 0) seenEmpty.set(name, nowMs);
  }
  function mended(what: Mended, facts: Readonly<Record<string, string>>): void {
    observer.count(METRICS.reconciled);
    observer.log('warn', 'reconciled', { code: what, ...facts });
  }
  const isDeployed = (tool: string): boolean => catalog.some(({ manifest }) => manifest.id === tool);
  return {
    mended,
    isDeployed,
    queuesOf: (step, run) => (step === 'infer' && !isDeployed(run.tool) ? [] : queuesOf(roleOf(step, run))),
    nowMs,
    async emptyAtMs(names) {
      for (const name of names) {
        const answer = asked.get(name) ?? ask(name);
        asked.set(name, answer);
        await answer;
      }
      const times = names.map((name) => seenEmpty.get(name) ?? 0);
      const earliest = Math.min(...times);
      return earliest === 0 || names.length === 0 ? undefined : earliest;
    },
    async resend(what, run, { queue, body }) {
      const { runId, tool, state, resent } = run;
      const times = (resent?.times ?? 0) + 1;
      // First the message: if recording fails, it is sent once more, and two of them do what one does.
      await queueNamed(queue).send(body);
      await runs.record({ ...kept(run), resent: { at: new Date(nowMs).toISOString(), times } });
      mended(what, { runId, tool, state, queue });
      if (times < MOST_RESENDS) return;
      observer.count(METRICS.stuck);
      observer.log('error', 'stuck', { runId, tool, state, queue, times });
    },
  };
}

/** What a run's row says, recorded again. */
function kept({ runId, StudyInstanceUID, revision, tool, version, lane, state, reason, failingSince }: RunRecord) {
  return {
    ...{ runId, StudyInstanceUID, revision, tool, version, lane, state },
    ...(reason && { reason }),
    ...(failingSince !== undefined && { failingSince }),
  };
}
