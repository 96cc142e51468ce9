/** Speed counts only where the answer is right: what is compared gives the same samples, values and masks. */
import { createHash } from 'node:crypto';
import { readDicom } from '#dicom/read.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import type { HeaderTimes } from './headers-hilum.ts';
import type { Reader } from './measurements.ts';
import type { BenchSyntax } from './syntaxes.ts';

/** Lossy decoders round differently; what is measured here is far below one grey level over the whole picture. */
const MEAN_TOLERANCE = 0.25;

/** @throws Error where one reader's samples are not those of Hilum: to the bit of lossless syntaxes, in the mean of others */
export function sameSamples(syntax: BenchSyntax, times: ReadonlyMap<Reader, DecodeTimes>): void {
  const ours = times.get('hilum');
  for (const [reader, { sha256, mean, bytes }] of times) {
    const same = syntax.lossless ? sha256 === ours?.sha256 : Math.abs(mean - (ours?.mean ?? 0)) <= MEAN_TOLERANCE;
    if (!same || bytes !== ours?.bytes) throw new Error(`${syntax.name}: ${reader} reads other samples than Hilum`);
  }
}

/** @throws Error where the two read other values */
export function sameHeaders(ours: HeaderTimes, theirs: HeaderTimes): void {
  if (ours.values !== theirs.values || Math.abs(ours.sum - theirs.sum) > 1e-6) {
    throw new Error('pydicom reads other attributes than Hilum');
  }
}

/** @throws Error where the two Segmentations hold other masks, whatever the order of their frames */
export function sameMasks(ours: Uint8Array, theirs: Uint8Array): void {
  if (masksOf(ours) !== masksOf(theirs)) throw new Error('highdicom writes other masks than Hilum');
}

/** Every frame by its segment and height, with a digest of its bits. */
function masksOf(file: Uint8Array): string {
  const { dataset } = readDicom(file);
  const pixels = dataset.bytes('PixelData') ?? new Uint8Array(0);
  const frames = dataset.items('PerFrameFunctionalGroupsSequence');
  const size = pixels.length / frames.length;
  const masks = frames.map((frame, index) => {
    const segment = frame.items('SegmentIdentificationSequence')[0]?.number('ReferencedSegmentNumber');
    const z = frame.items('PlanePositionSequence')[0]?.numbers('ImagePositionPatient')[2];
    const bits = pixels.subarray(index * size, (index + 1) * size);
    return `${segment} ${z?.toFixed(3)} ${createHash('sha256').update(bits).digest('hex')}`;
  });
  return masks.sort().join('\n');
}
