/** Forwards one study from the archive to the bucket: its series, then the manifest that closes the upload. */
import type { OrthancClient, OrthancSeries, OrthancStudy } from '#adapters/orthanc/client.ts';
import { dispositionOf, type Reason } from '#core/errors.ts';
import { revisionOf } from '#core/study/revision.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { uidProblem } from '#dicom/uid.ts';
import type { Lane } from '#pipeline/keys.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { type Arrival, judgeCompleteness } from './complete.ts';
import { forwardSeries, rejectSeries, type SeriesForwarding } from './forward-series.ts';
import { greatestSequence, storedIdentity } from './manifest-facts.ts';
import { type PatientsOfStudy, patientsOf } from './patients.ts';
import { putManifest } from './put-manifest.ts';
import type { ManifestInstance } from './spool.ts';

export interface StudyForwarding extends SeriesForwarding {
  readonly orthanc: Pick<OrthancClient, 'series' | 'findStudies' | 'filesOf'>;
  readonly store: ObjectStore & ObjectListing;
  readonly lane: Lane;
  /** Names the identities of studies (`edge/identity-key.ts`). */
  readonly identityKey: Uint8Array;
  /** How often the study has failed before. */
  readonly attempts: number;
  /** Starts the pipeline for the study, even if it has been started before. */
  readonly again: boolean;
  /** The error of the service as a whole, if it is behind an error of one series. */
  readonly outageBehind: (error: unknown) => Promise<unknown>;
  /** When the study arrived; without it, the study is judged as it is. */
  readonly arrival?: Arrival | undefined;
}

/**
 * A series that cannot be read now keeps the others back for this many attempts, which is about a minute: a study that is judged
 * in part is judged again. A series that can never be read does not keep them for longer.
 */
const PATIENT_ATTEMPTS = 6;

export type StudyOutcome =
  | {
      readonly state: 'uploaded';
      readonly StudyInstanceUID: string;
      readonly revision: string;
      readonly manifestKey: string;
      readonly instances: number;
      /** Bytes of chunks that were not in the bucket before; 0 if nothing changed. */
      readonly storedBytes: number;
      readonly sequence: number;
      readonly goneAt: number;
      /** False if this revision's manifest already existed; the pipeline is then not started again. */
      readonly fresh: boolean;
      /** Why a series is missing that another attempt may bring. */
      readonly missing?: unknown;
    }
  | { readonly state: 'skipped'; readonly StudyInstanceUID: string; readonly reason: Reason }
  /** All of it is in the bucket but the manifest, which waits for further images until then, in milliseconds since the epoch. */
  | { readonly state: 'waiting'; readonly StudyInstanceUID: string; readonly reason: Reason; readonly untilMs: number };

/**
 * Forwards the series of a study that tools want. It may be repeated at any time, also after an interruption: the same study
 * gives the same manifest, and nothing is uploaded twice. A series that the archive refuses is recorded with its reason, and the
 * rest goes up.
 *
 * @throws the error of a service that cannot be used, or of a series that another attempt may bring
 */
