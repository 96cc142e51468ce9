/** Masks as Segmentation objects, BINARY, on the source's own frames (PS3.3 A.51, C.8.20). */
import { DicomWriteError } from '#dicom/error.ts';
import { resultUid } from '#dicom/uid.ts';
import type { Attributes } from '#dicom/write.ts';
import { GeometryError } from '../errors.ts';
import { type FrameHeader, flatSpacing, frameKey } from '../study/frames.ts';
import { patientOrientation } from '../study/patient-orientation.ts';
import type { Segment } from '../tool.ts';
import { packFrames } from './bits.ts';
import {
  bySeries,
  commonAttributes,
  framesOf,
  generalSeries,
  imageLaterality,
  inputsOf,
  objectUid,
  RESEARCH_ONLY,
  type ResultData,
  reference,
  seriesUid,
  sourceUid,
} from './common.ts';
import type { DicomObject } from './dicom-object.ts';
import { dimensions, frameGroups, isInSpace, type MaskFrame, sharedGroups } from './functional-groups.ts';
import { replacedInstances } from './replacing.ts';
import { describeSegment } from './segment.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { Referenced, SourceStudy } from './source-study.ts';

/** A SEG as other objects refer to it. Segments are looked up by their number in the result. */
export interface SegmentationReference extends Referenced {
  /** Whether its frames lie in the patient's space. */
  readonly inSpace: boolean;
  /** The segment's number in this object; undefined where the object does not contain it. */
  segmentNumber(inResult: number | undefined): number | undefined;
  /** The segment's frames in this object, with their 1-based numbers; empty where the object does not contain it. */
  framesOf(inResult: number | undefined): readonly { readonly number: number; readonly source: FrameHeader }[];
}

export interface Segmentation {
  readonly object: DicomObject;
  readonly reference: SegmentationReference;
}

export interface Segmentations {
  readonly written: readonly Segmentation[];
  /** A frame of each image whose masks are left out (`SourceStudy.wholeByteMasks`). */
  readonly withheld: readonly FrameHeader[];
}

/**
 * The result's masks: one SEG per volume and one per radiograph, because radiographs share neither a frame of reference nor a
 * matrix size. Empty where no segment has a voxel.
 *
 * OHIF 3.13.2 scrambles frames that begin inside a byte, which they do where Rows × Columns is no multiple of 8. Where the site wants no such
 * frames, such a radiograph has one SEG per segment, since the only frame of a SEG begins at a byte, and such a volume has none.
 *
 * SEGs and their segments are ordered by their findings, so the worst is the first, and frames by segment, then in source order. On volumes each frame carries its source's position and orientation.
 * A radiograph has no frame of reference, so only the reference to the source places its frames. Segments are numbered from 1
 * in each SEG (C.8.20.4); for a single image these are the result's own numbers.
 *
 * @throws DicomWriteError where a mask does not fit its image, or is on none of the inputs
 * @throws GeometryError where the masks of a volume lie on slices of different matrix sizes
 */
export function segmentations(result: ResultData, source: SourceStudy): Segmentations {
  const sources = framesOf(inputsOf(result, source));
  const imageOf = imagesBy(result.metadata.joined);
  const sourcesOf = Map.groupBy(sources, imageOf);
  const groups = Map.groupBy(maskFrames(segmentsByFinding(result), sources), ({ source: of, number }) =>
    source.wholeByteMasks && !isInSpace([of]) && !beginsAtByte(of) ? `${imageOf(of)} ${number}` : imageOf(of),
  );
  const withheld: FrameHeader[] = [];
  const kept: (readonly MaskFrame[])[] = [];
  for (const frames of [...groups.values()].toSorted(byWorstFinding(result))) {
    const inside = frames.length > 1 ? frames.find((frame) => !beginsAtByte(frame.source)) : undefined;
    if (source.wholeByteMasks && inside) withheld.push(inside.source);
    else kept.push(frames);
  }
  const written = kept.map((frames, index) => {
    const images = new Set(frames.map((frame) => imageOf(frame.source)));
    const own = [...images].flatMap((image) => sourcesOf.get(image) ?? []);
    return segmentation(result, source, { frames, sources: own, index, of: kept.length });
  });
  return { written, withheld };
}

