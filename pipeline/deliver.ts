/**
 * Stores a set's objects in the archive and proves it: "delivered" means that each was read back with the same content, in the study and
 * under the patient to which its images belong at that time.
 */
import { createHash } from 'node:crypto';
import { ArchiveStoreError, ContentConflictError, IntegrityError, MissingProductError } from '#core/errors.ts';
import { identityObjectOf } from '#core/results/identity-object.ts';
import { type DicomFile, readDicom } from '#dicom/read.ts';
import { areSameIdentities, otherIdentity } from './identities.ts';
import { objectKey, objectListKey, type SetFolder } from './keys.ts';
import { type ObjectList, parseObjectList } from './object-list.ts';
import type { Archive, CallOptions, InstanceUids, ObjectStore, SetTable, StoreOutcome } from './ports.ts';
import { type Coerced, storeReceipt } from './receipt.ts';
import { endReplaced, type Replaced } from './replaced.ts';
import { coercedIn } from './same-content.ts';
import type { SetFile } from './set-file.ts';
import { beginStoring, endStoring, withdrawSet } from './sets.ts';
import { lookAtSource, type SourceNow, whoseOf } from './source-now.ts';

/** The archive's methods that delivery needs. */
export type DeliveryArchive = Pick<
  Archive,
  'store' | 'retrieveInstance' | 'retrieveHeader' | 'listInstances' | 'deleteInstance'
>;

export interface DeliveryPorts {
  readonly objects: ObjectStore;
  readonly sets: SetTable;
  /** Opens the archive. Called only if there is something to deliver. */
  readonly archive: () => Promise<OpenArchive>;
}

export interface OpenArchive {
  readonly archive: DeliveryArchive;
  /** Names the identities that are read from it (`identities.ts`). */
  readonly identityKey: Uint8Array;
  /** Whether objects that are replaced are deleted, where the archive can. */
  readonly deletesReplaced: boolean;
  /** Whether results that are missing are stored again, without a person asking for it. */
  readonly restoresMissing: boolean;
}

export type Delivered =
  | { readonly kind: 'delivered' }
  /** The study has newer results of the tool. */
  | { readonly kind: 'superseded' }
  /** The set was delivered, and the PACS does not have it any more: a person may have removed it. */
  | { readonly kind: 'missing' }
  /** The images are gone from the PACS, so that nothing was stored. `left`: objects stored meanwhile that the PACS would not delete. */
  | { readonly kind: 'withdrawn'; readonly left?: number }
  /** The study belongs to another patient now, or is described otherwise: the set is to be made again for this identity. */
  | { readonly kind: 'other-identity'; readonly identity: string };

type ListedNote = NonNullable<ObjectList['notes']>[number];

/** Tells the notes about sets of another identity: of each there are two. */
function isAboutOther(notes: readonly ListedNote[]): (note: ListedNote) => boolean {
  const others = new Set(notes.filter(({ reason }) => reason === 'wrong-identity').map(({ rejects }) => rejects));
  return ({ rejects }) => others.has(rejects);
}

/** Which of the two is needed. Alone, a note would leave a study of the wrong patient behind. */
const isNeeded = ({ rejects, reason }: ListedNote, { beside, elsewhere }: Replaced): boolean =>
  (reason === 'superseded' ? beside : elsewhere).has(rejects);

const headerOf = (source: SourceNow): DicomFile | undefined => (source.kind === 'there' ? source.header : undefined);

interface OutgoingObject {
  readonly uids: InstanceUids;
  readonly bytes: Uint8Array;
}

/**
 * Delivers a set. It may be called any number of times: it stores only the objects that the archive does not have yet. Before and after, it
 * looks at the study in the archive: results are never stored beside images that are gone, nor left under a patient who is another one now.
 *
 * @param options apply to every call to the bucket and the archive
 * @throws MissingProductError if an object is not in the bucket, or the runs table does not know the set
 * @throws IntegrityError if an object differs from its digest
 * @throws ContentConflictError if the archive has an object of the same UID with different content
 * @throws ArchiveStoreError if an object is not in the archive's study after it was stored, whatever the archive answered
 * @throws the archive's own errors
 */
