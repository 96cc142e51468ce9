/** Converts a run's stored answer to DICOM objects and lists them in the bucket. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type ConvertedObject, convertResult } from '#core/convert-result.ts';
import { ContentConflictError, IntegrityError, MissingProductError } from '#core/errors.ts';
import type { Moments } from '#core/results/times.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { readAnswer } from './answers.ts';
import { instanceReader } from './instances.ts';
import { failureKey, objectKey, objectListKey, resultKey, supersedesKey } from './keys.ts';
import type { RunMessage } from './messages.ts';
import { encodeObjectList, type ObjectList, parseObjectList } from './object-list.ts';
import type { ObjectStore } from './ports.ts';
import { readManifest } from './study.ts';

/** Makes a result's objects. They name the failure that the result supersedes, if it supersedes one. */
type Conversion = (supersedesFailure: boolean) => Promise<readonly ConvertedObject[]>;

const SupersedesSchema = z.object({ failure: z.boolean() });

/** The writer or the output gate refuses an answer: `error` says why, `result` is the refused answer. */
export interface Refusal {
  readonly error: DicomWriteError;
  readonly result: ProcessingResult;
}
export type Converted = { readonly list: ObjectList } | { readonly refusal: Refusal };

/**
 * Converts an answer of a run. The list of objects is written last, so an existing list means that the answer was
 * already converted; it is then returned as it is, unless an object that it names is gone.
 *
 * @param timeZone the site's, by its IANA name
 * @throws MissingProductError if the run's result is not in the bucket
 * @throws MissingChunkError, MissingManifestError if a part of the study is not in the bucket
 * @throws IntegrityError if a failure's answer is missing, or an instance differs from its digest
 * @throws ContentConflictError if an object's bytes differ from those of an earlier conversion
 */
export async function convertAnswer(
  objects: ObjectStore,
  message: RunMessage,
  { timeZone }: Pick<Moments, 'timeZone'>,
): Promise<Converted> {
  const { runId, answer } = message;
  const stored = await objects.get(objectListKey(runId, answer));
  const known = stored === undefined ? undefined : parseObjectList(stored);
  if (known !== undefined && (await areThere(objects, runId, known))) return { list: known };
  const result = await readAnswer(objects, answer === 'result' ? resultKey(runId) : failureKey(runId));
  if (result === undefined && answer === 'result')
    throw new MissingProductError("The run's result is not in the bucket");
  if (result === undefined) throw new IntegrityError("The run's failure is not in the bucket");
  const manifest = await readManifest(objects, message.manifestKey);
  const read = instanceReader(objects, manifest);
  const { storedAt } = result.metadata;
  const moments = storedAt === undefined ? undefined : { content: storedAt, creation: storedAt, timeZone };
  const conversion: Conversion = (supersedesFailure) =>
    convertResult({ result, instances: manifest.instances, read, moments, supersedesFailure });
  try {
    const converted = answer === 'failure' ? await conversion(false) : await superseding(objects, runId, conversion);
    return { list: await storeObjects(objects, message, result, converted) };
  } catch (error) {
    if (error instanceof DicomWriteError) return { refusal: { error, result } };
    throw error;
  }
}

async function areThere(objects: ObjectStore, runId: string, list: ObjectList): Promise<boolean> {
  for (const { SOPInstanceUID } of list.objects) {
    if (!(await objects.exists(objectKey(runId, SOPInstanceUID)))) return false;
  }
  return true;
}

/**
 * Converts a result. If a failure of the same run was delivered earlier, the objects name it as superseded. A failure may
 * appear during conversion or between two attempts. The first attempt that has objects to store therefore pins the
 * decision, so that every later attempt makes the same bytes.
 */
async function superseding(
  objects: ObjectStore,
  runId: string,
  conversion: Conversion,
): Promise<readonly ConvertedObject[]> {
  const key = supersedesKey(runId);
  const pinned = async (): Promise<boolean | undefined> => {
    const bytes = await objects.get(key);
    return bytes === undefined
      ? undefined
      : SupersedesSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).failure;
  };
  const known = await pinned();
  const failure = known ?? (await objects.exists(objectListKey(runId, 'failure')));
  const converted = await conversion(failure);
  if (known !== undefined) return converted;
  const fact = new TextEncoder().encode(JSON.stringify({ failure }));
  const stored = await objects.put(key, fact, { ifAbsent: true, contentType: 'application/json' });
  return stored === 'stored' || (await pinned()) === failure ? converted : conversion(!failure);
}

async function storeObjects(
  objects: ObjectStore,
  { runId, answer, StudyInstanceUID }: RunMessage,
  { metadata: { outcome, reason, summary } }: ProcessingResult,
  converted: readonly ConvertedObject[],
): Promise<ObjectList> {
  for (const object of converted) await storeObject(objects, runId, object);
  const list = encodeObjectList({
    ...{ StudyInstanceUID, outcome, summary },
    ...(reason === undefined ? {} : { reason }),
    objects: converted.map(({ kind, SOPClassUID, SOPInstanceUID, sha256 }) => ({
      ...{ kind, SOPClassUID, SOPInstanceUID, sha256 },
    })),
  });
  await objects.put(objectListKey(runId, answer), list, { contentType: 'application/json' });
  return parseObjectList(list);
}

async function storeObject(
  objects: ObjectStore,
  runId: string,
  { SOPInstanceUID, sha256, bytes }: ConvertedObject,
): Promise<void> {
  const key = objectKey(runId, SOPInstanceUID);
  if ((await objects.put(key, bytes, { ifAbsent: true, contentType: 'application/dicom' })) === 'stored') return;
  const earlier = await objects.get(key);
  if (earlier === undefined || createHash('sha256').update(earlier).digest('hex') !== sha256) {
    throw new ContentConflictError('Converting the run again made an object with different bytes', {
      facts: { SOPInstanceUID },
    });
  }
}
