/** `objects.json`: the objects that conversion made of a run's answer, for delivery to the archive. */
import * as z from 'zod';
import { MessageError, NewerFormatError } from '#core/errors.ts';
import { refuseNewer } from '#core/newer-format.ts';
import { KEY_UID } from '#dicom/uid.ts';

const uid = z.string().regex(KEY_UID);

const instance = z.object({ SeriesInstanceUID: uid, SOPInstanceUID: uid });

const object = z.object({
  kind: z.string(),
  SOPClassUID: uid,
  SOPInstanceUID: uid,
  SeriesInstanceUID: uid,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const ObjectListSchema = z.object({
  format: z.literal('hilum.objects/1'),
  StudyInstanceUID: uid,
  /** The answer's outcome, for the runs table. */
  outcome: z.enum(['result', 'no-finding', 'not-applicable', 'not-evaluable', 'failed']),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  summary: z.string(),
  objects: z.array(object).min(1),
  /**
   * Notes that reject the sets that this one replaces, each with the patient and study that the rejected objects have. Where a set has one of
   * each reason, its identity was another: its objects may have it still, or have been corrected with the images.
   */
  notes: z.array(object.extend({ rejects: z.string(), reason: z.enum(['superseded', 'wrong-identity']) })).optional(),
  /** The images of which the answer is. If the PACS has none of them any more, nothing is delivered. */
  inputs: z.array(instance),
  /** The instance from whose header the study's identity was read. */
  identityInstance: instance.optional(),
});
export type ObjectList = Readonly<z.infer<typeof ObjectListSchema>>;

export function encodeObjectList(list: Omit<ObjectList, 'format'>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: 'hilum.objects/1', ...list } satisfies ObjectList));
}

/**
 * @throws NewerFormatError if `bytes` is a list of a later version
 * @throws MessageError if it is no list of objects
 */
export function parseObjectList(bytes: Uint8Array): ObjectList {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    refuseNewer(json, 'hilum.objects/1');
    return ObjectListSchema.parse(json);
  } catch (cause) {
    if (cause instanceof NewerFormatError) throw cause;
    throw new MessageError('The object is not a hilum.objects/1 list', { cause });
  }
}
