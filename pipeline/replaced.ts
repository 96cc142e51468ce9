/** What becomes of objects in the archive that newer ones replace, or whose images are gone. */
import { ArchiveDeniedError, ArchiveRequestError } from '#core/errors.ts';
import { isWrittenByHilum } from '#core/study/index-instance.ts';
import type { Archive, CallOptions, Deletion, InstanceUids } from './ports.ts';
import type { SetFile } from './set-file.ts';

/** What became of the objects of the sets that are replaced. */
export interface Replaced {
  /** How many of their objects are not in the archive any more, and how many are. */
  readonly deleted: number;
  readonly remaining: number;
  /** The sets that have objects in the archive, by id. */
  readonly left: ReadonlySet<string>;
}

/** Deletes an object. An archive that refuses cannot. */
export async function deleteOne(
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
 * @param own the SOP Instance UIDs of the set itself, which are never deleted
 */
export async function endReplaced(
  archive: Pick<Archive, 'retrieveHeader' | 'deleteInstance'>,
  {
    StudyInstanceUID,
    replaces,
  }: Pick<SetFile, 'StudyInstanceUID'> & {
    readonly replaces: readonly Pick<SetFile['replaces'][number], 'setId' | 'objects'>[];
  },
  { own, deletes }: { readonly own: ReadonlySet<string>; readonly deletes: boolean },
  options: CallOptions,
): Promise<Replaced> {
  const left = new Set<string>();
  let [deleted, remaining] = [0, 0];
  for (const { setId, objects } of replaces)
    for (const { SeriesInstanceUID, SOPInstanceUID } of objects) {
      if (own.has(SOPInstanceUID)) continue;
      const uids = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID };
      const header = await archive.retrieveHeader(uids, options);
      const mayDelete = deletes && header !== undefined && isWrittenByHilum(header.dataset);
      const answer =
        header === undefined ? 'absent' : mayDelete ? await deleteOne(archive, uids, options) : 'unsupported';
      if (answer !== 'unsupported') deleted += 1;
      else {
        remaining += 1;
        left.add(setId);
      }
    }
  return { deleted, remaining, left };
}
