/** What infer, convert and return have in common: they process one run and record its state. */
import { dispositionOf, reasonOf } from '#core/errors.ts';
import { parseRunMessage, type RunMessage } from '#pipeline/messages.ts';
import type { RunStore, RunUpdate } from '#pipeline/ports.ts';
import type { RunState } from '#pipeline/run-state.ts';
import { type ConsumerDependencies, consume, type Delivery, type QueueHandler } from './consume.ts';

export interface RunDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
}

export interface RunWork {
  /** The state in which a run enters this step. The run keeps it, with the reason, while the step is retried. */
  readonly comesAs: RunState;
  readonly work: (message: RunMessage, delivery: Delivery) => Promise<void>;
}

/** The identity of a message's run, for the runs table. */
export function identityOf({
  runId,
  StudyInstanceUID,
  revision,
  tool,
  version,
  lane,
}: RunMessage): Omit<RunUpdate, 'state'> {
  return { runId, StudyInstanceUID, revision, tool, version, lane };
}

/** A handler of run messages; see `consume` for the effect of errors. */
export function consumeRuns({ comesAs, work }: RunWork, dependencies: RunDependencies): QueueHandler {
  async function note({ body }: Delivery, error: unknown): Promise<'noted' | 'unknown'> {
    const message = tryParse(body);
    if (message === undefined) return 'unknown';
    // A failed run keeps its reason, even if the object that reports the failure cannot be delivered.
    if (message.answer === 'failure') return 'unknown';
    const state = dispositionOf(error) === 'reject' ? 'rejected' : comesAs;
    await dependencies.runs.record({ ...identityOf(message), state, reason: reasonOf(error) });
    return 'noted';
  }
  return consume({ work: async (delivery) => work(parseRunMessage(delivery.body), delivery), note }, dependencies);
}

function tryParse(body: string): RunMessage | undefined {
  try {
    return parseRunMessage(body);
  } catch {
    return undefined;
  }
}
