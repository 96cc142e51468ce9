/** What all result objects share: patient and study, series, equipment, names and references (PS3.3 C.7, C.12). */
import type { CodedConcept } from '#dicom/codes.ts';
import { Dcm, HILUM_SCHEME } from '#dicom/codes.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { isUid, resultUid } from '#dicom/uid.ts';
import type { AsFound, Attributes } from '#dicom/write.ts';
import type { FrameReference } from '../image/frame-reference.ts';
import { alongNormal, type FrameHeader, frameHeaders } from '../study/frames.ts';
import { MANUFACTURER } from '../study/index-instance.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import type { ProcessingResult, ToolDescription } from '../tool.ts';
import { oneLine } from './plain-text.ts';
import { provenance } from './provenance.ts';
import type { Referenced, SourceStudy } from './source-study.ts';

/** The plain data of a result. */
export type ResultData = Omit<ProcessingResult, 'toDicom'>;

/** What made an object: the tool, its version and its input. */
export type Made = Pick<ResultData, 'metadata'>;

/** The purpose of each object of a result. It is part of the object's UIDs, so a role is never renamed. */
export type Role =
  | 'segmentation'
  | 'drawings'
  | 'segments'
  | 'points'
  | 'measurements'
  | 'sound-drawings'
  | 'sound-segments'
  | 'sound-points'
  | 'sound-measurements'
  | 'key-images'
  | 'report'
  | 'non-result'
  | 'failure'
  | 'failure-report'
  | 'failure-card'
  | 'rejection-note'
  | 'identity-rejection-note';

/**
 * The kind's part of the Series Number, and the text after the tool's label in Series Description. A kind keeps its number in all versions, so
 * that a tool's reports, for example, have one number in every study.
 */
const SERIES: Readonly<Record<Role, { readonly number: number; readonly description: string }>> = {
  segmentation: { number: 1, description: 'segmentation' },
  drawings: { number: 2, description: 'findings on images' },
  segments: { number: 3, description: 'findings by segment' },
  points: { number: 4, description: 'findings at points' },
  measurements: { number: 5, description: 'other findings' },
  'key-images': { number: 6, description: 'key images' },
  report: { number: 7, description: 'report' },
  'non-result': { number: 8, description: 'no result' },
  // A role of its own: after a redrive the run may still get its answer, which is a different object.
  failure: { number: 9, description: 'failed' },
  'rejection-note': { number: 10, description: 'rejection note' },
  'identity-rejection-note': { number: 11, description: 'rejection note' },
  'sound-drawings': { number: 12, description: 'sound, on images' },
  'sound-segments': { number: 13, description: 'sound, by segment' },
  'sound-points': { number: 14, description: 'sound, at points' },
  'sound-measurements': { number: 15, description: 'sound, others' },
  'failure-report': { number: 16, description: 'failed, report' },
  'failure-card': { number: 17, description: 'failed, picture' },
};

/** The second and each further SEG of a set has a series of its own, with a number of its own as long as there are any. */
const FURTHER_SEGMENTATIONS = { first: 21, last: 99 } as const;

/** The base of Series Numbers of results from before tools had one of their own. */
const EARLIER_BASE = 9000;

/** The label that every output carries, in tags and in pixels. */
export const RESEARCH_ONLY = 'Research use only - not for clinical use';

type Replacing = Pick<SourceStudy, 'replaces' | 'twin' | 'wholeByteMasks'>;

/**
 * SOP Instance UID of an object, derived from the run's identity, the object's role and its index in that role, and the sets that it
 * replaces; from its own set, too, where another patient has a twin of it, and from the site's wish for masks, which changes the objects.
 */
export function objectUid(result: Made, source: Replacing, role: Role, index = 0): string {
  return uidOf(result, source, role, String(index));
}

/**
 * Series Instance UID of the objects of a role: each role is a series of its own, and so is each segmentation, because OHIF shows only the
 * last one of a series.
 */
export function seriesUid(result: Made, source: Replacing, role: Role, index = 0): string {
  const isFurther = role === 'segmentation' && index > 0;
  return uidOf(result, source, role, isFurther ? `series ${index}` : 'series');
}

function uidOf(
  { metadata }: Made,
  { replaces = [], twin, wholeByteMasks }: Replacing,
  role: Role,
  part: string,
): string {
  const { inputDigest, tool, version } = metadata;
  return resultUid(
    inputDigest,
    tool.id,
    version,
    role,
    part,
    ...replaces.map(({ setId }) => setId),
    ...(twin === undefined ? [] : ['twin', twin]),
    ...(wholeByteMasks ? ['whole-byte masks'] : []),
  );
}

/** Tracking Unique Identifier of a finding, the same in SEG and SR. */
export function trackingUid({ metadata }: ResultData, findingId: string): string {
  return resultUid(metadata.inputDigest, metadata.tool.id, metadata.version, 'tracking', findingId);
}

