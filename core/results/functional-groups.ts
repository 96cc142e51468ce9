/** Dimensions and functional groups of a SEG (PS3.3 C.7.6.16, C.7.6.17, A.51.5). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { GeometryError } from '../errors.ts';
import { volumeGeometry } from '../image/volume-geometry.ts';
import { type FrameHeader, flatSpacing } from '../study/frames.ts';
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

/**
 * Pixel Measures and Plane Orientation, which all frames share because they belong to one image.
 *
 * @param sources all frames of that image
 */
export function sharedGroups(
  frames: readonly MaskFrame[],
  sources: readonly FrameHeader[],
  inSpace: boolean,
): Attributes {
  const [frame] = frames;
  if (frame === undefined) return {};
  if (!inSpace) return flatGroups(frame.source);
  const { PixelSpacing, SliceThickness = 0, ImageOrientationPatient } = frame.source;
  const spacing = sliceSpacing(sources);
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
 * Distance between neighbouring slices of the volume, mm, to the micrometre; undefined where they make no regular grid. It
 * cannot be taken from the mask's own frames, because they may skip slices.
 */
function sliceSpacing(slices: readonly FrameHeader[]): number | undefined {
  try {
    return Math.round(volumeGeometry(slices).spacingMm[2] * 1000) / 1000;
  } catch (error) {
    if (error instanceof GeometryError) return undefined;
    throw error;
  }
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
