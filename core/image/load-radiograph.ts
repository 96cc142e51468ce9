import type { PixelArray } from '../dicom/pixels.ts';
import type { Dataset } from '../dicom/read.ts';
import { DicomReadError } from '../errors.ts';
import type { FrameDecoder } from '../ports.ts';
import type { ImageIndex } from '../study/study-index.ts';
import { applyTransform, modalityTransform } from './modality-lut.ts';
import type { Radiograph } from './radiograph.ts';
import { decodeInstance, type ReadInstance } from './read-instance.ts';

/**
 * Reads one projection: Modality LUT or rescale, MONOCHROME1 inverted, then stretched so that its darkest pixel is 0 and its
 * brightest 1. Pixels with the padding value are no picture: they take no part in the stretching and become 0.
 *
 * @throws DicomReadError
 */
export async function loadRadiograph(
  image: ImageIndex,
  read: ReadInstance,
  decoder: FrameDecoder,
): Promise<Radiograph> {
  const [instance] = image.instances;
  if (instance === undefined) throw new RangeError('An image has at least one instance');
  const { dataset, pixels } = await decodeInstance(instance, await read(instance), decoder);
  const { rows, columns, photometric, data } = pixels;
  const spacingMm = instance.PixelSpacing ?? instance.ImagerPixelSpacing;
  return {
    kind: 'radiograph',
    header: instance,
    rows,
    columns,
    pixels: normalised(data, dataset, photometric === 'MONOCHROME1'),
    ...(spacingMm === undefined || spacingMm.some((spacing) => spacing <= 0) ? {} : { spacingMm }),
  };
}

function normalised(stored: PixelArray, dataset: Dataset, inverted: boolean): Float32Array {
  const transform = modalityTransform(dataset);
  const isPadding = paddingTest(dataset);
  const values = new Float32Array(stored.length);
  let darkest = Number.POSITIVE_INFINITY;
  let brightest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) {
    const sample = stored[i] ?? 0;
    if (isPadding(sample)) {
      values[i] = Number.NaN;
      continue;
    }
    const value = applyTransform(transform, sample) * (inverted ? -1 : 1);
    values[i] = value;
    if (value < darkest) darkest = value;
    if (value > brightest) brightest = value;
  }
  if (!(brightest > darkest))
    throw new DicomReadError('unsupported-pixel-format', 'The picture has one grey level only');
  const range = brightest - darkest;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    values[i] = Number.isNaN(value) ? 0 : (value - darkest) / range;
  }
  return values;
}

/** Pixel Padding Value (0028,0120), or the range to Pixel Padding Range Limit (0028,0121), in stored values (C.7.5.1.1.2). */
function paddingTest(dataset: Dataset): (stored: number) => boolean {
  const value = dataset.number('PixelPaddingValue');
  if (value === undefined) return () => false;
  const limit = dataset.number('PixelPaddingRangeLimit') ?? value;
  const [low, high] = [Math.min(value, limit), Math.max(value, limit)];
  return (stored) => stored >= low && stored <= high;
}
