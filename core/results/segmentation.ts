/** Masks as a Segmentation object, BINARY, on the source's own frames (PS3.3 A.51, C.8.20). */
import { Dcm } from '../dicom/codes.ts';
import type { Attributes, DicomObject } from '../dicom/write.ts';
import { GeometryError } from '../errors.ts';
import { type FrameHeader, frameKey } from '../study/frames.ts';
import type { Segment } from '../tool.ts';
import { packFrames } from './bits.ts';
import {
  bySeries,
  codeItem,
  commonAttributes,
  frameNumbers,
  framesOf,
  inputsOf,
  objectUid,
  RESEARCH_ONLY,
  type Referenced,
  type ResultData,
  reference,
  seriesUid,
  sourceUid,
  trackingUid,
} from './common.ts';
import type { SourceStudy } from './source-study.ts';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';

/** One frame of the SEG: a segment on a source frame. */
interface MaskFrame {
  readonly segment: Segment;
  readonly source: FrameHeader;
  /** 1-based place of the source among the frames of the result's inputs, which lie along the slice normal. */
  readonly position: number;
  readonly bits: Uint8Array;
}

/** The SEG as others refer to it, and the 1-based numbers of each segment's frames in it. */
export interface SegmentationReference extends Referenced {
  framesOf(segmentNumber: number): readonly number[];
}

/**
 * The result's masks as one SEG, and how the result's other objects refer to it; undefined where no segment holds a
 * voxel.
 *
 * Frames come by segment, then in source order. On volumes each frame carries its source's position and orientation;
 * a radiograph has no frame of reference, so its frames are placed by reference to the source alone.
 *
 * @throws GeometryError where the masks lie on images of different matrix sizes
 */
export function segmentation(
  result: ResultData,
  source: SourceStudy,
): { readonly object: DicomObject; readonly reference: SegmentationReference } | undefined {
  const frames = maskFrames(result, source);
  const [first] = frames;
  if (first === undefined) return undefined;
  const SOPInstanceUID = objectUid(result, 'segmentation');
  const role = 'segmentation';
  const common = commonAttributes(result, source, { role, SOPClassUID: SEGMENTATION_STORAGE, Modality: 'SEG' });
  return {
    object: {
      kind: 'segmentation',
      SOPClassUID: SEGMENTATION_STORAGE,
      SOPInstanceUID,
      attributes: { ...common, ...describeMask(result, source, frames, first.source) },
    },
    reference: {
      SOPClassUID: SEGMENTATION_STORAGE,
      SOPInstanceUID,
      SeriesInstanceUID: seriesUid(result, role),
      framesOf: (number) => frames.flatMap((frame, index) => (frame.segment.number === number ? [index + 1] : [])),
    },
  };
}

/** Segmentation Image, Multi-frame Functional Groups and Dimension, Frame of Reference, Image Pixel modules. */
function describeMask(
  result: ResultData,
  source: SourceStudy,
  frames: readonly MaskFrame[],
  first: FrameHeader,
): Attributes {
  const { Rows = 0, Columns = 0 } = first;
  if (frames.some((frame) => frame.source.Rows !== Rows || frame.source.Columns !== Columns)) {
    throw new GeometryError('mixed-matrix', 'The masks lie on images of different matrix sizes');
  }
  const inSpace = isInSpace(frames.map((frame) => frame.source));
  const dimensionOrganization = objectUid(result, 'segmentation', 1);
  return {
    ...(inSpace ? frameOfReference(first, source) : { PatientOrientation: first.PatientOrientation ?? [] }),
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
    SegmentSequence: result.segments.map((segment) => describeSegment(result, segment)),
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: dimensionOrganization }],
    DimensionIndexSequence: dimensionIndex(dimensionOrganization, inSpace),
    SharedFunctionalGroupsSequence: [sharedGroups(frames, inSpace)],
    PerFrameFunctionalGroupsSequence: frames.map((frame) => frameGroups(frame, inSpace)),
    ReferencedSeriesSequence: referencedSeries(frames.map((frame) => frame.source)),
    PixelData: packFrames(
      frames.map((frame) => frame.bits),
      Rows * Columns,
    ),
  };
}

function maskFrames(result: ResultData, source: SourceStudy): readonly MaskFrame[] {
  const sources = framesOf(inputsOf(result, source));
  return result.segments.flatMap((segment) => {
    const bitsOf = new Map(segment.frames.map((frame) => [frameKey(frame), frame.bits]));
    return sources.flatMap((header, index): readonly MaskFrame[] => {
      const bits = bitsOf.get(frameKey(header));
      return bits === undefined ? [] : [{ segment, source: header, position: index + 1, bits }];
    });
  });
}

function frameOfReference({ FrameOfReferenceUID = '' }: FrameHeader, source: SourceStudy): Attributes {
  return {
    FrameOfReferenceUID: sourceUid(FrameOfReferenceUID),
    PositionReferenceIndicator: source.PositionReferenceIndicator,
  };
}

