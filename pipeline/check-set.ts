/**
 * Looks whether the PACS still has what was delivered, and for whom. It stores nothing there: a person may have removed results. A search may
 * lag, so that nothing is called gone after one look: the second comes at least `LOOKED_AGAIN_S` later.
 */
import { otherIdentity } from './identities.ts';
import { identityKey } from './keys.ts';
import type { ObjectList } from './object-list.ts';
import { currentOf } from './patients.ts';
import type { CallOptions, ObjectStore, PinnedSet, SetTable } from './ports.ts';
import type { SetFile } from './set-file.ts';
import { isLookedFor, withSet } from './sets.ts';
import { lookAtSource, type SourceArchive, type SourceNow, whoseOf } from './source-now.ts';

export interface CheckPorts {
  readonly objects: Pick<ObjectStore, 'get' | 'put' | 'exists'>;
  readonly sets: SetTable;
  readonly archive: SourceArchive;
  /** Names the identities that are read from the archive. */
  readonly identityKey: Uint8Array;
  readonly now: () => number;
}

export type Checked =
  /** The PACS has all of the set. */
  | { readonly kind: 'delivered' }
  /** Its images are there, and some of its objects are not. */
  | { readonly kind: 'missing' }
  /** Its images are gone. */
  | { readonly kind: 'withdrawn' }
  /** The study belongs to another patient now, or is described otherwise. */
  | { readonly kind: 'other-identity'; readonly identity: string }
  /** Its images are there again, and not all of its objects: they are to be stored. */
  | { readonly kind: 'back' }
  /** Something was not found. Only a second look tells. */
  | { readonly kind: 'missed' }
  /** The set is not the current one, or the table was changed while the PACS was asked. */
  | { readonly kind: 'left' };

type Settled = Exclude<Checked['kind'], 'other-identity' | 'left'>;

/** The second look comes this long after the first. */
export const LOOKED_AGAIN_S = 600;

/**
 * @throws the archive's own errors
 */
export async function checkSet(
  set: SetFile,
  list: ObjectList,
  { objects, sets, archive, identityKey: key, now }: CheckPorts,
  options: CallOptions = {},
): Promise<Checked> {
  const { study, mark } = await sets.get(set, options);
  const standing = study.sets.find(({ setId }) => setId === set.setId);
  if (standing === undefined || currentOf(study.sets, standing) !== standing || !isLookedFor(standing.state))
    return { kind: 'left' };

  /** Nothing is changed if somebody else has meanwhile: the study may be back, or corrected. */
  async function settled(kind: Settled): Promise<Checked> {
    const changes = changesOf(kind);
    const isSame = changes.state === standing?.state && changes.missedAt === standing.missedAt;
    const isDone = isSame || (await sets.replace(set, withSet(study, set.setId, changes), mark, options));
    return { kind: isDone ? kind : 'left' };
  }

  function changesOf(kind: Settled): Pick<PinnedSet, 'state' | 'missedAt'> {
    if (kind === 'back') return { state: 'converted', missedAt: undefined };
    if (kind === 'delivered') return { state: 'delivered', missedAt: undefined };
    const missedAt = standing?.missedAt ?? new Date(now()).toISOString();
    return { state: kind === 'missed' ? (standing?.state ?? 'delivered') : kind, missedAt };
  }

  // If the bucket has lost the identity for which the set was made, nobody can tell whether the PACS has another.
  const own = set.identity === undefined ? undefined : await objects.get(identityKey(set.identity), options);
  const source = await lookAtSource(archive, list, whoseOf(own, set, study.sets), options);
  if (source.kind === 'there' && source.header !== undefined && own !== undefined) {
    const identity = await otherIdentity(objects, own, source.header.dataset, key, options);
    if (identity !== undefined) return { kind: 'other-identity', identity };
  }
  const absent = source.kind === 'gone' ? 'withdrawn' : 'missing';
  if (source.kind === 'there') {
    if (await hasAll(archive, source, list, options)) return await settled('delivered');
    if (standing.state === 'withdrawn') return await settled('back');
  }
  if (standing.state === absent) return { kind: absent };
  const sinceMs = standing.missedAt === undefined ? undefined : now() - Date.parse(standing.missedAt);
  return await settled(sinceMs !== undefined && sinceMs >= LOOKED_AGAIN_S * 1000 ? absent : 'missed');
}

/** Whether the archive has all objects. The notes about older sets are not asked for: whoever removes them takes no result away. */
async function hasAll(
  archive: SourceArchive,
  { instances }: Extract<SourceNow, { kind: 'there' }>,
  { StudyInstanceUID, objects }: ObjectList,
  options: CallOptions,
): Promise<boolean> {
  for (const { SeriesInstanceUID, SOPInstanceUID } of objects) {
    if (instances?.has(SOPInstanceUID) === true) continue;
    const uids = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID };
    if ((await archive.retrieveHeader(uids, options)) === undefined) return false;
  }
  return true;
}
