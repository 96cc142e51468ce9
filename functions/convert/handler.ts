/**
 * Converts a run's answer to DICOM objects. If a result is gone, the tool runs again. A result that the output gate refuses goes to quarantine, and an object that
 * reports the failure is delivered instead.
 */
import { errorFacts, METRICS } from '#adapters/aws/observe.ts';
import { reasonOf } from '#core/errors.ts';
import { storeFailure } from '#pipeline/answers.ts';
import { convertAnswer, type Refusal } from '#pipeline/convert.ts';
import type { QueueRole } from '#pipeline/environment.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import type { Queue } from '#pipeline/ports.ts';
import { quarantine } from '#pipeline/quarantine.ts';
import type { SiteSettings } from '#pipeline/set-file.ts';
import { standingSetOf } from '#pipeline/sets.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { madeAgain } from '../shared/made-again.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';

export interface ConvertDependencies extends RunDependencies, SiteSettings {
  readonly queue: (role: QueueRole) => Queue;
}

export function makeHandler(dependencies: ConvertDependencies): QueueHandler {
  const { objects, runs, sets, queue, observer, clock } = dependencies;

  /** Quarantines a refused answer. If it was a result, converts a failure in the place of its set. */
  async function refused(message: RunMessage, setId: string, { error, result }: Refusal): Promise<void> {
    await quarantine(objects, message, error);
    observer.count(METRICS.quarantined);
    // If the failure itself is refused, there is nothing left to deliver.
    if (message.answer === 'failure') throw error;
    const reason = reasonOf(error);
    const { tool: description, inputs } = result.metadata;
    await storeFailure(objects, message, { description, inputs, reason }, clock);
    await passOn({ ...message, answer: 'failure', set: setId });
    const gaveUp = { step: 'convert', cause: 'never' } as const;
    await runs.record({ ...identityOf(message), state: 'rejected', outcome: 'failed', reason, gaveUp });
    observer.log('error', 'refused', { runId: message.runId, ...errorFacts(error) });
  }

  /** A failed run keeps its end, and so does one with another set. */
  async function superseded(message: RunMessage): Promise<void> {
    const { runId, answer } = message;
    if (answer === 'result' && (await standingSetOf(sets, message)) === undefined)
      await runs.record({ ...identityOf(message), state: 'superseded' });
    observer.log('info', 'superseded', { runId, answer });
  }

  async function passOn(message: RunMessage): Promise<void> {
    const { runId, answer, lane } = message;
    const converted = await convertAnswer(dependencies, message).catch((error: unknown) =>
      madeAgain(dependencies, 'infer', message, error),
    );
    if (converted === undefined) return;
    if (converted.kind === 'superseded') return await superseded(message);
    const { set } = converted;
    if (converted.kind === 'refused') return await refused(message, set.setId, converted.refusal);
    const { outcome, reason, summary, objects: listed } = converted.list;
    if (answer === 'result') {
      await runs.record({
        ...identityOf(message),
        state: 'converted',
        ...{ outcome, summary, set: set.setId },
        ...(reason === undefined ? {} : { reason }),
      });
    }
    await queue({ step: 'return', lane }).send(JSON.stringify({ ...message, set: set.setId } satisfies RunMessage));
    observer.log('info', 'converted', { runId, answer, objects: listed.length });
  }

  return consumeRuns({ stage: 'convert', comesAs: 'inferred', work: passOn }, dependencies);
}
