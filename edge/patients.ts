/**
 * Whose a study is, and who else has one of its UID. Orthanc keeps a study for each patient; DICOMweb knows the UID only, so that the files
 * are then read by Orthanc's own identifiers.
 */
import { createHmac } from 'node:crypto';
import type { OrthancClient, OrthancStudy } from '#adapters/orthanc/client.ts';
import { MANUFACTURER } from '#core/study/index-instance.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import type { SeriesForwarding } from './forward-series.ts';

export interface PatientsOfStudy {
  /** Orthanc has no other study of the UID, so that DICOMweb can name this one. */
  readonly isAlone: boolean;
  /** Reads the files of this study alone. */
  readonly archive: SeriesForwarding['archive'];
  /** Names the patient (`pipeline/manifest.ts`). */
  readonly patient: string;
  /** Names the other patients who have images under the study's UID. */
  readonly others: readonly string[];
}

interface Asking {
  readonly archive: SeriesForwarding['archive'];
  readonly orthanc: Pick<OrthancClient, 'series' | 'findStudies' | 'filesOf'>;
  /** Keys the names of patients, as those of identities: nobody guesses a Patient ID from a manifest. */
  readonly identityKey: Uint8Array;
}

export async function patientsOf(
  { archive, orthanc, identityKey }: Asking,
  { id, StudyInstanceUID, PatientID }: OrthancStudy,
  options: CallOptions = {},
): Promise<PatientsOfStudy> {
  const named = (one: string): string => createHmac('sha256', identityKey).update(`patient\n${one}`).digest('hex');
  const patient = named(PatientID);
  const besides = (await orthanc.findStudies(StudyInstanceUID, options)).filter((study) => study.id !== id);
  if (besides.length === 0) return { isAlone: true, archive, patient, others: [] };
  const others = new Set<string>();
  for (const study of besides) {
    const series = (await orthanc.series(study.id, options)) ?? [];
    // What has our results alone is where somebody was before a correction.
    if (series.some(({ Manufacturer }) => !Manufacturer?.startsWith(MANUFACTURER))) others.add(named(study.PatientID));
  }
  others.delete(patient);
  return { isAlone: false, archive: orthanc.filesOf(id), patient, others: [...others].sort() };
}