export interface ObjectDescription {
  readonly role: Role;
  /** 0-based among the objects of its role. */
  readonly index?: number;
  /** How many of them there are, if the Series Description should say it. */
  readonly of?: number;
  readonly SOPClassUID: string;
  readonly Modality: string;
  /** Of the set, where the object does not replace what came before it. */
  readonly generation?: number | undefined;
}

/**
 * Patient, Study, Series, Equipment and SOP Common modules of one result object. The Contributing Equipment item states in
 * each object which tool, input, configuration and models made it.
 */
export function commonAttributes(result: Made, source: SourceStudy, object: ObjectDescription): Attributes {
  const { metadata } = result;
  const { replaces = [] } = source;
  const { content, creation } = source.times;
  const { role, index = 0, generation = generationAfter(source) } = object;
  return {
    ...source.patientAndStudy,
    StudyInstanceUID: sourceUid(source.StudyInstanceUID),
    SOPClassUID: object.SOPClassUID,
    SOPInstanceUID: objectUid(result, source, role, index),
    SeriesInstanceUID: seriesUid(result, source, role, index),
    Modality: object.Modality,
    SeriesNumber: seriesNumber(metadata.tool, object, generation),
    SeriesDescription: seriesDescription(metadata.tool.label, object, replaces.length > 0),
    SeriesDate: content.date,
    SeriesTime: content.time,
    InstanceNumber: role === 'segmentation' ? 1 : index + 1,
    ContentDate: content.date,
    ContentTime: content.time,
    InstanceCreationDate: creation.date,
    InstanceCreationTime: creation.time,
    ContentQualification: 'RESEARCH',
    ...equipment(result),
    SoftwareVersions: [...softwareVersions(metadata.version), ...replacedDigests(source)],
    ContributingEquipmentSequence: [
      {
        ...equipment(result),
        DeviceUID: deviceUid(result),
        PurposeOfReferenceCodeSequence: [codeItem(Dcm.processingEquipment)],
        ContributionDescription: contribution(result, source),
      },
    ],
  };
}

const GENERATION_STEP = 100;
/** Later ones share its numbers: those of a further one would be the next tool's. */
const LAST_GENERATION = 99;

/**
 * The tool's base, 100 for each generation, and the kind. The bases are 10,000 apart, so that two tools never share a number and all of a
 * tool's series are listed together, after the images. Many viewers show the number whole and the description cut off: what replaces
 * something has other numbers.
 */
function seriesNumber(
  { seriesNumber: base = EARLIER_BASE }: ToolDescription,
  object: ObjectDescription,
  generation: number,
): number {
  const { role, index = 0 } = object;
  const { first, last } = FURTHER_SEGMENTATIONS;
  const isFurther = role === 'segmentation' && index > 0;
  const kind = isFurther ? Math.min(last, first + index - 1) : SERIES[role].number;
  return base + GENERATION_STEP * Math.min(LAST_GENERATION, generation) + kind;
}

/** The generation of what replaces these sets: one more than the latest of them; 0 where there are none. */
const generationAfter = ({ replaces = [] }: Replacing): number =>
  Math.max(0, ...replaces.map(({ generation = 0 }) => generation + 1));

/** `<label>: <description> (research)` in the 64 characters of VR LO, and whether it replaces another. A long label is shortened. */
function seriesDescription(
  label: string,
  { role, index = 0, of = 1 }: ObjectDescription,
  isReplacing: boolean,
): string {
  const which = of === 1 ? '' : ` ${index + 1} of ${of}`;
  const rest = `: ${SERIES[role].description}${which} (research${isReplacing ? `, ${REPLACES_EARLIER}` : ''})`;
  return `${oneLine(label, 64 - rest.length)}${rest}`;
}

/** What the Series Description of an object says that replaces another one. */
export const REPLACES_EARLIER = 'replaces earlier';

/** The input digests of the replaced sets, each once: further values of Software Versions. */
export const replacedDigests = ({ replaces = [] }: Replacing): readonly string[] => [
  ...new Set(replaces.map(({ inputDigest }) => inputDigest)),
];

/**
 * Device UID (0018,1002) of a tool with its models' versions, the same in the Contributing Equipment and in the reports' observer: other
 * weights are another device. A tool without models is another device with each version.
 */
export function deviceUid({ metadata: { tool, version } }: Made): string {
  const models = tool.models.flatMap(({ id, version: of, sha256 }) => [id, of, sha256]);
  return resultUid('device', tool.id, ...(models.length === 0 ? [version] : models));
}

/** Enhanced General Equipment (PS3.3 C.7.5.2). The serial number is the tool's id: one tool, one device. */
function equipment({ metadata }: Made): Attributes {
  return {
    Manufacturer: MANUFACTURER,
    ManufacturerModelName: oneLine(metadata.tool.label, 64),
    DeviceSerialNumber: metadata.tool.id,
    SoftwareVersions: softwareVersions(metadata.version),
  };
}

