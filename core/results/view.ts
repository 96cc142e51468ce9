/** Which frame shows a result best: that of the worst finding that has a place. */
import type { FrameReference } from '../image/frame-reference.ts';
import type { PointLps } from '../image/geometry.ts';
import type { Radiograph } from '../image/radiograph.ts';
import { toVoxel } from '../image/resample.ts';
import type { Volume } from '../image/volume.ts';
import { frameKey, frameReference } from '../study/frames.ts';
import type { Finding, Image, Segment } from '../tool.ts';

/** A slice of a volume, or a radiograph. */
export type View = { readonly frame: FrameReference } & (
  | { readonly image: Volume; readonly slice: number }
  | { readonly image: Radiograph }
);

/**
 * Of the first finding with a place: its region, else the frame with most of its segment, else its position. Without such a finding,
 * the frame with most of a segment; without any, the middle of the first image. Undefined without an image.
 *
 * @param findings worst first
 */
export function viewOf(
  findings: readonly Finding[],
  segments: readonly Segment[],
  images: readonly Image[],
): View | undefined {
  for (const { regions = [], segmentNumber = 0, position } of findings) {
    const own = segments[segmentNumber - 1];
    const frame = regions[0] ?? (own && largestFrame([own]));
    const view = frame ? viewOfFrame(frame, images) : position && viewOfPoint(position, images);
    if (view !== undefined) return view;
  }
  const frame = largestFrame(segments) ?? middleFrame(images[0]);
  return frame && viewOfFrame(frame, images);
}

/** The slice of a volume whose plane is nearest to a point, if the point lies in the volume. */
export function sliceAt(volume: Volume, point: PointLps): number | undefined {
  const voxel = toVoxel(volume, point).map(Math.round);
  const sizes = [volume.columns, volume.rows, volume.slices];
  return voxel.every((at, axis) => at >= 0 && at < (sizes[axis] ?? 0)) ? voxel[2] : undefined;
}

function viewOfFrame(frame: FrameReference, images: readonly Image[]): View | undefined {
  const key = frameKey(frame);
  for (const image of images) {
    if (image.kind === 'volume') {
      const slice = image.frames.findIndex((one) => frameKey(one) === key);
      if (slice >= 0) return { image, slice, frame: frameReference(frame) };
    } else if (image.header.SOPInstanceUID === frame.SOPInstanceUID) return { image, frame: frameReference(frame) };
  }
  return undefined;
}

function viewOfPoint(point: PointLps, images: readonly Image[]): View | undefined {
  for (const image of images) {
    const slice = image.kind === 'volume' ? sliceAt(image, point) : undefined;
    const frame = image.kind === 'volume' && slice !== undefined ? image.frames[slice] : undefined;
    if (frame !== undefined) return viewOfFrame(frame, [image]);
  }
  return undefined;
}

function middleFrame(image: Image | undefined): FrameReference | undefined {
  return image?.kind === 'volume' ? image.frames[image.frames.length >> 1] : image?.header;
}

function largestFrame(segments: readonly Segment[]): FrameReference | undefined {
  let most = 0;
  let largest: FrameReference | undefined;
  for (const frame of segments.flatMap(({ frames }) => frames)) {
    let count = 0;
    for (const byte of frame.bits) count += BITS_IN[byte] ?? 0;
    if (count > most) [most, largest] = [count, frame];
  }
  return largest;
}

/** How many bits of a byte are set. */
const BITS_IN = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
