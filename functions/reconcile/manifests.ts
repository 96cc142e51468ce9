/**
 * Manifests that were never routed, or not to the end, because the bucket's event was lost or the intake queue was purged; and those whose results
 * were to be converted again, where the message about it was lost.
 */
import { allRuns } from '#pipeline/all-runs.ts';
import { queueName } from '#pipeline/environment.ts';
import { type Lane, manifestPrefix, parseManifestKey } from '#pipeline/keys.ts';
import {
  isOpen,
  LOST_AFTER_S,
  queuesOf as namesOf,
  RETENTION_S,
  RUN_STEPS,
  SILENT_AFTER_S,
  timeMs,
} from '#pipeline/lost.ts';
import { s3EventOf } from '#pipeline/messages.ts';
import { currentOf, routedUploads } from '#pipeline/patients.ts';
import type { ListedObject, RunRecord } from '#pipeline/ports.ts';
import { RETURNED_STATES, type RunState } from '#pipeline/run-state.ts';
import { UNDER_WAY } from '#pipeline/sets.ts';
import { isOfRevision } from '#pipeline/unrouted.ts';
import { intakeWork } from '#pipeline/work.ts';
import type { Mended, ReconcilePorts, Resending } from './resend.ts';
import type { Round, Sweep } from './sweep.ts';

/** A lane has so many keys looked through in an invocation, most of which are older than the retention and cost nothing more. */
const PAGES = { live: 40, backfill: 20 } as const;
/** And of so many manifests the runs. */
const MANIFESTS = { live: 2000, backfill: 1000 } as const;

export function manifests(
  lane: Lane,
  { objects, runs, sets, ledger, queueNamed }: ReconcilePorts,
  { nowMs, emptyAtMs, queuesOf, mended }: Resending,
): Sweep<ListedObject> {
  const intake = queueName({ step: 'intake', lane });

  async function look({ key, modified }: ListedObject, round: Round): Promise<void> {
    const place = parseManifestKey(key);
    const left = place && (await leftToDo(key, place));
    if (left === undefined) return;
    // What an earlier round sent is in the queues, unless they were seen empty since.
    const emptyAt = (await emptyAtMs(left.queues)) ?? 0;
    if (emptyAt < timeMs(round.began) && !isDueAnyway(timeMs(modified), round)) return;
    await queueNamed(intake).send(s3EventOf(key));
    mended(left.what, { ...place, queue: intake });
  }

  async function leftToDo(
    key: string,
    { StudyInstanceUID, revision }: { readonly StudyInstanceUID: string; readonly revision: string },
  ): Promise<{ readonly what: Mended; readonly queues: readonly string[] } | undefined> {
    const own = (await allRuns(runs, { StudyInstanceUID })).filter((run) => isOfRevision(run, revision));
    const queues = namesOf({ step: 'intake', lane });
    if (!(await isRouted(key, own))) return { what: 'manifest-not-routed', queues };
    for (const run of own) {
      if (!RETURNED.includes(run.state) || !(await isOutstanding(run, revision))) continue;
      return { what: 'set-not-delivered', queues: [...queues, ...RUN_STEPS.flatMap((step) => queuesOf(step, run))] };
    }
    return undefined;
  }

  /**
   * A run that returned results once has no state on the way: it may be converted again for another identity, or because its images are
   * back. Its newest upload is finished once its set is.
   */
  async function isOutstanding({ runId, StudyInstanceUID, tool }: RunRecord, revision: string): Promise<boolean> {
    const { study } = await sets.get({ StudyInstanceUID, tool });
    const routed = routedUploads(study).find((one) => one.runId === runId && one.revision === revision);
    if (routed === undefined) return false;
    const current = currentOf(study.sets, routed);
    return current === undefined || current.sequence < routed.sequence || UNDER_WAY.includes(current.state);
  }

  /** A manifest is routed once every tool has a run of its revision. Until then, the ledger knows of the routing. */
  async function isRouted(key: string, own: readonly RunRecord[]): Promise<boolean> {
    if (own.length === 0 || own.some(isUnlisted)) return false;
    const name = intakeWork([key]);
    const known = name === undefined ? undefined : await ledger.get(name);
    return known === undefined || (known.open === 0 && known.failing === undefined);
  }

  /**
   * While the intake queue is never empty, a manifest's own message may be in it. It is sent again with every so many days of its
   * age: when they have passed since the round before.
   */
  function isDueAnyway(modifiedMs: number, { since }: Round): boolean {
    const periodsAt = (ms: number): number => Math.max(0, Math.floor((ms - modifiedMs) / 1000 / SILENT_AFTER_S[lane]));
    return periodsAt(nowMs) > periodsAt(timeMs(since));
  }

  return {
    name: `manifests-${lane}`,
    async page(after) {
      const { objects: found, isLast } = await objects.list(manifestPrefix(lane), after === undefined ? {} : { after });
      const entries = found.filter(({ modified }) => {
        const ageS = (nowMs - timeMs(modified)) / 1000;
        return ageS >= LOST_AFTER_S && ageS < RETENTION_S;
      });
      const last = found.at(-1)?.key;
      return { entries, ...(!isLast && last !== undefined && { next: last }) };
    },
    look,
    mostPages: PAGES[lane],
    mostEntries: MANIFESTS[lane],
  };
}

const RETURNED: readonly RunState[] = RETURNED_STATES;

/** An open run that was recorded before rows held when they changed. The list of open runs does not have it. */
const isUnlisted = ({ state, changed }: RunRecord): boolean => isOpen(state) && changed === undefined;
