/** Stores a run's results again, because a person wants them: what the PACS does not have of them. */
import { queueName } from './environment.ts';
import { messageOf } from './lost.ts';
import type { RunMessage } from './messages.ts';
import type { Queue, RunRecord, SetTable, WorkLedger } from './ports.ts';
import { type Again, storeAgain } from './store-again.ts';
import { runWork } from './work.ts';

export interface DeliverAgainPorts {
  readonly sets: SetTable;
  readonly ledger: Pick<WorkLedger, 'end'>;
  /** A queue by its name without the deployment's prefix. */
  readonly queueNamed: (name: string) => Pick<Queue, 'send'>;
}

export type DeliveredAgain =
  /** The message of the run's set went to this queue. */
  | (Extract<Again, { readonly kind: 'again' }> & { readonly queue: string })
  | Exclude<Again, { readonly kind: 'again' }>
  /** The run was recorded before rows held what its message needs. */
  | { readonly kind: 'older' };

/**
 * The table is told first: a message that came before would find the set delivered, and store nothing. If this process ends between the two,
 * the next attempt sends the message.
 */
export async function deliverAgain(
  { sets, ledger, queueNamed }: DeliverAgainPorts,
  run: RunRecord,
): Promise<DeliveredAgain> {
  const { runId, lane } = run;
  if (messageOf(run) === undefined) return { kind: 'older' };
  const again = await storeAgain(sets, run, runId);
  if (again.kind !== 'again') return again;
  const { setId, answer } = again.set;
  const body = JSON.stringify({ ...messageOf(run, answer), set: setId } satisfies Partial<RunMessage>);
  // It may have been given up. It has its whole time again.
  await ledger.end(runWork('return', { runId, answer }));
  const queue = queueName({ step: 'return', lane });
  await queueNamed(queue).send(body);
  return { ...again, queue };
}
