/** What infer, convert and return have in common: they process one run and record its state. */
import { parseRunMessage, type RunMessage } from '#pipeline/messages.ts';
import type { RunStore, RunUpdate, SetTable } from '#pipeline/ports.ts';
import { type RunState, stateRank } from '#pipeline/run-state.ts';
import { checkWork, runWork } from '#pipeline/work.ts';
import { type ConsumerDependencies, consume, type Delivery, type QueueHandler } from './consume.ts';

export interface RunDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
  readonly sets: SetTable;
}

export interface RunWork {
  readonly stage: 'infer' | 'convert' | 'return';
  /** The state in which a run enters this step. The run keeps it, with the reason, while the step is retried. */
  readonly comesAs: RunState;
  readonly work: (message: RunMessage, delivery: Delivery) => Promise<void>;
}

/** The identity of a message's run, for the runs table. */
export function identityOf({
  runId,
  StudyInstanceUID,
  revision,
  inputDigest,
  tool,
  version,
  lane,
  identity,
  sequence,
}: RunMessage): Omit<RunUpdate, 'state'> {
  return { runId, StudyInstanceUID, revision, inputDigest, tool, version, lane, identity, sequence };
}

/** A handler of run messages; see `consume` for the effect of errors. */
export function consumeRuns({ stage, comesAs, work }: RunWork, dependencies: RunDependencies): QueueHandler {
  /** A run that was sent back a step, or whose message came again, is further than its step. An ended run keeps its reason. */
  async function presentState(runId: string, least: RunState): Promise<RunState> {
    const state = (await dependencies.runs.get(runId))?.state ?? least;
    return stateRank(state) > stateRank(least) && stateRank(state) <= stateRank('converted') ? state : least;
  }

  return consume(
    {
      stage,
      work: async (delivery) => work(parseRunMessage(delivery.body), delivery),
      nameOf(body) {
        const message = parseRunMessage(body);
        return message.check === true ? checkWork(message) : runWork(stage, message);
      },
      async note({ body }, { reason, since }) {
        const message = parseRunMessage(body);
        // A failed run keeps its reason, even if the object that reports the failure cannot be delivered.
        if (message.answer === 'failure' || message.check === true) return;
        const state = await presentState(message.runId, comesAs);
        await dependencies.runs.record({ ...identityOf(message), state, reason, failingSince: since });
      },
    },
    dependencies,
  );
}
