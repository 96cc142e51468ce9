/** Converts a run's stored answer to a set of DICOM objects and lists them in the bucket. */
import { createHash } from 'node:crypto';
import { type ConvertedObject, convertRejection, convertResult, type Rejection } from '#core/convert-result.ts';
import { ContentConflictError, IntegrityError, MissingProductError } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import type { RejectionReason } from '#core/results/rejection-note.ts';
import { namedInstances } from '#core/study/distinct-instances.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { readAnswer } from './answers.ts';
import { areSameIdentities, identityInstanceOf, readIdentity } from './identities.ts';
import { instanceReader } from './instances.ts';
import { failureKey, identityKey, objectKey, objectListKey, resultKey, type SetFolder } from './keys.ts';
import type { Manifest } from './manifest.ts';
import type { RunMessage } from './messages.ts';
import { encodeObjectList, type ObjectList, parseObjectList } from './object-list.ts';
import type { ObjectStore, SetTable } from './ports.ts';
import { isSameAnswer } from './same-content.ts';
import { pinnedFile, type SetFile } from './set-file.ts';
import { pinSet } from './sets.ts';
import { readManifest } from './study.ts';

export interface ConversionPorts {
  readonly objects: ObjectStore;
  readonly sets: SetTable;
  readonly clock: Clock;
  /** The site's, by its IANA name. */
  readonly timeZone: string;
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
  const pinning = await pinSet(
    sets,
    message,
    { runId, answer, inputDigest, identity, sequence, back, from: message.set },
    { isSame: (a, b) => areSameIdentities(objects, a, b), now: new Date(clock.now()).toISOString() },
  );
  if (pinning.kind === 'superseded') return pinning;
  const set = await pinnedFile(objects, message, pinning.set, pinning.sets);
  const folder: SetFolder = { tool, runId, setId: set.setId };
  const stored = await objects.get(objectListKey(folder));
  const known = stored === undefined ? undefined : parseObjectList(stored);
  if (known !== undefined && (await areThere(objects, folder, known))) return { kind: 'converted', set, list: known };
  const result = await answerOf(objects, message);
  const manifest = await readManifest(objects, message.manifestKey);
  const filed = await identityFor(objects, set, manifest);
  // Nobody puts an identity again that the PACS told. Delivery asks the PACS again.
  if (filed === 'lost') return await convertAnswer(ports, { ...message, identity: manifest.identity, set: set.setId });
  const { storedAt } = result.metadata;
  // Answers that were stored before they said when state the study's own time.
  const moments = storedAt === undefined ? undefined : { content: storedAt, creation: set.createdAt, timeZone };
  try {
    const converted = await convertResult({
      ...{ result, instances: manifest.instances, read: instanceReader(objects, manifest), moments },
      ...(filed !== undefined && { identity: filed }),
      replaces: set.replaces,
    });
    const notes = await rejections(objects, set, { result, moments });
    return {
      kind: 'converted',
      set,
      list: await storeObjects(objects, folder, { result, manifest, converted, notes }),
    };
  } catch (error) {
    if (error instanceof DicomWriteError) return { kind: 'refused', set, refusal: { error, result } };
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
  objects: ObjectStore,
  { identity }: SetFile,
  manifest: Manifest,
): Promise<Uint8Array | 'lost' | undefined> {
  if (identity === undefined) return undefined;
  const isOfEdge = manifest.identity === undefined || manifest.identity === identity;
  return isOfEdge ? await readIdentity(objects, identity) : ((await objects.get(identityKey(identity))) ?? 'lost');
}

async function answerOf(objects: ObjectStore, message: RunMessage): Promise<ProcessingResult> {
  const isResult = message.answer === 'result';
  const answer = await readAnswer(objects, isResult ? resultKey(message) : failureKey(message));
  if (answer !== undefined) return answer;
  if (isResult) throw new MissingProductError("The run's result is not in the bucket");
  throw new IntegrityError("The run's failure is not in the bucket");
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

/** The notes about the sets that are replaced. Of one without a known identity, or of which the bucket lost identity or list, there is none. */
async function rejections(
  objects: ObjectStore,
  { identity, replaces }: SetFile,
  by: Pick<Rejection, 'result' | 'moments'>,
): Promise<readonly Note[]> {
  const notes: Note[] = [];
  for (const rejected of replaces) {
    if (rejected.identity === undefined || rejected.objects.length === 0) continue;
    const filed = await objects.get(identityKey(rejected.identity));
    if (filed === undefined) continue;
    const isSame = await areSameIdentities(objects, rejected.identity, identity);
    const reason = isSame ? 'superseded' : 'wrong-identity';
    const object = convertRejection({ ...by, identity: filed, rejected, reason });
    notes.push({ object, rejects: rejected.setId, reason });
  }
  return notes;
}

interface Made {
  readonly result: ProcessingResult;
  readonly manifest: Manifest;
  readonly converted: readonly ConvertedObject[];
  readonly notes: readonly Note[];
}

async function storeObjects(
  objects: ObjectStore,
  folder: SetFolder,
  { result, manifest, converted, notes }: Made,
): Promise<ObjectList> {
  const sums = new Map<string, string>();
  for (const object of [...converted, ...notes.map((note) => note.object)])
    sums.set(object.SOPInstanceUID, await storeObject(objects, folder, object));
  const listed = ({ kind, SOPClassUID, SOPInstanceUID, SeriesInstanceUID, sha256 }: ConvertedObject) => ({
    ...{ kind, SOPClassUID, SOPInstanceUID, SeriesInstanceUID, sha256: sums.get(SOPInstanceUID) ?? sha256 },
  });
  const { outcome, reason, summary, inputs } = result.metadata;
  const byUid = namedInstances(manifest.instances);
  const identityInstance = identityInstanceOf(manifest.instances);
  const list = encodeObjectList({
    ...{ StudyInstanceUID: manifest.StudyInstanceUID, outcome, summary },
    ...(reason === undefined ? {} : { reason }),
    objects: converted.map(listed),
    ...(notes.length > 0 && { notes: notes.map(({ object, ...note }) => ({ ...listed(object), ...note })) }),
    inputs: inputs.map((SOPInstanceUID) => ({
      ...{ SOPInstanceUID, SeriesInstanceUID: byUid.get(SOPInstanceUID)?.SeriesInstanceUID ?? '' },
    })),
    ...(identityInstance && { identityInstance }),
  });
  await objects.put(objectListKey(folder), list, { contentType: 'application/json' });
  return parseObjectList(list);
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
