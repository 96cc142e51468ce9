/** What the demo does with the PACS: it stores studies and lists their results. */
import type { DicomWebClient } from '#adapters/dicomweb/client.ts';
import { textOf } from '#adapters/dicomweb/dicom-json.ts';
import { ArchiveStoreError } from '#core/errors.ts';
import { RESULT_SOP_CLASSES } from '#core/results/sop-classes.ts';
import type { StudyFiles } from '#files/dicom-files.ts';
import { createProgress } from '#files/progress.ts';

/** The size of one STOW request. */
const BATCH_BYTES = 64 * 1024 * 1024;

/**
 * Stores a study by STOW-RS, in batches. Instances that the PACS already has stay unchanged.
 *
 * @throws ArchiveStoreError if the PACS refuses an instance
 */
export async function pushStudy(study: StudyFiles, archive: DicomWebClient): Promise<void> {
  const progress = createProgress('Storing', study.instances.length);
  let batch: { readonly SOPInstanceUID: string; readonly bytes: Uint8Array }[] = [];
  const flush = async (): Promise<void> => {
    const outcomes = await archive.store(batch);
    const refused = outcomes.filter(({ stored }) => !stored);
    if (refused.length > 0) {
      throw new ArchiveStoreError(`The PACS refused ${refused.length} of ${outcomes.length} instances of the study`, {
        facts: { failureReason: refused[0]?.failureReason ?? 0 },
      });
    }
    batch = [];
  };
  for (const instance of study.instances) {
    batch.push({ SOPInstanceUID: instance.SOPInstanceUID, bytes: await study.read(instance) });
    if (batch.reduce((sum, { bytes }) => sum + bytes.length, 0) >= BATCH_BYTES) await flush();
    progress.step();
  }
  if (batch.length > 0) await flush();
  progress.end();
}

/** An object as QIDO-RS lists it. */
export interface ListedObject {
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly kind: string;
}

/** The objects that the PACS lists for a study, without the study's own instances. */
export async function listResults(study: StudyFiles, archive: DicomWebClient): Promise<readonly ListedObject[]> {
  const { StudyInstanceUID } = study;
  const sources = new Set(study.instances.map(({ SOPInstanceUID }) => SOPInstanceUID));
  const found: ListedObject[] = [];
  for await (const series of archive.searchSeries({ StudyInstanceUID })) {
    const SeriesInstanceUID = textOf(series, '0020000E') ?? '';
    for await (const instance of archive.searchInstances({ StudyInstanceUID, SeriesInstanceUID })) {
      const SOPInstanceUID = textOf(instance, '00080018') ?? '';
      const SOPClassUID = textOf(instance, '00080016') ?? '';
      if (!sources.has(SOPInstanceUID)) found.push({ SOPInstanceUID, SOPClassUID, kind: kindOf(SOPClassUID) });
    }
  }
  return found;
}

/** Hilum's name for objects of a SOP Class, or the SOP Class itself if Hilum does not write it. */
function kindOf(SOPClassUID: string): string {
  return RESULT_SOP_CLASSES.find((one) => one.SOPClassUID === SOPClassUID)?.kind ?? SOPClassUID;
}
