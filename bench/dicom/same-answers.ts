/** Checks that all compared programs give the same samples, values and masks; otherwise their speed means nothing. */
import { createHash } from 'node:crypto';
import { readDicom } from '#dicom/read.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import type { HeaderTimes } from './headers-hilum.ts';
import type { Reader } from './measurements.ts';
import type { BenchSyntax } from './syntaxes.ts';

/** Lossy decoders round differently. The observed differences of the mean are far below one grey level. */
const MEAN_TOLERANCE = 0.25;

/** @throws Error if a reader's samples differ from Hilum's: bit for bit in lossless syntaxes, by their mean in the others */
export function sameSamples(syntax: BenchSyntax, times: ReadonlyMap<Reader, DecodeTimes>): void {
  const ours = times.get('hilum');
  for (const [reader, { sha256, mean, bytes }] of times) {
    const same = syntax.lossless ? sha256 === ours?.sha256 : Math.abs(mean - (ours?.mean ?? 0)) <= MEAN_TOLERANCE;
    if (!same || bytes !== ours?.bytes) throw new Error(`${syntax.name}: the samples of ${reader} differ from Hilum's`);
  }
}

/** @throws Error if the two read different values */
export function sameHeaders(ours: HeaderTimes, theirs: HeaderTimes): void {
  if (ours.values !== theirs.values || Math.abs(ours.sum - theirs.sum) > 1e-6) {
    throw new Error("The attributes that pydicom reads differ from Hilum's");
  }
}

/** @throws Error if the masks of the two Segmentations differ; the order of frames does not matter */
export function sameMasks(ours: Uint8Array, theirs: Uint8Array): void {
  if (masksOf(ours) !== masksOf(theirs)) throw new Error("The masks that highdicom writes differ from Hilum's");
}

/** Lists all frames by segment and z position, with a digest of their bits. */
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
