/** Dimensions and functional groups of a SEG (PS3.3 C.7.6.16, C.7.6.17, A.51.5). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { alongNormal, type FrameHeader, flatSpacing } from '../study/frames.ts';
import type { Segment } from '../tool.ts';
import { codeItem, frameNumbers, reference } from './common.ts';

/** One frame of a SEG: a segment on a source frame. */
export interface MaskFrame {
  readonly segment: Segment;
  /** Segment Number in the SEG. */
  readonly number: number;
  readonly source: FrameHeader;
  /** 1-based place of the source frame among the result's input frames, which ascend along the slice normal. */
  readonly place: number;
  readonly bits: Uint8Array;
}

/** Whether every frame has a position, all in one frame of reference. */
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

/** Multi-frame Dimension Module (C.7.6.17): by segment, then by position where frames have one. */
export function dimensions(DimensionOrganizationUID: string, inSpace: boolean): Attributes {
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
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID }],
    DimensionIndexSequence: inSpace ? [bySegment, byPosition] : [bySegment],
  };
}

/** Pixel Measures and Plane Orientation, which all frames share because they belong to one image. */
export function sharedGroups(
  frames: readonly MaskFrame[],
  sources: readonly FrameHeader[],
  inSpace: boolean,
): Attributes {
  const [frame] = frames;
  if (frame === undefined) return {};
  if (!inSpace) return flatGroups(frame.source);
  const { SeriesInstanceUID, PixelSpacing, SliceThickness = 0, ImageOrientationPatient } = frame.source;
  const spacing = sliceSpacing(sources.filter((source) => source.SeriesInstanceUID === SeriesInstanceUID));
  return {
    PixelMeasuresSequence: [
      {
        PixelSpacing,
        SliceThickness: SliceThickness > 0 ? SliceThickness : spacing,
        ...(spacing !== undefined && { SpacingBetweenSlices: spacing }),
      },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient }],
  };
}

/**
 * A radiograph has no position in the patient's space, and no group is required (A.51.5), but viewers open its masks only with
 * these two. The spacing is the source's own: calibrated, else at the detector, else 1 mm, which Image Comments then explain.
 * The orientation is that of the picture's axes; without a frame of reference it claims nothing about the patient.
 */
function flatGroups(source: FrameHeader): Attributes {
  return {
    PixelMeasuresSequence: [{ PixelSpacing: flatSpacing(source) ?? [1, 1], SliceThickness: 1 }],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
  };
}

/**
 * Distance between neighbouring slices of the volume, mm, to the micrometre; undefined where they are not evenly spaced. It
 * cannot be taken from the mask's own frames, because they may skip slices.
 */
function sliceSpacing(slices: readonly FrameHeader[]): number | undefined {
  const [first = 0, ...rest] = slices.map(alongNormal).toSorted((a, b) => a - b);
  const spacing = ((rest.at(-1) ?? first) - first) / rest.length;
  const isEven = rest.every((at, index) => Math.abs(at - first - (index + 1) * spacing) < spacing / 20);
  return spacing > 0 && isEven ? Math.round(spacing * 1000) / 1000 : undefined;
}

export function frameGroups({ number, source, place }: MaskFrame, inSpace: boolean): Attributes {
  return {
    FrameContentSequence: [{ DimensionIndexValues: inSpace ? [number, place] : [number] }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: number }],
    DerivationImageSequence: [
      {
        DerivationCodeSequence: [codeItem(Dcm.segmentation)],
        SourceImageSequence: [
          {
            ...reference(source),
            ...frameNumbers([source]),
            SpatialLocationsPreserved: 'YES',
            PurposeOfReferenceCodeSequence: [codeItem(Dcm.sourceImage)],
          },
        ],
      },
    ],
    ...(inSpace && { PlanePositionSequence: [{ ImagePositionPatient: source.ImagePositionPatient }] }),
  };
}
