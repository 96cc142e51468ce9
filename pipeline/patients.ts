/**
 * Two patients under one Study Instance UID, a fault of archives: Orthanc names a study by Patient ID and this UID, so it has two. Each patient
 * has results of their own. Whose a set is, the upload says that gave it, and which other patients there were at that time.
 */
import type { PinnedSet, RoutedUpload, Speaker, StudySets } from './ports.ts';

type Upload = Speaker & Pick<RoutedUpload, 'runId' | 'sequence'>;

/**
 * Whether an upload says nothing of what an older one gave. Alone with its UID, it speaks for all: a patient that it does not name was corrected.
 * Beside other patients, it speaks for its own, and for a patient who is not there any more and had the same images: that one was
 * corrected, too.
 */
export function isApart(newer: Omit<Upload, 'sequence'>, older: Pick<Upload, 'runId' | 'patient'>): boolean {
  const { patient, others = [], runId } = newer;
  if (others.length === 0) return false;
  if (older.patient === undefined) return true;
  return older.patient !== patient && (others.includes(older.patient) || older.runId !== runId);
}

/** The same of two in any order: the newer one knew of both. */
export function isSetApart(a: Upload, b: Upload): boolean {
  if (a.sequence === b.sequence) return isApart(a, b) || isApart(b, a);
  return a.sequence > b.sequence ? isApart(a, b) : isApart(b, a);
}

/** The newest upload of each patient that was routed to the tool. */
export const routedUploads = ({ routed, alsoRouted = [] }: StudySets): readonly RoutedUpload[] =>
  routed === undefined ? [] : [routed, ...alsoRouted];

/** The current set of the patient of an upload; undefined if there is none. */
export const currentOf = (sets: readonly PinnedSet[], upload: Upload): PinnedSet | undefined =>
  sets.findLast((set) => !isSetApart(set, upload));

/** The current set of the patient of a run; undefined if the run has no set. Of two patients with the same images, one is taken. */
export function currentBeside(sets: readonly PinnedSet[], runId: string): PinnedSet | undefined {
  const own = sets.findLast((set) => set.runId === runId);
  return own && currentOf(sets, own);
}
