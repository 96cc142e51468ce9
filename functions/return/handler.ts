/** Brings a run's objects back to the archive (`pipeline/deliver.ts`) and writes down that they are there. */
import { ArchiveRequestError, ConfigurationError, IntegrityError } from '#core/errors.ts';
import { type DeliveryArchive, deliver } from '#pipeline/deliver.ts';
import { objectListKey } from '#pipeline/keys.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';

export interface ReturnDependencies extends RunDependencies {
  /** Asked for with every message, so that a rotated secret is read anew. */
  readonly archive: () => Promise<DeliveryArchive>;
}

export function makeHandler(dependencies: ReturnDependencies): QueueHandler {
  const { objects, runs, observer } = dependencies;

  /** A run that was rejected or failed stays so, however well the object that says so was delivered. */
  async function endOf(runId: string): Promise<'rejected' | 'failed'> {
    return (await runs.get(runId))?.state === 'rejected' ? 'rejected' : 'failed';
  }

  return consumeRuns(
    {
      comesAs: 'converted',
      async work(message) {
        const { runId, answer } = message;
        const stored = await objects.get(objectListKey(runId, answer));
        if (stored === undefined) throw new IntegrityError("The list of the run's objects is not in the bucket");
        const list = parseObjectList(stored);
        await deliver(message, list, dependencies).catch(asSetting);
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

/** What the archive cannot do at all is a wrong address: the result waits for a person and is not given up. */
function asSetting(error: unknown): never {
  if (!(error instanceof ArchiveRequestError)) throw error;
  const mend = "Check the address in the archive's secret (HILUM_ARCHIVE_SECRET).";
  throw new ConfigurationError(`${error.message}. ${mend}`, { cause: error, facts: error.facts });
}
