/** Forwards one study from the archive to the bucket: its series, then the manifest that closes the upload. */
import type { OrthancClient, OrthancStudy } from '#adapters/orthanc/client.ts';
import type { Reason } from '#core/errors.ts';
import { revisionOf } from '#core/study/revision.ts';
import { uidProblem } from '#dicom/uid.ts';
import { type Lane, manifestKey } from '#pipeline/keys.ts';
import { encodeManifest } from '#pipeline/manifest.ts';
import { forwardSeries, type SeriesForwarding } from './forward-series.ts';
import type { ManifestInstance } from './spool.ts';

export interface StudyForwarding extends SeriesForwarding {
  readonly orthanc: Pick<OrthancClient, 'series'>;
  readonly lane: Lane;
}

export type StudyOutcome =
  | {
      readonly state: 'uploaded';
      readonly StudyInstanceUID: string;
      readonly revision: string;
      readonly manifestKey: string;
      readonly instances: number;
      /** Bytes of chunks that were not in the bucket before; 0 if nothing changed. */
      readonly storedBytes: number;
      /** False if this revision's manifest already existed; the pipeline is then not started again. */
      readonly fresh: boolean;
    }
  | { readonly state: 'skipped'; readonly StudyInstanceUID: string; readonly reason: Reason };

/**
 * Forwards the series of a study that tools want. It may be repeated at any time, also after an interruption: the same study
 * gives the same manifest, and nothing is uploaded twice.
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
  if (series === undefined) return skipped({ code: 'study-gone', message: 'Orthanc no longer has the study.' });

  const instances: ManifestInstance[] = [];
  const reasons: Reason[] = [];
  let storedBytes = 0;
  for (const one of series) {
    signal?.throwIfAborted();
    const outcome = await forwardSeries(edge, StudyInstanceUID, one, signal);
    if (outcome.forwarded) {
      instances.push(...outcome.instances);
      storedBytes += outcome.storedBytes;
    } else reasons.push(outcome.reason);
  }
  if (instances.length === 0) return skipped(summaryOf(reasons));
  const verdict = edge.wants.judgeStudy(StudyInstanceUID, instances);
  if (!verdict.wanted) return skipped(verdict.reason);

  const revision = revisionOf(instances);
  const key = manifestKey(edge.lane, StudyInstanceUID, revision);
  const manifest = encodeManifest({
    format: 'hilum.manifest/1',
    StudyInstanceUID,
    revision,
    lane: edge.lane,
    instances,
  });
  const answer = await edge.store.put(key, manifest, {
    ifAbsent: true,
    contentType: 'application/json',
    ...(signal && { signal }),
  });
  return {
    state: 'uploaded',
    StudyInstanceUID,
    revision,
    manifestKey: key,
    instances: instances.length,
    storedBytes,
    fresh: answer === 'stored',
  };
}

/** One reason for a study without any wanted series: the only reason, or all reasons joined. */
function summaryOf(reasons: readonly Reason[]): Reason {
  const distinct = [...new Map(reasons.map((reason) => [reason.message, reason])).values()];
  const [only] = distinct;
  if (only === undefined) return { code: 'empty-study', message: 'The study has no series.' };
  if (distinct.length === 1) return only;
  return { code: 'nothing-wanted', message: distinct.map((reason) => reason.message).join(' ') };
}
