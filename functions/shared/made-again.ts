/** Sends a run one step back, if what that step stored is not in the bucket any more. */
import { errorFacts, METRICS } from '#adapters/aws/observe.ts';
import { MissingProductError, reasonOf } from '#core/errors.ts';
import type { QueueRole } from '#pipeline/environment.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import type { Queue } from '#pipeline/ports.ts';
import { identityOf, type RunDependencies } from './runs.ts';

interface MakingAgain extends Pick<RunDependencies, 'runs' | 'observer'> {
  readonly queue: (role: QueueRole) => Pick<Queue, 'send'>;
}

/** The state of a run whose product of this step is gone. */
const HAVING = { infer: 'inferred', convert: 'converted' } as const;

/**
 * A run whose product is gone says why at the state that it has, and its message goes to the step that makes the product again.
 * Every other error is thrown again.
 *
 * @returns undefined, so that the caller stops
 */
export async function madeAgain(
  { runs, queue, observer }: MakingAgain,
  step: 'infer' | 'convert',
  message: RunMessage,
  error: unknown,
): Promise<undefined> {
  if (!(error instanceof MissingProductError)) throw error;
  const { runId, answer, tool, lane } = message;
  const role: QueueRole = step === 'infer' ? { step, tool, lane } : { step, lane };
  await queue(role).send(JSON.stringify(message));
  // A failed run keeps its own reason.
  if (answer === 'result') await runs.record({ ...identityOf(message), state: HAVING[step], reason: reasonOf(error) });
  observer.count(METRICS.madeAgain);
  observer.log('warn', 'made-again', { runId, answer, step, ...errorFacts(error) });
}
