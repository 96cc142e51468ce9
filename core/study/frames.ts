/** Single frames of a study: their names, and their headers. */
import type { FrameReference } from '../image/frame-reference.ts';
import type { ImageIndex, InstanceIndex } from './study-index.ts';

/** The header of one frame: of a single-frame instance its own, of a multi-frame instance the values for this frame. */
export interface FrameHeader extends Omit<InstanceIndex, 'frames'> {
  /** 1-based; absent where the instance has only one frame. */
  readonly frameNumber?: number;
}

/** A frame's name as one string, for maps and sets. */
export function frameKey({ SOPInstanceUID, frameNumber }: FrameReference): string {
  return frameNumber === undefined ? SOPInstanceUID : `${SOPInstanceUID}#${frameNumber}`;
}

/** Reduces a frame's header to its name. */
export function frameReference({ SOPInstanceUID, frameNumber }: FrameReference): FrameReference {
  return frameNumber === undefined ? { SOPInstanceUID } : { SOPInstanceUID, frameNumber };
}

/**
 * Row and column spacing of a radiograph, mm: calibrated where the source states it, else at the detector (PS3.3 10.7.1.1);
 * undefined where neither is above zero.
 */
export function flatSpacing({
  PixelSpacing,
  ImagerPixelSpacing,
}: Pick<InstanceIndex, 'PixelSpacing' | 'ImagerPixelSpacing'>): readonly [row: number, column: number] | undefined {
  return [PixelSpacing, ImagerPixelSpacing].find((pair) => pair?.every((spacing) => spacing > 0));
}

/** Position of a frame along its own normal, mm (PS3.3 C.7.6.2.1.1); 0 where the frame has no position. */
export function alongNormal({ ImagePositionPatient, ImageOrientationPatient }: FrameHeader): number {
  if (ImagePositionPatient === undefined || ImageOrientationPatient === undefined) return 0;
  const [x, y, z] = ImagePositionPatient;
  const [a, b, c, d, e, f] = ImageOrientationPatient;
  return x * (b * f - c * e) + y * (c * d - a * f) + z * (a * e - b * d);
}

/** Position and orientation to a hundredth of a millimetre, as one string; '' where a frame has none. */
export function placeOf({ ImagePositionPatient, ImageOrientationPatient }: FrameHeader): string {
  if (ImagePositionPatient === undefined || ImageOrientationPatient === undefined) return '';
  return [...ImagePositionPatient, ...ImageOrientationPatient].map((value) => value.toFixed(2)).join();
}

/** The headers of an instance's frames, in order; a single header where it has no functional groups. */
export function frameHeaders(instance: InstanceIndex): readonly FrameHeader[] {
  const { frames, ...header } = instance;
  return frames === undefined ? [header] : frames.map((_, index) => frameHeader(instance, index + 1));
}

/** The headers of an image's frames, or of its instances where it consists of whole instances. */
export function imageFrames({ instances, frames }: ImageIndex): readonly FrameHeader[] {
  if (frames === undefined) return instances.map(({ frames: _, ...header }) => header);
  const byUid = new Map(instances.map((instance) => [instance.SOPInstanceUID, instance]));
  return frames.flatMap(({ SOPInstanceUID, frameNumber }) => {
    const instance = byUid.get(SOPInstanceUID);
    return instance === undefined || frameNumber === undefined ? [] : [frameHeader(instance, frameNumber)];
  });
}

function frameHeader({ frames, ...header }: InstanceIndex, frameNumber: number): FrameHeader {
  return { ...header, ...frames?.[frameNumber - 1], frameNumber };
}
