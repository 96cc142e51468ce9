/** Reads a run's stored answers, and stores the failure that stands in for a result. */
import { IntegrityError, MessageError } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import { type NonResultOptions, nonResult, parseResult, serialiseResult, storedAt } from '#core/results/result.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { failureKey } from './keys.ts';
import type { RunMessage } from './messages.ts';
import type { ObjectStore } from './ports.ts';

/**
 * The answer under `key`, or undefined if there is none.
 *
 * @throws IntegrityError if the answer cannot be read. The message is then retried and ends as a dead letter, and the
 *   radiologist gets a report. A MessageError would reject the run without telling anyone.
 */
export async function readAnswer(
  objects: Pick<ObjectStore, 'get'>,
  key: string,
): Promise<ProcessingResult | undefined> {
  const bytes = await objects.get(key);
  try {
    return bytes === undefined ? undefined : parseResult(bytes);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new IntegrityError("The run's stored answer cannot be read", { cause: error });
  }
}

/** Stores the failure answer, which tells the radiologist that there is no result. The first one stored wins. */
export async function storeFailure(
  objects: ObjectStore,
  message: RunMessage,
  about: Pick<NonResultOptions, 'description' | 'inputs' | 'reason'>,
  clock: Clock,
): Promise<void> {
  const { version, inputDigest } = message;
  const failure = storedAt(nonResult({ ...about, version, inputDigest, outcome: 'failed' }), clock.now());
  const options = { ifAbsent: true, contentType: 'application/json' };
  await objects.put(failureKey(message), serialiseResult(failure), options);
}