/** Whether each frame of a mask on this image begins at a byte (PS3.5 8.1.1). */
const beginsAtByte = ({ Rows = 0, Columns = 0 }: FrameHeader): boolean => (Rows * Columns) % 8 === 0;

/** In the order of the findings that they outline; segments without one are last. */
function segmentsByFinding({ segments, findings }: ResultData): readonly Segment[] {
  return segments.toSorted((a, b) => findingPlace(findings, a) - findingPlace(findings, b));
}

/** SEGs by their worst finding; those of one finding, or of none, in source order. */
function byWorstFinding({ findings }: ResultData): (a: readonly MaskFrame[], b: readonly MaskFrame[]) => number {
  const worst = (frames: readonly MaskFrame[]): number =>
    Math.min(...[...new Set(frames.map(({ segment }) => segment))].map((one) => findingPlace(findings, one)));
  return (a, b) => worst(a) - worst(b) || firstPlace(a) - firstPlace(b);
}

/** The place of a segment's first finding, from 0; after all findings where it has none. */
function findingPlace(findings: ResultData['findings'], { number }: Segment): number {
  const place = findings.findIndex(({ segmentNumber }) => segmentNumber === number);
  return place === -1 ? findings.length : place;
}

/** `createResult` has checked this where the tool made its answer. A stored answer may come from elsewhere. */
function maskFrames(segments: readonly Segment[], sources: readonly FrameHeader[]): readonly MaskFrame[] {
  return segments.flatMap((segment) => {
    const bitsOf = new Map(segment.frames.map((frame) => [frameKey(frame), frame.bits]));
    const frames = sources.flatMap((header, index): readonly MaskFrame[] => {
      const bits = bitsOf.get(frameKey(header));
      if (bits === undefined) return [];
      if (bits.length !== maskBytes(header))
        throw new DicomWriteError("A mask does not have its image's size", { facts: { keyword: 'PixelData' } });
      return [{ segment, number: segment.number, source: header, place: index + 1, bits }];
    });
    if (frames.length !== segment.frames.length)
      throw new DicomWriteError('A mask is not on one of the inputs, or two are on the same', {
        facts: { keyword: 'PixelData' },
      });
    return frames;
  });
}

const maskBytes = ({ Rows = 0, Columns = 0 }: FrameHeader): number => Math.ceil((Rows * Columns) / 8);

/**
 * Names the image that a frame belongs to: the volume of its series (or of the series that were joined with it) and frame of
 * reference, or the radiograph itself.
 */
function imagesBy(joined: ResultData['metadata']['joined'] = []): (frame: FrameHeader) => string {
  const firstOf = new Map(joined.flatMap((series) => series.map((uid) => [uid, series[0] ?? uid] as const)));
  return (frame) => {
    const { SeriesInstanceUID, FrameOfReferenceUID } = frame;
    return isInSpace([frame])
      ? `${firstOf.get(SeriesInstanceUID) ?? SeriesInstanceUID} ${FrameOfReferenceUID}`
      : frameKey(frame);
  };
}

const firstPlace = (frames: readonly MaskFrame[]): number => Math.min(...frames.map(({ place }) => place));

interface Image {
  readonly frames: readonly MaskFrame[];
  /** All frames of the image, with masks or without. */
  readonly sources: readonly FrameHeader[];
  /** 0-based among the result's SEGs, and how many there are. */
  readonly index: number;
  readonly of: number;
}

