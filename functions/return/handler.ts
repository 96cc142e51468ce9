/** Delivers a run's objects to the archive (`pipeline/deliver.ts`) and records the delivery. If the objects are gone, they are made again. */
import { ArchiveRequestError, ConfigurationError, MissingProductError } from '#core/errors.ts';
import { type DeliveryArchive, deliver } from '#pipeline/deliver.ts';
import type { QueueRole } from '#pipeline/environment.ts';
import { objectListKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { type ObjectList, parseObjectList } from '#pipeline/object-list.ts';
import type { Queue } from '#pipeline/ports.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { madeAgain } from '../shared/made-again.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';

export interface ReturnDependencies extends RunDependencies {
  /** Called for every message, so that a rotated secret is read again. */
  readonly archive: () => Promise<DeliveryArchive>;
  readonly queue: (role: QueueRole) => Pick<Queue, 'send'>;
}

export function makeHandler(dependencies: ReturnDependencies): QueueHandler {
  const { objects, runs, observer } = dependencies;

  /** A delivered failure does not change the run's end state: it stays rejected or failed. */
  async function endOf(runId: string): Promise<'rejected' | 'failed'> {
    return (await runs.get(runId))?.state === 'rejected' ? 'rejected' : 'failed';
  }

  async function delivered(message: RunMessage): Promise<ObjectList> {
    const { tool, runId, answer, set: setId } = message;
    const stored = setId === undefined ? undefined : await objects.get(objectListKey({ tool, runId, setId }));
    if (setId === undefined || stored === undefined)
      throw new MissingProductError("The list of the run's objects is not in the bucket");
    const list = parseObjectList(stored);
    await deliver({ tool, runId, setId, answer }, list, dependencies).catch(asSetting);
    return list;
  }

  return consumeRuns(
    {
      stage: 'return',
      comesAs: 'converted',
      async work(message) {
        const { runId, answer } = message;
        const list = await delivered(message).catch((error: unknown) =>
          madeAgain(dependencies, 'convert', message, error),
        );
        if (list === undefined) return;
        const { outcome, reason, summary } = list;
        await runs.record({
          ...identityOf(message),
          state: answer === 'result' ? 'delivered' : await endOf(runId),
          ...{ outcome, summary },
          ...(reason === undefined ? {} : { reason }),
          objects: list.objects.map((object) => object.SOPInstanceUID),
        });
        observer.log('info', 'delivered', { runId, answer, objects: list.objects.length });
      },
    },
    dependencies,
  );
}

/** If the archive refuses the request itself, its address is likely wrong. The result then waits for a person (`halt`). */
function asSetting(error: unknown): never {
  if (!(error instanceof ArchiveRequestError)) throw error;
  const fix = "Check the address in the archive's secret (HILUM_ARCHIVE_SECRET).";
  throw new ConfigurationError(`${error.message}. ${fix}`, { cause: error, facts: error.facts });
}