export async function forwardStudy(
  edge: StudyForwarding,
  study: OrthancStudy,
  signal?: AbortSignal,
): Promise<StudyOutcome> {
  const { StudyInstanceUID } = study;
  const skipped = (reason: Reason): StudyOutcome => ({ state: 'skipped', StudyInstanceUID, reason });
  const problem = uidProblem(StudyInstanceUID);
  if (problem !== undefined) return skipped({ code: 'invalid-uid', message: `The Study Instance UID ${problem}.` });
  const series = await edge.orthanc.series(study.id, signal && { signal });
  if (series === undefined) return skipped({ code: 'study-gone', message: 'Orthanc does not have the study.' });
  const { patient, others, ...source } = await patientsOf(edge, study, signal && { signal });

  edge.journal.again.keepSeries(
    edge.key,
    series.map(({ SeriesInstanceUID }) => SeriesInstanceUID),
  );
  const { instances, reasons, storedBytes, leftOut, missing } = await forwardAll(
    { ...edge, ...source },
    study,
    series,
    signal,
  );
  if (missing !== undefined && (edge.attempts < PATIENT_ATTEMPTS || instances.length === 0)) throw missing.error;
  if (instances.length === 0) return skipped(summaryOf(reasons));
  const before = edge.journal.study(edge.key);
  const verdict = edge.wants.judgeStudy(StudyInstanceUID, instances);
  if (!verdict.wanted && missing !== undefined) throw missing.error;
  // A study that went up before may have results, which the tools must be asked about.
  if (!verdict.wanted && before?.revision === undefined) return skipped(verdict.reason);

  const revision = revisionOf(instances);
  const images = edge.wants.imagesOf(StudyInstanceUID, instances);
  const unreadable = before?.refused.length ?? 0;
  const known = before?.revision === revision;
  const judgement = judgeCompleteness(
    { instances, images, leftOut: countLike(instances, leftOut), unreadable },
    known ? undefined : edge.arrival,
  );
  if (judgement.complete === undefined && missing !== undefined) throw missing.error;
  if (judgement.complete === undefined) return { state: 'waiting', StudyInstanceUID, ...judgement };

  const { complete } = judgement;
  const call = signal && { signal };
  const identity = await storedIdentity({ ...edge, ...source }, instances, edge.identityKey, call);
  const counted = Math.max(0, ...edge.journal.of(StudyInstanceUID).map((one) => one.sequence));
  // An edge that ended between the manifest and the journal counted one more.
  const isCounted = known && counted > 0;
  const last = isCounted ? counted : Math.max(counted, await greatestSequence(edge.store, StudyInstanceUID, call));
  // A study that is put again as it was is no newer one.
  // Unless it had been deleted: its results went with it.
  const goneAt = before?.goneAt ?? 0;
  const wasGone = goneAt > 0 && before?.revision !== undefined;
  const sequence = known && before.sequence > 0 && !wasGone ? before.sequence : last + 1;
  const manifest = {
    format: 'hilum.manifest/1',
    StudyInstanceUID,
    revision,
    lane: edge.lane,
    complete,
    identity,
    patient,
    ...(others.length > 0 && { others }),
    sequence,
    ...(wasGone && { back: true as const }),
    instances,
  } as const;
  // A study may go back to what it was: a slice came and was deleted. The older manifest is then the newest again.
  const isBack = before?.revision !== undefined && before.revision !== revision;
  const { key, fresh } = await putManifest(edge.store, manifest, { again: edge.again || isBack || wasGone, ...call });
  return {
    state: 'uploaded',
    StudyInstanceUID,
    revision,
    manifestKey: key,
    instances: instances.length,
    storedBytes,
    sequence: fresh ? sequence : (before?.sequence ?? 0),
    goneAt,
    fresh,
    ...(missing && { missing: missing.error }),
  };
}

/** How many instances the series have that are of a modality of these instances. */
function countLike(instances: readonly InstanceIndex[], series: readonly OrthancSeries[]): number {
  const modalities = new Set(instances.map(({ Modality }) => Modality));
  return series.reduce((sum, one) => sum + (modalities.has(one.Modality) ? one.instances : 0), 0);
}

interface ForwardedSeries {
  readonly instances: readonly ManifestInstance[];
  /** Why series were left out. */
  readonly reasons: readonly Reason[];
  readonly leftOut: readonly OrthancSeries[];
  readonly storedBytes: number;
  /** The first error that may pass. */
  readonly missing?: { readonly error: unknown };
}

async function forwardAll(
  edge: StudyForwarding & Pick<PatientsOfStudy, 'isAlone'>,
  { StudyInstanceUID }: OrthancStudy,
  series: readonly OrthancSeries[],
  signal: AbortSignal | undefined,
): Promise<ForwardedSeries> {
  const instances: ManifestInstance[] = [];
  const reasons: Reason[] = [];
  const leftOut: OrthancSeries[] = [];
  let storedBytes = 0;
  let missing: ForwardedSeries['missing'];
  for (const one of series) {
    signal?.throwIfAborted();
    try {
      const outcome = await forwardSeries(edge, StudyInstanceUID, one, signal);
      if (outcome.forwarded) {
        instances.push(...outcome.instances);
        storedBytes += outcome.storedBytes;
      } else {
        reasons.push(outcome.reason);
        leftOut.push(one);
      }
    } catch (error) {
      signal?.throwIfAborted();
      const outage = await edge.outageBehind(error);
      if (outage !== undefined) throw outage;
      const isRefused = dispositionOf(error) === 'reject' && !(await isJoined(edge, StudyInstanceUID, signal));
      if (isRefused) reasons.push(rejectSeries(edge, StudyInstanceUID, one, error));
      else missing ??= { error };
    }
  }
  return { instances, reasons, leftOut, storedBytes, ...(missing && { missing }) };
}

/** Whether another patient has come with the UID of a study that was alone with it: DICOMweb does not know it any more. */
async function isJoined(
  { isAlone, orthanc }: StudyForwarding & Pick<PatientsOfStudy, 'isAlone'>,
  StudyInstanceUID: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return isAlone && (await orthanc.findStudies(StudyInstanceUID, signal && { signal })).length > 1;
}

/** One reason for a study without any wanted series: the only reason, or all reasons joined. */
function summaryOf(reasons: readonly Reason[]): Reason {
  const distinct = [...new Map(reasons.map((reason) => [reason.message, reason])).values()];
  const [only] = distinct;
  if (only === undefined) return { code: 'empty-study', message: 'The study has no series.' };
  if (distinct.length === 1) return only;
  return { code: 'nothing-wanted', message: distinct.map((reason) => reason.message).join(' ') };
}
