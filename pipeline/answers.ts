/** A run's stored answers: reading them, and storing the failure that stands in for a result. */
import { IntegrityError, MessageError } from '#core/errors.ts';
import { type NonResultOptions, nonResult, parseResult, serialiseResult } from '#core/results/result.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { failureKey } from './keys.ts';
import type { RunMessage } from './messages.ts';
import type { ObjectStore } from './ports.ts';

/**
 * The answer under `key`, or undefined where there is none.
 *
 * @throws IntegrityError where it cannot be read: that is tried again and ends as a dead letter, of which the radiologist
 *   is told, whereas a run that is rejected would end in silence
 */
export async function readAnswer(objects: ObjectStore, key: string): Promise<ProcessingResult | undefined> {
  const bytes = await objects.get(key);
  try {
    return bytes === undefined ? undefined : parseResult(bytes);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new IntegrityError("The run's stored answer cannot be read", { cause: error });
  }
}

/** Stores an answer that says that there is none, for the radiologist; the first one stands. */
export async function storeFailure(
  objects: ObjectStore,
  { runId, version, inputDigest }: RunMessage,
  about: Pick<NonResultOptions, 'description' | 'inputs' | 'reason'>,
): Promise<void> {
  const failure = nonResult({ ...about, version, inputDigest, outcome: 'failed' });
  const options = { ifAbsent: true, contentType: 'application/json' };
  await objects.put(failureKey(runId), serialiseResult(failure), options);
}