export async function deliver(
  set: SetFile,
  list: ObjectList,
  { objects, sets, archive: open }: DeliveryPorts,
  options: CallOptions = {},
): Promise<Delivered> {
  const { setId } = set;
  const { sets: all } = (await sets.get(set, options)).study;
  const standing = all.find((one) => one.setId === setId);
  const { state } = standing ?? {};
  if (state === 'delivered' || state === 'missing') return { kind: state };
  // What a process stored that stood still for long may have come after the successor had looked for it.
  if (state === 'superseded' && !(standing?.stored === true && standing.noted === true)) return { kind: state };
  const { archive, identityKey: key, deletesReplaced } = await open();

  const { notes = [] } = list;
  const isOfOther = isAboutOther(notes);
  // A note about objects of the same identity is stored with the set. Those about another one wait until it is known where its objects lie.
  const early = notes.filter((note) => !isOfOther(note));
  const outgoing = await readObjects(objects, set, [...list.objects, ...early], options);
  const identity = identityIn(outgoing);
  const whose = whoseOf(identity, set, all);

  /** Deletes some of the set's own objects, if the archive has them. */
  const takeBack = async (taken: ObjectList['objects'], deletes: boolean, source?: DicomFile): Promise<Replaced> =>
    await endReplaced(
      archive,
      { StudyInstanceUID: set.StudyInstanceUID, replaces: [{ setId, objects: taken }] },
      { own: new Set(), deletes, source },
      options,
    );

  /** Another set took the place of this one, and looked for it before its objects were there. */
  async function overtaken(): Promise<Delivered> {
    const now = await lookAtSource(archive, list, whose, options);
    const left = await takeBack(list.objects, deletesReplaced, headerOf(now));
    if (left.remaining > 0) await storeAll(archive, await notesAbout(objects, sets, set, left, options), options);
    return { kind: 'superseded' };
  }
  if (state === 'superseded') return await overtaken();

  /** What has become of the source; undefined if the set may be delivered. */
  async function otherwise(now: SourceNow): Promise<Delivered | undefined> {
    if (now.kind === 'gone') return { kind: 'withdrawn' };
    if (now.header === undefined) return undefined;
    const other = await otherIdentity(objects, identity, now.header.dataset, key, options);
    // What the writer spells otherwise is no other identity: made again, the objects would be the same.
    const isOwn = other === undefined || (await areSameIdentities(objects, set.identity, other));
    return isOwn ? undefined : { kind: 'other-identity', identity: other };
  }

  /** If the study was deleted while results were stored, they must not bring it back. */
  async function withdraw(mayBeThere: boolean): Promise<Delivered> {
    const kind = await withdrawSet(sets, set, setId, options);
    if (!mayBeThere || kind === 'delivered') return { kind };
    const { remaining: left } = await takeBack([...list.objects, ...early], true);
    return kind === 'withdrawn' && left > 0 ? { kind, left } : { kind };
  }

  const before = await lookAtSource(archive, list, whose, options);
  const hindrance = await otherwise(before);
  // What was delivered earlier stays. What an attempt stored that did not end goes.
  if (hindrance?.kind === 'withdrawn') return await withdraw(state === 'storing');
  if (hindrance !== undefined) return hindrance;

  const begun = await beginStoring(sets, set, setId, options);
  if (begun === 'unknown') throw new MissingProductError('The runs table does not know the set');
  if (begun !== 'storing') return { kind: begun };
  const coerced = await storeAll(archive, outgoing, options);

  const after = await lookAtSource(archive, list, whose, options);
  const change = await otherwise(after);
  if (change?.kind === 'withdrawn') return await withdraw(true);
  if (change !== undefined) {
    const { sets: present } = (await sets.get(set, options)).study;
    const isOver = present.some((one) => one.setId === setId && one.state === 'superseded');
    return isOver ? await overtaken() : change;
  }
  if (after.kind === 'there' && after.instances !== undefined) checkStudy(after.instances, outgoing);
  const own = new Set(outgoing.map(({ uids }) => uids.SOPInstanceUID));
  const source = headerOf(after);
  const replaced = await endReplaced(archive, set, { own, deletes: deletesReplaced, source }, options);
  const late = notes.filter((note) => isOfOther(note) && isNeeded(note, replaced));
  const more = await storeAll(archive, await readObjects(objects, set, late, options), options);
  await storeReceipt(
    objects,
    set,
    list,
    { coerced: { ...coerced, ...more }, replaced, untold: after.kind === 'there' ? after.untold : [] },
    options,
  );
  const ended = await endStoring(sets, set, setId, options);
  return ended === 'delivered' ? { kind: ended } : await overtaken();
}

/** The notes about a set that its successor has. */
async function notesAbout(
  objects: ObjectStore,
  sets: SetTable,
  { StudyInstanceUID, tool, setId }: SetFile,
  left: Replaced,
  options: CallOptions,
): Promise<readonly OutgoingObject[]> {
  const { study } = await sets.get({ StudyInstanceUID, tool }, options);
  const successor = study.sets.findLast(({ replaces }) => replaces.includes(setId));
  if (successor === undefined) return [];
  const folder = { StudyInstanceUID, tool, runId: successor.runId, setId: successor.setId };
  const bytes = await objects.get(objectListKey(folder), options);
  const { notes = [] } = bytes === undefined ? {} : parseObjectList(bytes);
  const about = notes.filter(({ rejects }) => rejects === setId);
  const isOfOther = isAboutOther(about);
  const needed = about.filter((note) => !isOfOther(note) || isNeeded(note, left));
  return await readObjects(objects, folder, needed, options);
}

