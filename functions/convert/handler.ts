/**
 * Makes DICOM objects of a run's answer. What the output gate refuses goes to quarantine, and in its place an object that
 * says that the run failed.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { METRICS } from '#adapters/aws/observe.ts';
import { type ConvertedObject, convertResult } from '#core/convert-result.ts';
import { type DicomObject, encodeDicom } from '#core/dicom/write.ts';
import type { QueueRole } from '#core/environment.ts';
import { ContentConflictError, DicomWriteError, IntegrityError, RefusedObjectError, reasonOf } from '#core/errors.ts';
import { failureKey, isKeyUid, objectKey, objectListKey, quarantineKey, resultKey, supersedesKey } from '#core/keys.ts';
import type { RunMessage } from '#core/messages.ts';
import { encodeObjectList, type ObjectList, parseObjectList } from '#core/object-list.ts';
import type { Queue } from '#core/ports.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { readAnswer, storeFailure } from '../shared/answers.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { instanceReader } from '../shared/instances.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';
import { readManifest } from '../shared/study.ts';

/** Makes the objects of a result, with or without the failure that it takes the place of. */
type Conversion = (supersedesFailure: boolean) => Promise<readonly ConvertedObject[]>;

const SupersedesSchema = z.object({ failure: z.boolean() });

export interface ConvertDependencies extends RunDependencies {
  readonly queue: (role: QueueRole) => Queue;
}

/** The list of objects is written last: where it is there, conversion is over and is not done again. */
export function makeHandler(dependencies: ConvertDependencies): QueueHandler {
  const { objects, runs, queue, observer } = dependencies;

  async function convert(message: RunMessage): Promise<ObjectList> {
    const { runId, answer, manifestKey, StudyInstanceUID } = message;
    const result = await readAnswer(objects, answer === 'result' ? resultKey(runId) : failureKey(runId));
    if (result === undefined) throw new IntegrityError("The run's answer is not in the bucket");
    const manifest = await readManifest(objects, manifestKey);
    const read = instanceReader(objects, manifest);
    const conversion: Conversion = (supersedesFailure) =>
      convertResult({ result, instances: manifest.instances, read, supersedesFailure }).catch((error: unknown) =>
        refused(message, result, error),
      );
    const converted = answer === 'failure' ? await conversion(false) : await superseding(runId, conversion);
    for (const object of converted) await putObject(runId, object);
    const { outcome, reason, summary } = result.metadata;
    const list = encodeObjectList({
      ...{ StudyInstanceUID, outcome, summary },
      ...(reason === undefined ? {} : { reason }),
      objects: converted.map(({ kind, SOPClassUID, SOPInstanceUID, sha256 }) => ({
        kind,
        SOPClassUID,
        SOPInstanceUID,
        sha256,
      })),
    });
    await objects.put(objectListKey(runId, answer), list, { contentType: 'application/json' });
    return parseObjectList(list);
  }

  /**
   * Converts a result, which names the failure that was told of its run before, where one was. That may change while this runs
   * and between two tries: who first has objects to store pins it, so that they are the same bytes ever after.
   */
  async function superseding(runId: string, conversion: Conversion): Promise<readonly ConvertedObject[]> {
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

  /** Keeps what the gate says, and has the radiologist told of a result that it refused, before the refusal goes its way. */
  async function refused(message: RunMessage, { metadata }: ProcessingResult, error: unknown): Promise<never> {
    if (!(error instanceof DicomWriteError)) throw error;
    const { runId, answer } = message;
    const { code, facts } = error;
    const object = error instanceof RefusedObjectError ? await quarantine(message, error.object) : undefined;
    const refusal = {
      ...{ format: 'hilum.quarantine/1', runId, answer, code, message: error.message, facts },
      ...(object !== undefined && { object }),
    };
    await objects.put(
      quarantineKey(runId, `${answer}-refusal.json`),
      new TextEncoder().encode(JSON.stringify(refusal)),
      { contentType: 'application/json' },
    );
    observer.count(METRICS.quarantined);
    // There is nothing left to tell it with where the failure itself is refused.
    if (answer === 'result') {
      const { tool: description, inputs } = metadata;
      await storeFailure(objects, message, { description, inputs, reason: reasonOf(error) });
      await passOn({ ...message, answer: 'failure' });
    }
    throw error;
  }

  /** Stores the refused object for whoever looks into it; its key, or undefined where it cannot even be encoded. */
  async function quarantine({ runId, answer }: RunMessage, object: DicomObject): Promise<string | undefined> {
    const bytes = encoded(object);
    if (bytes === undefined || !isKeyUid(object.SOPInstanceUID)) return undefined;
    const key = quarantineKey(runId, `${answer}-${object.SOPInstanceUID}.dcm`);
    await objects.put(key, bytes, { contentType: 'application/dicom' });
    return key;
  }

  async function putObject(runId: string, { SOPInstanceUID, sha256, bytes }: ConvertedObject): Promise<void> {
    const key = objectKey(runId, SOPInstanceUID);
    if ((await objects.put(key, bytes, { ifAbsent: true, contentType: 'application/dicom' })) === 'stored') return;
    const earlier = await objects.get(key);
    if (earlier === undefined || createHash('sha256').update(earlier).digest('hex') !== sha256) {
      throw new ContentConflictError('Converting the run again gave an object with other bytes than the first time', {
        facts: { SOPInstanceUID },
      });
    }
  }

  async function passOn(message: RunMessage): Promise<void> {
    const { runId, answer } = message;
    const stored = await objects.get(objectListKey(runId, answer));
    const list = stored === undefined ? await convert(message) : parseObjectList(stored);
    if (answer === 'result') {
      const { outcome, reason, summary } = list;
      await runs.record({
        ...identityOf(message),
        state: 'converted',
        outcome,
        summary,
        ...(reason === undefined ? {} : { reason }),
      });
    }
    await queue({ step: 'return', lane: message.lane }).send(JSON.stringify(message));
    observer.log('info', 'converted', { runId, answer, objects: list.objects.length });
  }

  return consumeRuns({ comesAs: 'inferred', work: passOn }, dependencies);
}

function encoded({ attributes }: DicomObject): Uint8Array | undefined {
  try {
    return encodeDicom(attributes);
  } catch (error) {
    if (error instanceof DicomWriteError) return undefined;
    throw error;
  }
}
