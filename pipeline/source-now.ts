/** Looks at the source of results as the PACS has it now: whether its images are still there, and whose they are. */
import { ArchiveRequestError, ArchiveUnavailableError, ConfigurationError } from '#core/errors.ts';
import type { Dataset } from '#dicom/dataset.ts';
import { DicomReadError } from '#dicom/error.ts';
import { type DicomFile, readDicom } from '#dicom/read.ts';
import type { ObjectList } from './object-list.ts';
import { isSetApart } from './patients.ts';
import type { Archive, CallOptions, ListedInstance, PinnedSet } from './ports.ts';

/** The archive's methods that the look needs. */
export type SourceArchive = Pick<Archive, 'listInstances' | 'retrieveHeader'>;

/** What a PACS would not tell: which instances its study has, or an image's header. */
export type Untold = 'instances' | 'identity';

export type SourceNow =
  /** None of the images is in the PACS any more. */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'there';
      /** The header of one of the study's instances; undefined if the PACS would not tell. */
      readonly header: DicomFile | undefined;
      /** The SOP Instance UIDs of all that the PACS has of the patient's study; undefined if it would not tell. */
      readonly instances: ReadonlySet<string> | undefined;
      readonly untold: readonly Untold[];
    };

/** Without a list of what is there, so many images are asked for. */
const MOST_ASKED = 3;

/** The patient whose results they are. */
export interface Whose {
  /** Undefined if nobody knows. */
  readonly PatientID: string | undefined;
  /** Other patients had a study of the same UID: what is not this patient's is another's, and not corrected. */
  readonly isShared: boolean;
}

/**
 * A study without any of the patient's images is gone only if the PACS, asked for images themselves, has none either: searches may be limited, or lag.
 *
 * @throws ArchiveUnavailableError if the PACS does not answer, or lists images and does not send them
 * @throws ConfigurationError if it cannot send them because it has them for several patients
 * @throws the archive's other errors, except that it refuses such requests
 */
export async function lookAtSource(
  archive: SourceArchive,
  { StudyInstanceUID, inputs, identityInstance }: Pick<ObjectList, 'StudyInstanceUID' | 'inputs' | 'identityInstance'>,
  { PatientID, isShared }: Whose,
  options: CallOptions = {},
): Promise<SourceNow> {
  const listed = await unlessRefused(() => Array.fromAsync(archive.listInstances({ StudyInstanceUID }, options)));
  const isOwn = (one: Pick<ListedInstance, 'PatientID'>): boolean =>
    PatientID === undefined || one.PatientID === undefined || one.PatientID === PatientID;
  const of = new Set(inputs.map(({ SOPInstanceUID }) => SOPInstanceUID));
  const hasOwn = listed?.some((one) => isOwn(one) && of.has(one.SOPInstanceUID)) === true;
  // Images that are another patient's only were corrected, unless that one had the study beside this one.
  const own = hasOwn || isShared ? listed?.filter(isOwn) : listed;
  const instances = own && new Set(own.map(({ SOPInstanceUID }) => SOPInstanceUID));
  const untold = instances === undefined ? (['instances'] as const) : [];
  const known = inputs.filter(({ SOPInstanceUID }) => instances?.has(SOPInstanceUID) === true);
  const isListed = known.length > 0;
  const isFirst = identityInstance !== undefined && (isListed ? instances?.has(identityInstance.SOPInstanceUID) : true);
  const asked = [...(isFirst ? [identityInstance] : []), ...(isListed ? known : inputs)].slice(0, MOST_ASKED);
  for (const uids of asked) {
    const answer = await unlessRefused(async () => ({
      header: await archive.retrieveHeader({ StudyInstanceUID, ...uids, PatientID }, options),
    }));
    if (answer === undefined) return { kind: 'there', header: undefined, instances, untold: [...untold, 'identity'] };
    const { header } = answer;
    if (header === undefined || (isShared && !isOwn(patientIn(header.dataset)))) continue;
    return { kind: 'there', header, instances, untold };
  }
  if (asked.length === 0) return { kind: 'there', header: undefined, instances, untold: [...untold, 'identity'] };
  if (!isListed) return { kind: 'gone' };
  const times = Map.groupBy(listed ?? [], ({ SOPInstanceUID }) => SOPInstanceUID);
  if (known.every(({ SOPInstanceUID }) => (times.get(SOPInstanceUID)?.length ?? 0) > 1))
    throw new ConfigurationError(SEVERAL, { facts: { StudyInstanceUID } });
  throw new ArchiveUnavailableError('The archive lists images of the study and does not send them', {
    facts: { StudyInstanceUID },
  });
}

const SEVERAL =
  'The PACS has the images for several patients, and DICOMweb cannot name one of them. Correct the study in the PACS, or name Orthanc ' +
  "in the archive's secret (`orthanc`).";

/** Without padding, as archives list it; empty if there is none. */
export const patientIn = (dataset: Dataset): { readonly PatientID: string } => ({
  PatientID: (dataset.text('PatientID') ?? '').trim(),
});

/**
 * @param identity the set's identity object; undefined if nobody has it
 * @param sets all of the study and tool, as the runs table knows them now
 */
export function whoseOf(
  identity: Uint8Array | undefined,
  { setId }: Pick<PinnedSet, 'setId'>,
  sets: readonly PinnedSet[],
): Whose {
  const own = sets.find((set) => set.setId === setId);
  const isBeside = (set: PinnedSet): boolean =>
    set.state !== 'superseded' && set.state !== 'withdrawn' && own !== undefined && isSetApart(set, own);
  return {
    PatientID: identity && patientIn(readDicom(identity).dataset).PatientID,
    isShared: (own?.others ?? []).length > 0 || sets.some(isBeside),
  };
}

/** Undefined if the archive refuses the request, or sends what cannot be read: not every PACS has every service. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ArchiveRequestError || error instanceof DicomReadError) return undefined;
    throw error;
  }
}
