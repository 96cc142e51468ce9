/** What becomes of objects in the archive that newer ones replace, or whose images are gone. */
import { ArchiveDeniedError, ArchiveRequestError } from '#core/errors.ts';
import { isWrittenByHilum } from '#core/study/index-instance.ts';
import { canonicalValue, decodedOf } from '#dicom/canonical.ts';
import type { DicomFile } from '#dicom/read.ts';
import type { Archive, CallOptions, Deletion, InstanceUids } from './ports.ts';
import type { SetFile } from './set-file.ts';

/** What became of the objects of the sets that are replaced. */
export interface Replaced {
  /** How many of their objects are not in the archive any more, and how many are. */
  readonly deleted: number;
  readonly remaining: number;
  /** The sets that have objects in the archive, by id: with the patient of the images, and with another one. */
  readonly beside: ReadonlySet<string>;
  readonly elsewhere: ReadonlySet<string>;
}

const PATIENT_ID = 0x0010_0020;

/** The same for the same text, whatever its character set; a text that cannot be decoded counts as its bytes. */
function patientOf({ elements }: DicomFile): Uint8Array {
  const { vr = 'LO', value = new Uint8Array() } = elements.elements.get(PATIENT_ID) ?? {};
  return canonicalValue('LO', { vr, value }, decodedOf(elements));
}

/** Deletes an object. An archive that refuses cannot. */
async function deleteOne(
  archive: Pick<Archive, 'deleteInstance'>,
  uids: InstanceUids,
  options: CallOptions,
): Promise<Deletion> {
  try {
    return await archive.deleteInstance(uids, options);
  } catch (error) {
    if (error instanceof ArchiveRequestError || error instanceof ArchiveDeniedError) return 'unsupported';
    throw error;
  }
}

/**
 * Deletes the objects that the set replaces: only those that a set of ours lists, and whose header says that Hilum made them.
 *
 * @param about `own`: the SOP Instance UIDs of the set itself, which are never deleted. `source`: the header of one of its images, if the
 * archive told it
 */
export async function endReplaced(
  archive: Pick<Archive, 'retrieveHeader' | 'deleteInstance'>,
  {
    StudyInstanceUID,
    replaces,
  }: Pick<SetFile, 'StudyInstanceUID'> & {
    readonly replaces: readonly Pick<SetFile['replaces'][number], 'setId' | 'objects'>[];
  },
  about: { readonly own: ReadonlySet<string>; readonly deletes: boolean; readonly source: DicomFile | undefined },
  options: CallOptions,
): Promise<Replaced> {
  const { own, deletes, source } = about;
  const [beside, elsewhere] = [new Set<string>(), new Set<string>()];
  let [deleted, remaining] = [0, 0];
  for (const { setId, objects } of replaces)
    for (const { SeriesInstanceUID, SOPInstanceUID } of objects) {
      if (own.has(SOPInstanceUID)) continue;
      const uids = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID };
      const header = await archive.retrieveHeader(uids, options);
      const mayDelete = deletes && header !== undefined && isWrittenByHilum(header.dataset);
      const answer =
        header === undefined ? 'absent' : mayDelete ? await deleteOne(archive, uids, options) : 'unsupported';
      if (header === undefined || answer !== 'unsupported') deleted += 1;
      else {
        remaining += 1;
        const isBeside = source !== undefined && Buffer.compare(patientOf(source), patientOf(header)) === 0;
        (isBeside ? beside : elsewhere).add(setId);
      }
    }
  return { deleted, remaining, beside, elsewhere };
}
