/** What the journal of this machine's edge knows of studies: those that wait, that it left out, or that have no run yet. */
import type { Reason } from '#core/errors.ts';
import type { Journal, JournalStudy, RefusedFile, RefusedSeries, StudyState } from '#edge/journal.ts';
import type { RunRecord, RunStore } from '#pipeline/ports.ts';
import type { StatusQuery } from './query.ts';
import type { ShownSet } from './sets.ts';

/** Files and series of a study that the edge refused, which no tool has seen. */
export interface WithRefused {
  readonly refused?: readonly RefusedFile[];
  readonly refusedSeries?: readonly RefusedSeries[];
}

/** The sets are asked for only of the runs of one study. */
export type ShownRun = RunRecord & WithRefused & { readonly sets?: readonly ShownSet[] };

/** A study at the edge, as it is shown. */
export interface StudyAtEdge extends WithRefused {
  readonly StudyInstanceUID: string;
  readonly state: StudyState;
  readonly reason?: Reason;
  /** How many attempts have failed. */
  readonly attempts?: number;
  /** When a study that waits is tried next (ISO 8601, UTC). */
  readonly nextAttempt?: string;
  readonly stages: { readonly seen: string; readonly skipped?: string; readonly uploaded?: string };
}

export const refusedOf = ({ refused, refusedSeries }: JournalStudy): WithRefused => ({
  ...(refused.length > 0 && { refused }),
  ...(refusedSeries.length > 0 && { refusedSeries }),
});

/** The newest studies of the asked states. `left` counts those of a state that are not among them. */
export async function studiesAtEdge(
  journal: Journal,
  runs: Pick<RunStore, 'list'>,
  { study, edge, sinceMs, limit }: StatusQuery,
  shown: ReadonlySet<string>,
): Promise<{ readonly studies: readonly StudyAtEdge[]; readonly left: ReadonlyMap<StudyState, number> }> {
  const all = study === undefined ? [] : withoutRemains(journal.of(study));
  const found = edge.flatMap((state) => {
    if (study === undefined) return journal.newest(state, sinceMs, limit);
    return all.filter((one) => one.state === state && one.seenAt >= sinceMs);
  });
  // A study that has runs is shown by them, unless it waits again, or was left out when it had changed.
  const unknown = found.filter(({ state, StudyInstanceUID }) => state !== 'uploaded' || !shown.has(StudyInstanceUID));
  const studies: StudyAtEdge[] = [];
  for (let start = 0; start < unknown.length; start += AT_ONCE) {
    const some = unknown.slice(start, start + AT_ONCE);
    const known = await Promise.all(
      some.map(async (entry) => entry.state === 'uploaded' && (await hasRun(runs, entry))),
    );
    studies.push(...some.filter((_, index) => known[index] !== true).map(asShown));
  }
  const left = new Map<StudyState, number>();
  if (study === undefined)
    for (const state of edge) {
      const more = journal.count(state, sinceMs) - limit;
      // Almost all studies that were uploaded have runs.
      if (more > 0 && state !== 'uploaded') left.set(state, more);
    }
  return { studies, left };
}

/** Of several studies of one UID, a corrected patient leaves one behind, which is gone or has only our results. */
function withoutRemains(studies: readonly JournalStudy[]): readonly JournalStudy[] {
  const others = studies.filter(({ state, reason }) => state !== 'skipped' || !REMAINS.includes(reason?.code ?? ''));
  return others.length === 0 ? studies : others;
}

const REMAINS: readonly string[] = ['own-output', 'study-gone'];

/** The queries to the runs table at once. */
const AT_ONCE = 10;

async function hasRun(runs: Pick<RunStore, 'list'>, { StudyInstanceUID }: JournalStudy): Promise<boolean> {
  return (await runs.list({ StudyInstanceUID, limit: 1 })).runs.length > 0;
}

function asShown(entry: JournalStudy): StudyAtEdge {
  const { StudyInstanceUID, state, reason, seenAt, settledAt, attempts, nextAttemptAt } = entry;
  const seen = new Date(seenAt).toISOString();
  const settled = settledAt === undefined || state === 'seen' ? {} : { [state]: new Date(settledAt).toISOString() };
  return {
    ...{ StudyInstanceUID, state },
    ...(reason && { reason }),
    ...(attempts > 0 && { attempts }),
    ...(state === 'seen' && nextAttemptAt > 0 && { nextAttempt: new Date(nextAttemptAt).toISOString() }),
    stages: { seen, ...settled },
    ...refusedOf(entry),
  };
}