function segmentation(result: ResultData, source: SourceStudy, image: Image): Segmentation {
  const role = 'segmentation';
  const SOPClassUID = SOP_CLASS.segmentation;
  const inResult = [...new Set(image.frames.map(({ segment }) => segment.number))];
  const numbers = new Map(inResult.map((number, index) => [number, index + 1]));
  const frames = image.frames.map((frame) => ({ ...frame, number: numbers.get(frame.segment.number) ?? 0 }));
  const SOPInstanceUID = objectUid(result, source, role, image.index);
  return {
    object: {
      kind: 'segmentation',
      SOPClassUID,
      SOPInstanceUID,
      attributes: {
        ...commonAttributes(result, source, { role, index: image.index, of: image.of, SOPClassUID, Modality: 'SEG' }),
        ...generalSeries(result, source),
        ...replacedInstances(source, SOPClassUID),
        ...describeMask(result, source, { ...image, frames }),
      },
    },
    reference: {
      SOPClassUID,
      SOPInstanceUID,
      SeriesInstanceUID: seriesUid(result, source, role, image.index),
      inSpace: isInSpace(frames.map((frame) => frame.source)),
      segmentNumber: (inResult) => (inResult === undefined ? undefined : numbers.get(inResult)),
      framesOf: (inResult) =>
        frames.flatMap(({ segment, source: of }, at) =>
          segment.number === inResult ? [{ number: at + 1, source: of }] : [],
        ),
    },
  };
}

/** Segmentation Image, Multi-frame Functional Groups and Dimension, Frame of Reference, Image Pixel modules. */
function describeMask(result: ResultData, source: SourceStudy, { frames, sources, index }: Image): Attributes {
  const headers = frames.map((frame) => frame.source);
  const [first] = headers;
  const { Rows = 0, Columns = 0 } = first ?? {};
  if (first === undefined || headers.some((header) => header.Rows !== Rows || header.Columns !== Columns)) {
    throw new GeometryError('mixed-matrix', 'The masks lie on images of different matrix sizes');
  }
  const inSpace = isInSpace(headers);
  const segments = new Map(frames.map(({ number, segment }) => [number, segment]));
  return {
    ...(inSpace ? frameOfReference(first, source) : flat(first)),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: 'SEGMENTATION',
    ContentDescription: RESEARCH_ONLY,
    ContentCreatorName: '',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows,
    Columns,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    ...source.lossyCompression,
    SegmentationType: 'BINARY',
    SegmentSequence: [...segments].map(([number, segment]) => describeSegment(result, segment, number)),
    ...dimensions(dimensionUid(result, index), inSpace),
    SharedFunctionalGroupsSequence: [sharedGroups(frames, sources, inSpace)],
    PerFrameFunctionalGroupsSequence: frames.map((frame) => frameGroups(frame, inSpace)),
    ReferencedSeriesSequence: referencedSeries(headers),
    PixelData: packFrames(
      frames.map((frame) => frame.bits),
      Rows * Columns,
    ),
  };
}

/** Dimension Organization UID (0020,9164) of a SEG. */
function dimensionUid({ metadata }: ResultData, index: number): string {
  return resultUid(metadata.inputDigest, metadata.tool.id, metadata.version, 'dimensions', String(index));
}

function frameOfReference({ FrameOfReferenceUID = '' }: FrameHeader, source: SourceStudy): Attributes {
  return {
    FrameOfReferenceUID: sourceUid(FrameOfReferenceUID),
    PositionReferenceIndicator: source.PositionReferenceIndicator,
  };
}

/**
 * For images without a position, what tells left from right (General Image, C.7.6.1): the source's Patient Orientation if it
 * can be read, else nothing. Also a comment where the source gives no pixel spacing.
 */
function flat(header: FrameHeader): Attributes {
  const orientation = patientOrientation(header);
  return {
    PatientOrientation: orientation.state === 'said' ? [orientation.row, orientation.column] : [],
    ...imageLaterality(header),
    ...(flatSpacing(header) === undefined && {
      ImageComments: 'The source gives no pixel spacing. The spacing of 1 mm is a placeholder: do not measure with it.',
    }),
  };
}

/** Common Instance Reference Module (C.12.2), with each instance once. */
function referencedSeries(frames: readonly FrameHeader[]): readonly Attributes[] {
  const instances = new Map(frames.map((frame) => [frame.SOPInstanceUID, frame]));
  return [...bySeries([...instances.values()])].map(([SeriesInstanceUID, members]) => ({
    SeriesInstanceUID: sourceUid(SeriesInstanceUID),
    ReferencedInstanceSequence: members.map(reference),
  }));
}
