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
  /** 1-based place of the source frame among those of the result's inputs, which lie along the slice normal. */
  readonly place: number;
  readonly bits: Uint8Array;
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

/** Multi-frame Dimension Module (C.7.6.17): by segment, then by position where there is one. */
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

/** Pixel Measures and Plane Orientation of all frames, which are those of one image. */
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
 * A radiograph lies nowhere in the patient's space, and no group has to be there (A.51.5). Viewers open its masks only with
 * these two: the spacing that the source gives, at the detector where it has no other (1 mm where it has none at all, which
 * Image Comments say), and the axes of the picture itself, which without a frame of reference claim nothing of the patient.
 */
function flatGroups(source: FrameHeader): Attributes {
  return {
    PixelMeasuresSequence: [{ PixelSpacing: flatSpacing(source) ?? [1, 1], SliceThickness: 1 }],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
  };
}

/**
 * Distance between neighbouring slices of the volume, mm, to the micrometre; undefined where they are not evenly spaced.
 * The mask's own frames do not tell it: they may leave slices out.
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
