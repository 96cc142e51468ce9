/** What infer, convert and return have in common: they work on one run, and write down what becomes of it. */
import { dispositionOf, reasonOf } from '#core/errors.ts';
import { parseRunMessage, type RunMessage } from '#pipeline/messages.ts';
import type { RunStore, RunUpdate } from '#pipeline/ports.ts';
import type { RunState } from '#pipeline/run-state.ts';
import { type ConsumerDependencies, consume, type Delivery, type QueueHandler } from './consume.ts';

export interface RunDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
}

export interface RunWork {
  /** The state in which runs come to this step: where a run stays, with the reason, while it is tried again. */
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

/** A handler of run messages; see `consume` for what errors do. */
export function consumeRuns({ comesAs, work }: RunWork, dependencies: RunDependencies): QueueHandler {
  async function note({ body }: Delivery, error: unknown): Promise<'noted' | 'unknown'> {
    const message = tryParse(body);
    if (message === undefined) return 'unknown';
    // A run that failed keeps the reason of its failure, whatever happens to the object that tells of it.
    const state = dispositionOf(error) === 'reject' ? 'rejected' : comesAs;
    if (message.answer === 'failure') return 'unknown';
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