/** The tool's version as values of at most 64 characters (PS3.5, VR LO). */
function softwareVersions(version: string): readonly string[] {
  return version.match(/.{1,64}/g) ?? [version];
}

/** The research label and the provenance, one per line, as many whole lines as Contribution Description (VR ST) holds. */
function contribution(result: Made, source: Replacing): string {
  let text = RESEARCH_ONLY;
  const replaced = replacedDigests(source).map((digest) => `Replaces input sha256:${digest}`);
  for (const line of [...provenance(result), ...replaced])
    if (text.length + 1 + line.length <= 1024) text += `\n${line}`;
  return text;
}

/** The headers of the tool's inputs, in source order. */
export function inputsOf({ metadata }: ResultData, source: SourceStudy): readonly InstanceIndex[] {
  const byUid = new Map(source.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  return metadata.inputs.map((uid) => instanceOf(byUid, uid));
}

/** @throws DicomWriteError where a result names an instance that is not in its source */
export function instanceOf(byUid: ReadonlyMap<string, InstanceIndex>, SOPInstanceUID: string): InstanceIndex {
  const instance = byUid.get(SOPInstanceUID);
  if (instance !== undefined) return instance;
  throw new DicomWriteError('The result names an instance that is not in its source', { facts: { SOPInstanceUID } });
}

/**
 * The frames of instances, in their order. Frames of multi-frame instances that have positions ascend along the slice normal,
 * as single-frame inputs do.
 */
export function framesOf(instances: readonly InstanceIndex[]): readonly FrameHeader[] {
  const frames = instances.flatMap(frameHeaders);
  if (instances.every((instance) => instance.frames === undefined)) return frames;
  return frames.toSorted((a, b) => alongNormal(a) - alongNormal(b));
}

/** Body Part Examined of General Series (C.7.3.1), copied where all inputs agree: hanging protocols use it. */
export function generalSeries(result: ResultData, source: SourceStudy): Attributes {
  const parts = new Set(inputsOf(result, source).map(({ BodyPartExamined }) => BodyPartExamined));
  const [BodyPartExamined] = parts;
  return parts.size === 1 && BodyPartExamined !== undefined && BodyPartExamined.length <= 16
    ? { BodyPartExamined }
    : {};
}

/** Image Laterality (0020,0062), where the source has a value that the standard defines. */
export function imageLaterality({ ImageLaterality }: Pick<InstanceIndex, 'ImageLaterality'>): Attributes {
  return ImageLaterality !== undefined && /^[RLUB]$/.test(ImageLaterality) ? { ImageLaterality } : {};
}

/** The owner of our private codes (PS3.3 C.12.1): objects that use them say who it is. */
export const HILUM_CODES: Attributes = {
  CodingSchemeDesignator: HILUM_SCHEME,
  CodingSchemeName: 'Hilum codes',
  CodingSchemeResponsibleOrganization: MANUFACTURER,
};

/** Basic Coded Entry (PS3.3 8.8). */
export function codeItem({ value, scheme, meaning }: CodedConcept): Attributes {
  const CodeMeaning = meaning;
  return value.length > 16
    ? { LongCodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning }
    : { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning };
}

/** SOP Instance Reference Macro (PS3.3 10.8). */
export function reference({ SOPClassUID, SOPInstanceUID }: Omit<Referenced, 'SeriesInstanceUID'>): Attributes {
  return { ReferencedSOPClassUID: sourceUid(SOPClassUID), ReferencedSOPInstanceUID: sourceUid(SOPInstanceUID) };
}

/** Hierarchical SOP Instance Reference Macro (C.17.2.1) of objects in the source's study. */
export function hierarchy(source: SourceStudy, objects: readonly Referenced[]): readonly Attributes[] {
  return [
    {
      StudyInstanceUID: sourceUid(source.StudyInstanceUID),
      ReferencedSeriesSequence: [...bySeries(objects)].map(([SeriesInstanceUID, members]) => ({
        SeriesInstanceUID: sourceUid(SeriesInstanceUID),
        ReferencedSOPSequence: members.map(reference),
      })),
    },
  ];
}

/** The frames that a reference means, where it does not mean all: Image SOP Instance Reference Macro (PS3.3 10.3). */
export function frameNumbers(frames: readonly Pick<FrameReference, 'frameNumber'>[]): Attributes {
  const ReferencedFrameNumber = frames.map(({ frameNumber }) => frameNumber).filter((number) => number !== undefined);
  return ReferencedFrameNumber.length === 0 ? {} : { ReferencedFrameNumber };
}

/** The objects by series, in their order. */
export function bySeries<T extends Referenced>(objects: readonly T[]): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(objects, (object) => object.SeriesInstanceUID);
}

/** A UID of the source. Archives hold UIDs that break PS3.5 9.1 (leading zeros); they are copied unchanged. */
export function sourceUid(uid: string): string | AsFound {
  return isUid(uid) ? uid : { asFound: [uid] };
}
