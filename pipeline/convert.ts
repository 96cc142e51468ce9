/** Converts a run's stored answer to a set of DICOM objects and lists them in the bucket. */
import { createHash } from 'node:crypto';
import { type ConvertedObject, convertRejection, convertResult, type Rejection } from '#core/convert-result.ts';
import { ContentConflictError, IntegrityError, MissingManifestError, MissingProductError } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import type { RejectionReason } from '#core/results/rejection-note.ts';
import { namedInstances } from '#core/study/distinct-instances.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { readAnswer } from './answers.ts';
import { areSameIdentities, identityInstanceOf, readIdentity } from './identities.ts';
import { instanceReader } from './instances.ts';
import { failureKey, identityKey, objectKey, objectListKey, type RunPlace, resultKey, type SetFolder } from './keys.ts';
import type { Manifest } from './manifest.ts';
import type { RunMessage } from './messages.ts';
import { encodeObjectList, type ObjectList, parseObjectList } from './object-list.ts';
import type { ObjectStore, SetTable } from './ports.ts';
import { isSameAnswer } from './same-content.ts';
import { pinnedFile, type SetFile, type SiteSettings } from './set-file.ts';
import { pinSet } from './sets.ts';
import { readManifest } from './study.ts';

export interface ConversionPorts extends SiteSettings {
  readonly objects: ObjectStore;
  readonly sets: SetTable;
  readonly clock: Clock;
}

/** The writer or the output gate refuses an answer: `error` says why, `result` is the refused answer. */
export interface Refusal {
  readonly error: DicomWriteError;
  readonly result: ProcessingResult;
}
export type Converted =
  | { readonly kind: 'converted'; readonly set: SetFile; readonly list: ObjectList }
  | { readonly kind: 'refused'; readonly set: SetFile; readonly refusal: Refusal }
  /** The study has newer results of the tool, or they are on their way. */
  | { readonly kind: 'superseded' };

/**
 * Converts an answer of a run for the identity that the message names. The set is pinned first, so that every attempt makes the same bytes.
 * Its list of objects is written last, so an existing list means that the answer was already converted; it is then returned as it is, unless
 * an object that it names is gone.
 *
 * @throws MissingProductError if the run's result is not in the bucket
 * @throws MissingChunkError, MissingManifestError if a part of the study is not in the bucket
 * @throws IntegrityError if a failure's answer is missing, or an instance differs from its digest
 * @throws ContentConflictError if an object says something else than that of an earlier conversion
 */
export async function convertAnswer(ports: ConversionPorts, message: RunMessage): Promise<Converted> {
  const { objects, sets, clock, timeZone } = ports;
  const { tool, runId, answer, inputDigest, identity, sequence = 0, back = false } = message;
  const manifest = await manifestOf(objects, message);
  const { others } = manifest;
  // Of an identity that the PACS told later, the upload does not know whose it is.
  const isKnown = identity === manifest.identity || others !== undefined;
  const patient = isKnown ? manifest.patient : undefined;
  const pinning = await pinSet(
    sets,
    message,
    { runId, answer, inputDigest, identity, sequence, back, patient, others, from: message.set },
    { isSame: (a, b) => areSameIdentities(objects, a, b), now: new Date(clock.now()).toISOString() },
  );
  if (pinning.kind === 'superseded') return pinning;
  const set = await pinnedFile(objects, message, pinning.set, pinning.sets, ports);
  const folder: SetFolder = { tool, runId, setId: set.setId };
  const stored = await objects.get(objectListKey(folder));
  const known = stored === undefined ? undefined : parseObjectList(stored);
  if (known !== undefined && (await areThere(objects, folder, known))) return { kind: 'converted', set, list: known };
  const result = await answerOf(objects, set);
  const filed = await identityFor(objects, set, manifest);
  // Nobody puts an identity again that the PACS told. Delivery asks the PACS again.
  if (filed === 'lost') return await convertAnswer(ports, { ...message, identity: manifest.identity, set: set.setId });
  try {
    const made = await makeObjects(objects, set, { result, manifest, timeZone });
    return { kind: 'converted', set, list: await storeObjects(objects, folder, made) };
  } catch (error) {
    if (error instanceof DicomWriteError) return { kind: 'refused', set, refusal: { error, result } };
    throw error;
  }
}