type Folder = SetFolder & Pick<SetFile, 'StudyInstanceUID'>;
const folderOf = ({ tool, runId, setId }: Folder): SetFolder => ({ tool, runId, setId });

async function readObjects(
  objects: ObjectStore,
  set: Folder,
  listed: ObjectList['objects'],
  options: CallOptions,
): Promise<readonly OutgoingObject[]> {
  const { StudyInstanceUID } = set;
  const outgoing: OutgoingObject[] = [];
  for (const { SOPInstanceUID, SeriesInstanceUID, sha256 } of listed) {
    const bytes = await objects.get(objectKey(folderOf(set), SOPInstanceUID), options);
    const facts = { SOPInstanceUID };
    if (bytes === undefined) throw new MissingProductError('An object to deliver is not in the bucket', { facts });
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new IntegrityError('An object to deliver differs from its digest', { facts });
    outgoing.push({ uids: { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, bytes });
  }
  return outgoing;
}

/** The identity that the objects of a set carry, whatever the bucket has lost meanwhile. */
function identityIn([first]: readonly OutgoingObject[]): Uint8Array {
  const { dataset } = readDicom(first?.bytes ?? new Uint8Array(), { stopBeforePixels: true });
  return identityObjectOf(dataset);
}

/**
 * The objects that the archive does not have, and what it made of the others.
 *
 * @throws ContentConflictError if the archive has an object of the same UID with different content
 */
async function lookFor(
  archive: DeliveryArchive,
  outgoing: readonly OutgoingObject[],
  options: CallOptions,
): Promise<{ readonly missing: readonly OutgoingObject[]; readonly coerced: Coerced }> {
  const missing: OutgoingObject[] = [];
  const coerced: Record<string, readonly string[]> = {};
  for (const object of outgoing) {
    const { SOPInstanceUID } = object.uids;
    const found = await archive.retrieveInstance(object.uids, options);
    const keywords = found === undefined ? [] : coercedIn(found, object.bytes);
    if (keywords === undefined)
      throw new ContentConflictError('The archive holds an object of the same UID with different content', {
        facts: { SOPInstanceUID },
      });
    if (found === undefined) missing.push(object);
    if (keywords.length > 0) coerced[SOPInstanceUID] = keywords;
  }
  return { missing, coerced };
}

/** Stores objects and reads them back. If some fail, the others stay in the archive and are found there next time. */
async function storeAll(
  archive: DeliveryArchive,
  outgoing: readonly OutgoingObject[],
  options: CallOptions,
): Promise<Coerced> {
  const { missing, coerced: found } = await lookFor(archive, outgoing, options);
  if (missing.length === 0) return found;
  const outcomes = await archive.store(
    missing.map(({ uids, bytes }) => ({ SOPInstanceUID: uids.SOPInstanceUID, bytes })),
    options,
  );
  const { missing: absent, coerced } = await lookFor(archive, missing, options);
  const [first] = absent;
  if (first === undefined) return { ...found, ...coerced };
  const outcome = outcomes.find(({ SOPInstanceUID }) => SOPInstanceUID === first.uids.SOPInstanceUID);
  throw new ArchiveStoreError(
    `The archive did not store ${absent.length} of ${missing.length} objects${failureCode(outcome)}.`,
    { facts: { SOPInstanceUID: first.uids.SOPInstanceUID, absent: absent.length } },
  );
}

const failureCode = (outcome: StoreOutcome | undefined): string =>
  outcome?.failureReason === undefined
    ? ''
    : ` (failure reason ${outcome.failureReason.toString(16).toUpperCase().padStart(4, '0')}H)`;

/** @throws ArchiveStoreError if the archive does not list an object in the study */
function checkStudy(instances: ReadonlySet<string>, outgoing: readonly OutgoingObject[]): void {
  const elsewhere = outgoing.filter(({ uids }) => !instances.has(uids.SOPInstanceUID));
  const [first] = elsewhere;
  if (first === undefined) return;
  throw new ArchiveStoreError(
    `The archive has ${elsewhere.length} of ${outgoing.length} objects, and does not list them in the study.`,
    { facts: { SOPInstanceUID: first.uids.SOPInstanceUID } },
  );
}