/** True where every frame says where it lies, all in one frame of reference. */
export function isInSpace(frames: readonly FrameHeader[]): boolean {
  const framesOfReference = new Set(frames.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID));
  return (
    framesOfReference.size === 1 &&
    frames.every(
      ({ FrameOfReferenceUID, ImagePositionPatient, ImageOrientationPatient, PixelSpacing }) =>
        FrameOfReferenceUID && ImagePositionPatient && ImageOrientationPatient && PixelSpacing,
    )
  );
}

/** Segment Description Macro (C.8.20.4) with the algorithm's identification (10.16). */
function describeSegment(result: ResultData, segment: Segment): Attributes {
  const { tool, version } = result.metadata;
  const finding = result.findings.find(({ segmentNumber }) => segmentNumber === segment.number);
  const tracked = finding?.id ?? segment.label;
  return {
    SegmentNumber: segment.number,
    SegmentLabel: segment.label,
    SegmentedPropertyCategoryCodeSequence: [codeItem(segment.category)],
    SegmentedPropertyTypeCodeSequence: [codeItem(segment.type)],
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: tool.label,
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [codeItem(Dcm.artificialIntelligence)],
        AlgorithmName: tool.label,
        AlgorithmVersion: version.slice(0, 64),
        AlgorithmSource: 'Hilum',
      },
    ],
    RecommendedDisplayCIELabValue: segment.cielab ?? colorOf(segment.number),
    TrackingID: tracked,
    TrackingUID: trackingUid(result, tracked),
  };
}

/**
 * A colour for a segment that has none: CIELab as 0–65535 (PS3.3 C.10.7.1.1), equally light, hues by the golden angle so
 * that neighbouring numbers differ.
 */
function colorOf(segmentNumber: number): readonly number[] {
  const [lightness, chroma, hue] = [65, 60, (segmentNumber * 137.508 * Math.PI) / 180];
  const channel = (ab: number) => Math.round(((ab + 128) / 255) * 65_535);
  return [Math.round((lightness / 100) * 65_535), channel(chroma * Math.cos(hue)), channel(chroma * Math.sin(hue))];
}

/** Multi-frame Dimension Module (C.7.6.17): by segment, then by position where there is one. */
function dimensionIndex(DimensionOrganizationUID: string, inSpace: boolean): readonly Attributes[] {
  const bySegment = {
    DimensionOrganizationUID,
    DimensionIndexPointer: 'ReferencedSegmentNumber',
    FunctionalGroupPointer: 'SegmentIdentificationSequence',
    DimensionDescriptionLabel: 'Segment Number',
  };
  const byPosition = {
    DimensionOrganizationUID,
    DimensionIndexPointer: 'ImagePositionPatient',
    FunctionalGroupPointer: 'PlanePositionSequence',
    DimensionDescriptionLabel: 'Image Position Patient',
  };
  return inSpace ? [bySegment, byPosition] : [bySegment];
}

/**
 * Pixel Measures and Plane Orientation, of frames in space only: the detector spacing of a radiograph is no spacing in
 * the patient.
 */
function sharedGroups(frames: readonly MaskFrame[], inSpace: boolean): Attributes {
  const [frame] = frames;
  if (frame === undefined || !inSpace) return {};
  const { PixelSpacing, SliceThickness, ImageOrientationPatient } = frame.source;
  return {
    PixelMeasuresSequence: [{ PixelSpacing, SliceThickness: SliceThickness ?? sliceSpacing(frames) ?? 1 }],
    PlaneOrientationSequence: [{ ImageOrientationPatient }],
  };
}

/** Distance between two neighbouring source slices, mm. */
function sliceSpacing(frames: readonly MaskFrame[]): number | undefined {
  const [a, b] = [...new Map(frames.map((frame) => [frame.position, frame.source.ImagePositionPatient])).values()];
  return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) : undefined;
}

function frameGroups({ segment, source, position }: MaskFrame, inSpace: boolean): Attributes {
  return {
    FrameContentSequence: [{ DimensionIndexValues: inSpace ? [segment.number, position] : [segment.number] }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment.number }],
    DerivationImageSequence: [
      {
        DerivationCodeSequence: [codeItem(Dcm.segmentation)],
        SourceImageSequence: [
          {
            ...reference(source),
            ...frameNumbers([source]),
            PurposeOfReferenceCodeSequence: [codeItem(Dcm.sourceImage)],
          },
        ],
      },
    ],
    ...(inSpace && { PlanePositionSequence: [{ ImagePositionPatient: source.ImagePositionPatient }] }),
  };
}

/** Common Instance Reference Module (C.12.2), each instance once. */
function referencedSeries(frames: readonly FrameHeader[]): readonly Attributes[] {
  const instances = new Map(frames.map((frame) => [frame.SOPInstanceUID, frame]));
  return [...bySeries([...instances.values()])].map(([SeriesInstanceUID, members]) => ({
    SeriesInstanceUID: sourceUid(SeriesInstanceUID),
    ReferencedInstanceSequence: members.map(reference),
  }));
}
