/** What all parts of the reconciler share: they send messages again, ask how much queues hold, and count what they mended. */
import { METRICS, type Observer } from '#adapters/aws/observe.ts';
import type { Clock } from '#core/ports.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { MOST_RESENDS, queuesOf, type RunStep, roleOf, secondsSince } from '#pipeline/lost.ts';
import type { MeasuredQueue, ObjectListing, Queue, RunRecord, RunStore, WorkLedger } from '#pipeline/ports.ts';

/** What was mended, as logs name it. */
export type Mended =
  | 'message-lost'
  | 'manifest-not-routed'
  | 'dead-letter-lost'
  | 'failure-not-told'
  | 'receipt-not-recorded'
  | 'entry-left'
  | 'tool-not-deployed';

export interface ReconcilePorts {
  readonly objects: ObjectListing;
  readonly runs: RunStore;
  readonly ledger: WorkLedger;
  readonly observer: Observer;
  readonly clock: Clock;
  /** A queue by its name without the deployment's prefix; dead-letter queues too. */
  readonly queueNamed: (name: string) => Pick<Queue, 'send'> & MeasuredQueue;
  readonly catalog: readonly ToolEntry[];
}

export interface Resending {
  /** Whether any of these queues holds a message. Each queue is asked once in an invocation. */
  readonly holdsAny: (names: readonly string[]) => Promise<boolean>;
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
  readonly secondsSince: (time: string | undefined) => number;
}

export function createResending({ runs, observer, clock, queueNamed, catalog }: ReconcilePorts): Resending {
  const depths = new Map<string, Promise<number>>();
  function depthOf(name: string): Promise<number> {
    const known = depths.get(name) ?? queueNamed(name).depth();
    depths.set(name, known);
    return known;
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
    secondsSince: (time) => secondsSince(time, clock.now()),
    async holdsAny(names) {
      const found = await Promise.all(names.map(depthOf));
      return found.some((depth) => depth > 0);
    },
    async resend(what, run, { queue, body }) {
      const { runId, tool, state, resent } = run;
      const times = (resent?.times ?? 0) + 1;
      // First the message: if recording fails, it is sent once more, and two of them do what one does.
      await queueNamed(queue).send(body);
      await runs.record({ ...kept(run), resent: { at: new Date(clock.now()).toISOString(), times } });
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
