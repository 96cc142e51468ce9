/** Turns a tool's answer into the files that go to the PACS: the same bytes in a Lambda and on a laptop. */
import { createHash } from 'node:crypto';
import { DicomReadError, DicomWriteError } from '#dicom/error.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { MessageError } from './errors.ts';
import { textOf } from './gate/attribute-values.ts';
import { checkObjects } from './gate/gate.ts';
import { refuseObject } from './gate/refusal.ts';
import type { DicomObject } from './results/dicom-object.ts';
import { type RejectionReason, rejectionNote } from './results/rejection-note.ts';
import { type ReplacedSet, sourceStudyOf } from './results/source-study.ts';
import type { Moments } from './results/times.ts';
import { namedInstances } from './study/distinct-instances.ts';
import { inOneFrameOfReference } from './study/frame-of-reference.ts';
import type { InstanceIndex } from './study/study-index.ts';
import type { ProcessingResult } from './tool.ts';

/** One object ready to be stored: its Part 10 file and the file's digest. */
export interface ConvertedObject {
  readonly kind: DicomObject['kind'];
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export interface Conversion {
  readonly result: ProcessingResult;
  /** The index of the result's study; instances beyond the result's inputs are welcome. */
  readonly instances: readonly InstanceIndex[];
  /** Patient and study as the PACS has them (`results/identity-object.ts`). */
  readonly identity?: Uint8Array;
  /** Reads an instance's Part 10 file. Without an identity it is called once, for the first input by SOPInstanceUID. */
  readonly read: (instance: InstanceIndex) => Promise<Uint8Array>;
  /** The moments that the objects state; without them, they state the study's date and time. */
  readonly moments?: Moments | undefined;
  /** Older answers of the tool about the study, which the objects name and replace. */
  readonly replaces?: readonly ReplacedSet[] | undefined;
  /** For viewers that show frames wrongly which begin inside bytes (`SourceStudy`). */
  readonly wholeByteMasks?: boolean | undefined;
  /** Names the set where another patient has one of the same result (`SourceStudy`). */
  readonly twin?: string | undefined;
}

/**
 * The DICOM objects of a result, in the order of `toDicom`. Patient and study modules are copied from the identity, or from the first
 * input by SOPInstanceUID: the bytes do not depend on the order in which instances arrived.
 *
 * @throws DicomWriteError where an object would violate the standard or the gate; a RefusedObjectError, which holds the
 *   object, where one object is at fault
 * @throws MessageError where the index lacks an instance from which the result was made
 */
export async function convertResult(conversion: Conversion): Promise<readonly ConvertedObject[]> {
  const { result, instances, identity, read, moments, replaces = [], twin, wholeByteMasks = false } = conversion;
  const inputs = inputsOf(result, instances);
  const first = inputs.reduce((a, b) => (b.SOPInstanceUID < a.SOPInstanceUID ? b : a));
  const file = readDicom(identity ?? (await read(first)), { stopBeforePixels: true });
  const source = sourceStudyOf(inputs, file, moments);
  return result.toDicom({ ...source, replaces, wholeByteMasks, ...(twin !== undefined && { twin }) }).map(converted);
}

export interface Rejection {
  /** An answer of the tool that rejects the set. */
  readonly result: Pick<ProcessingResult, 'metadata'>;
  /** Patient and study as the rejected objects have them (`results/identity-object.ts`). */
  readonly identity: Uint8Array;
  readonly rejected: ReplacedSet;
  readonly reason: RejectionReason;
  readonly moments?: Moments | undefined;
}

/**
 * The rejection note about a set of our own objects, which is filed with them.
 *
 * @throws DicomWriteError where it would violate the standard or the gate
 */
export function convertRejection({ result, identity, rejected, reason, moments }: Rejection): ConvertedObject {
  const source = sourceStudyOf([], readDicom(identity), moments);
  const note = rejectionNote(result, source, rejected, reason);
  checkObjects([note], { ...source, rejects: rejected.objects });
  return converted(note);
}

function converted(object: DicomObject): ConvertedObject {
  const { kind, SOPClassUID, SOPInstanceUID, attributes } = object;
  const SeriesInstanceUID = textOf(attributes['SeriesInstanceUID']) ?? '';
  const bytes = encode(object);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { kind, SOPClassUID, SOPInstanceUID, SeriesInstanceUID, sha256, bytes };
}

/**
 * The object's file. It is read back, because delivery, the edge and the viewer read it later, and each would refuse a file
 * over a limit of the reader when it is too late to say so.
 *
 * @throws RefusedObjectError where a value violates its Value Representation, or our reader refuses the file
 */
function encode(object: DicomObject): Uint8Array {
  try {
    const bytes = encodeDicom(object.attributes);
    readDicom(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof DicomReadError) return refuseObject(object, error)('unreadable');
    if (!(error instanceof DicomWriteError)) throw error;
    const { keyword } = error.facts;
    return refuseObject(object, error)('value-representation', typeof keyword === 'string' ? keyword : undefined);
  }
}

/**
 * The index entries of the result's inputs, in the result's order. Slices that were evaluated in one frame of reference although
 * their headers give several are in one here, too: the masks and points of a result are.
 */
function inputsOf(
  result: ProcessingResult,
  instances: readonly InstanceIndex[],
): readonly [InstanceIndex, ...InstanceIndex[]] {
  const known = namedInstances(instances);
  const inputs = result.metadata.inputs.map((uid) => {
    const instance = known.get(uid);
    if (instance === undefined) throw new MessageError('The result names an input that the manifest does not hold');
    return instance;
  });
  const united = new Map(
    [...Map.groupBy(inputs, ({ SeriesInstanceUID }) => SeriesInstanceUID).values()]
      .flatMap(inOneFrameOfReference)
      .map((instance) => [instance.SOPInstanceUID, instance]),
  );
  const [first, ...others] = inputs.map((instance) => united.get(instance.SOPInstanceUID) ?? instance);
  if (first === undefined) throw new MessageError('The result names no input');
  return [first, ...others];
}