/** @throws MissingProductError rather than MissingManifestError if the result is gone, too: the tool needs both */
async function manifestOf(objects: ObjectStore, message: RunMessage): Promise<Manifest> {
  try {
    return await readManifest(objects, message.manifestKey);
  } catch (error) {
    if (error instanceof MissingManifestError) await answerOf(objects, message);
    throw error;
  }
}

/**
 * The identity that a set's objects carry; undefined if they take it from the images, `lost` if the bucket has only the manifest's, which is
 * another one.
 *
 * @throws MissingChunkError if it is that of the manifest, which the edge may put there again
 */
async function identityFor(
  objects: Pick<ObjectStore, 'get'>,
  { identity }: SetFile,
  manifest: Manifest,
): Promise<Uint8Array | 'lost' | undefined> {
  if (identity === undefined) return undefined;
  const isOfEdge = manifest.identity === undefined || manifest.identity === identity;
  return isOfEdge ? await readIdentity(objects, identity) : ((await objects.get(identityKey(identity))) ?? 'lost');
}

/**
 * The answer of which a set is.
 *
 * @throws MissingProductError if the run's result is not in the bucket
 * @throws IntegrityError if a failure's answer is missing, or an answer cannot be read
 */
export async function answerOf(
  objects: Pick<ObjectStore, 'get'>,
  set: RunPlace & Pick<SetFile, 'answer'>,
): Promise<ProcessingResult> {
  const isResult = set.answer === 'result';
  const answer = await readAnswer(objects, isResult ? resultKey(set) : failureKey(set));
  if (answer !== undefined) return answer;
  if (isResult) throw new MissingProductError("The run's result is not in the bucket");
  throw new IntegrityError("The run's failure is not in the bucket");
}

export interface SetSource {
  readonly result: ProcessingResult;
  readonly manifest: Manifest;
  /** For files of sets that do not say it. */
  readonly timeZone: string;
}

/**
 * Makes the objects and the notes of a set. Nothing but what the bucket holds decides their bytes; nothing is written.
 *
 * @throws DicomWriteError if the writer or the output gate refuses one
 */
export async function makeObjects(
  objects: Pick<ObjectStore, 'get'>,
  set: SetFile,
  { result, manifest, timeZone }: SetSource,
): Promise<Made> {
  const { storedAt } = result.metadata;
  const zone = set.timeZone ?? timeZone;
  // Answers that were stored before they said when state the study's own time.
  const moments = storedAt === undefined ? undefined : { content: storedAt, creation: set.createdAt, timeZone: zone };
  const converted = await convertResult({
    ...{ result, instances: manifest.instances, read: instanceReader(objects, manifest), moments },
    ...(set.identity !== undefined && { identity: await readIdentity(objects, set.identity) }),
    ...{ replaces: set.replaces, wholeByteMasks: set.wholeByteMasks },
    ...(set.twin && { twin: set.setId }),
  });
  return { result, manifest, converted, notes: await rejections(objects, set, { result, moments }) };
}

async function areThere(objects: ObjectStore, folder: SetFolder, list: ObjectList): Promise<boolean> {
  for (const { SOPInstanceUID } of [...list.objects, ...(list.notes ?? [])]) {
    if (!(await objects.exists(objectKey(folder, SOPInstanceUID)))) return false;
  }
  return true;
}

interface Note {
  readonly object: ConvertedObject;
  /** The set that it rejects. */
  readonly rejects: string;
  readonly reason: RejectionReason;
}

/**
 * The notes about the sets that are replaced. Of one without a known identity, or of which the bucket lost identity or list, there is none. Of
 * one of another identity there are two, since nobody knows yet where its objects lie: in the PACS they may have been corrected together with
 * the images.
 */
