/**
 * Delivers a set of a run's objects to the archive (`pipeline/deliver.ts`) and records what became of it. If the objects are gone, or the study
 * has another identity in the archive now, they are made again. A message may also ask for a look only (`check.ts`).
 */
import { ArchiveRequestError, ConfigurationError, MissingProductError } from '#core/errors.ts';
import { type Delivered, deliver, type OpenArchive } from '#pipeline/deliver.ts';
import type { QueueRole } from '#pipeline/environment.ts';
import { objectListKey, type SetFolder } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { type ObjectList, parseObjectList } from '#pipeline/object-list.ts';
import type { PinnedSet, Queue } from '#pipeline/ports.ts';
import { readSetFile, type SetFile } from '#pipeline/set-file.ts';
import { standingSetOf, UNDER_WAY } from '#pipeline/sets.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { madeAgain } from '../shared/made-again.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';
import { makeCheck } from './check.ts';

export interface ReturnDependencies extends RunDependencies {
  /** Called for every message, so that a rotated secret is read again. */
  readonly archive: () => Promise<OpenArchive>;
  readonly queue: (role: QueueRole) => Pick<Queue, 'send'>;
}

/** A set, its objects, and what became of it. */
interface Attempt {
  readonly set: SetFile;
  readonly list: ObjectList;
  readonly end: Delivered;
}

export function makeHandler(dependencies: ReturnDependencies): QueueHandler {
  const { objects, runs, sets, queue, observer } = dependencies;
  const check = makeCheck(dependencies);

  async function attempt({ tool, runId, answer, set: setId }: RunMessage): Promise<Attempt> {
    const folder: SetFolder | undefined = setId === undefined ? undefined : { tool, runId, setId };
    const set = folder && (await readSetFile(objects, folder));
    const stored = folder && (await objects.get(objectListKey(folder)));
    if (set?.answer !== answer || stored === undefined)
      throw new MissingProductError("The list of the run's objects is not in the bucket");
    const list = parseObjectList(stored);
    return { set, list, end: await deliver(set, list, dependencies).catch(asSetting) };
  }

  /** A delivered failure does not change the run's end state: it stays rejected or failed. */
  async function endOf({ runId, answer }: RunMessage) {
    if (answer === 'result') return 'delivered';
    return (await runs.get(runId))?.state === 'rejected' ? 'rejected' : 'failed';
  }

  async function recordDelivery(message: RunMessage, { set, list }: Attempt): Promise<void> {
    const { outcome, reason, summary } = list;
    await runs.record({
      ...identityOf(message),
      ...{ state: await endOf(message), outcome, summary },
      ...(message.answer === 'result' && { set: set.setId }),
      ...(reason === undefined ? {} : { reason }),
      objects: list.objects.map((object) => object.SOPInstanceUID),
    });
    for (const { runId } of set.replaces) if (runId !== set.runId) await recordReplaced(runId);
    // If a newer set was delivered before this was recorded, it found nothing to record. A table that is lost says nothing of that.
    const { study } = await sets.get(message);
    const own = study.sets.filter(({ runId }) => runId === set.runId);
    if (own.length > 0 && own.every(({ state }) => state === 'superseded')) await recordReplaced(set.runId);
  }

  /** A run that failed keeps its end: nothing of it was current but the object that said so. */
  async function recordReplaced(runId: string): Promise<void> {
    const run = await runs.get(runId);
    if (run?.state !== 'delivered' && run?.state !== 'missing') return;
    const { StudyInstanceUID, revision, tool, version, lane } = run;
    await runs.record({ runId, StudyInstanceUID, revision, tool, version, lane, state: 'superseded' });
  }

  /** The run goes on with its other set, also if the message about that one is lost. */
  async function recordOther(message: RunMessage, { setId, identity, sequence, answer, state }: PinnedSet) {
    if (answer !== 'result' || !UNDER_WAY.includes(state)) return;
    await runs.record({ ...identityOf(message), state: 'converted', set: setId, identity, sequence });
  }

  /** What is not delivered keeps what the run says of its answer. Where the run has another set, that one says how it ends. */
  async function recordEnd(message: RunMessage, tried: Attempt): Promise<void> {
    const { list, end, set } = tried;
    const { kind } = end;
    if (kind === 'other-identity' || kind === 'delivered') return;
    const standing = await standingSetOf(sets, message);
    if (standing !== undefined && standing.state !== kind) return await recordOther(message, standing);
    const { outcome, summary } = list;
    if (message.answer === 'result')
      await runs.record({ ...identityOf(message), state: kind, ...{ outcome, summary, set: message.set } });
    // The images may have come back, and the set with them, before this was recorded.
    const present = await standingSetOf(sets, message);
    if (present?.setId === set.setId && present.state === 'delivered') await recordDelivery(message, tried);
  }

  return consumeRuns(
    {
      stage: 'return',
      comesAs: 'converted',
      async work(message) {
        if (message.check === true) return await check(message);
        const { runId, answer, lane } = message;
        const tried = await attempt(message).catch((error: unknown) =>
          madeAgain(dependencies, 'convert', message, error),
        );
        if (tried === undefined) return;
        const { end, list } = tried;
        if (end.kind === 'delivered') await recordDelivery(message, tried);
        else if (end.kind === 'other-identity')
          await queue({ step: 'convert', lane }).send(JSON.stringify({ ...message, identity: end.identity }));
        else await recordEnd(message, tried);
        observer.log('info', end.kind, { runId, answer, objects: list.objects.length });
        if (end.kind === 'withdrawn' && end.left !== undefined)
          observer.log('error', 'results-left-without-images', { runId, objects: end.left });
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
