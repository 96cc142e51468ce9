import { DicomReadError } from '#dicom/error.ts';
import type { PixelArray } from '#dicom/pixels.ts';
import type { FrameDecoder } from '../ports.ts';
import { flatSpacing } from '../study/frames.ts';
import type { ImageIndex } from '../study/study-index.ts';
import { applyTransform, type ModalityTransform, modalityTransform } from './modality-lut.ts';
import { type Padding, paddingOf } from './pixel-padding.ts';
import type { Radiograph } from './radiograph.ts';
import { decodeGreyscale, openInstance, type ReadInstance } from './read-instance.ts';

/**
 * Reads one projection. Modality LUT or rescale is applied, MONOCHROME1 is inverted, and the values are stretched so that the
 * darkest pixel is 0 and the brightest 1. Padding pixels show nothing: the stretching ignores them and they become 0.
 *
 * VOI LUT and windows are not applied. They are chosen for the eye, differ between images of one patient, and clip values
 * that a tool may need. Bits above Bits Stored (old overlays) never reach a sample; overlays in their own group are not drawn.
 *
 * @throws DicomReadError; `unsupported-pixel-format` also where the picture has colours, a palette or several frames
 */
export async function loadRadiograph(
  image: ImageIndex,
  read: ReadInstance,
  decoder: FrameDecoder,
): Promise<Radiograph> {
  const [instance] = image.instances;
  if (instance === undefined) throw new RangeError('An image has at least one instance');
  const file = openInstance(instance, await read(instance));
  const pixels = await decodeGreyscale(instance, file, decoder);
  const transform = modalityTransform(file.dataset, instance);
  const { rows, columns, photometric, data } = pixels;
  const spacingMm = flatSpacing(instance);
  return {
    kind: 'radiograph',
    header: instance,
    rows,
    columns,
    pixels: normalised(data, transform, paddingOf(file.dataset, pixels), photometric === 'MONOCHROME1'),
    ...(spacingMm && { spacingMm }),
  };
}

function normalised(
  stored: PixelArray,
  transform: ModalityTransform,
  { low, high }: Padding,
  inverted: boolean,
): Float32Array {
  const values = new Float32Array(stored.length);
  let darkest = Number.POSITIVE_INFINITY;
  let brightest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) {
    const sample = stored[i] ?? 0;
    if (sample >= low && sample <= high) {
      values[i] = Number.NaN;
      continue;
    }
    // Rounded as it is stored, so that darkest and brightest are values of the array.
    const value = Math.fround(applyTransform(transform, sample) * (inverted ? -1 : 1));
    values[i] = value;
    if (value < darkest) darkest = value;
    if (value > brightest) brightest = value;
  }
  if (brightest >= darkest && !Number.isFinite(brightest - darkest))
    throw new DicomReadError('malformed', 'Rescaling gives values that are not numbers');
  if (!(brightest > darkest))
    throw new DicomReadError('unsupported-pixel-format', 'The picture has only one grey level');
  const range = brightest - darkest;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    values[i] = Number.isNaN(value) ? 0 : (value - darkest) / range;
  }
  return values;
}