async function rejections(
  objects: Pick<ObjectStore, 'get'>,
  { setId, identity, replaces }: SetFile,
  by: Pick<Rejection, 'result' | 'moments'>,
): Promise<readonly Note[]> {
  const notes: Note[] = [];
  for (const rejected of replaces) {
    const { setId: rejects } = rejected;
    if (rejected.identity === undefined || rejected.objects.length === 0) continue;
    const filed = await objects.get(identityKey(rejected.identity));
    if (filed === undefined) continue;
    const note = (reason: RejectionReason, about = rejected, under = filed): Note => ({
      object: convertRejection({ ...by, identity: under, rejected: about, reason }),
      ...{ rejects, reason },
    });
    if (await areSameIdentities(objects, rejected.identity, identity)) {
      notes.push(note('superseded'));
      continue;
    }
    notes.push(note('wrong-identity'));
    // Sets of further identities file this note elsewhere, under a UID of its own.
    const here = identity === undefined ? undefined : await readIdentity(objects, identity);
    const own = createHash('sha256').update(`${rejects}\n${setId}`).digest('hex').slice(0, 32);
    if (here !== undefined) notes.push(note('superseded', { ...rejected, setId: own }, here));
  }
  return notes;
}

/** What conversion makes of a set. */
export interface Made {
  readonly result: ProcessingResult;
  readonly manifest: Manifest;
  readonly converted: readonly ConvertedObject[];
  readonly notes: readonly Note[];
}

async function storeObjects(objects: ObjectStore, folder: SetFolder, made: Made): Promise<ObjectList> {
  const sums = new Map<string, string>();
  for (const object of [...made.converted, ...made.notes.map((note) => note.object)])
    sums.set(object.SOPInstanceUID, await storeObject(objects, folder, object));
  const list = listOf(made, sums);
  await objects.put(objectListKey(folder), list, { contentType: 'application/json' });
  return parseObjectList(list);
}

/**
 * `objects.json` of what was made.
 *
 * @param sums the digests of objects that the bucket has of an earlier conversion, by SOP Instance UID
 */
export function listOf(
  { result, manifest, converted, notes }: Made,
  sums: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const listed = ({ kind, SOPClassUID, SOPInstanceUID, SeriesInstanceUID, sha256 }: ConvertedObject) => ({
    ...{ kind, SOPClassUID, SOPInstanceUID, SeriesInstanceUID, sha256: sums.get(SOPInstanceUID) ?? sha256 },
  });
  const { outcome, reason, summary, inputs } = result.metadata;
  const byUid = namedInstances(manifest.instances);
  const identityInstance = identityInstanceOf(manifest.instances);
  return encodeObjectList({
    ...{ StudyInstanceUID: manifest.StudyInstanceUID, outcome, summary },
    ...(reason === undefined ? {} : { reason }),
    objects: converted.map(listed),
    ...(notes.length > 0 && { notes: notes.map(({ object, ...note }) => ({ ...listed(object), ...note })) }),
    inputs: inputs.map((SOPInstanceUID) => ({
      ...{ SOPInstanceUID, SeriesInstanceUID: byUid.get(SOPInstanceUID)?.SeriesInstanceUID ?? '' },
    })),
    ...(identityInstance && { identityInstance }),
  });
}

/** The digest of the object that the bucket has then. An earlier one stays: parts of a bucket may be lost, and the answer with them. */
async function storeObject(
  objects: ObjectStore,
  folder: SetFolder,
  { SOPInstanceUID, sha256, bytes }: ConvertedObject,
): Promise<string> {
  const key = objectKey(folder, SOPInstanceUID);
  if ((await objects.put(key, bytes, { ifAbsent: true, contentType: 'application/dicom' })) === 'stored') return sha256;
  const earlier = await objects.get(key);
  const facts = { SOPInstanceUID };
  if (earlier === undefined) throw new IntegrityError('An object has disappeared from the bucket', { facts });
  if (!isSameAnswer(earlier, bytes))
    throw new ContentConflictError('Converting the run again made an object with other content', { facts });
  return createHash('sha256').update(earlier).digest('hex');
}
