import { DicomReadError } from '#dicom/error.ts';
import type { PixelArray } from '#dicom/pixels.ts';
import type { FrameDecoder } from '../ports.ts';
import { flatSpacing } from '../study/frames.ts';
import type { ImageIndex } from '../study/study-index.ts';
import { applyTransform, type ModalityTransform, modalityTransform } from './modality-lut.ts';
import { pixelAspect } from './pixel-aspect.ts';
import { type Padding, paddingOf } from './pixel-padding.ts';
import { polarityOf } from './polarity.ts';
import type { Radiograph } from './radiograph.ts';
import { decodeGreyscale, openInstance, type ReadInstance } from './read-instance.ts';

/**
 * Reads one projection. Modality LUT or rescale is applied, values whose high end is dark are inverted (`polarity.ts`), and the
 * values are stretched so that the darkest pixel is 0 and the brightest 1. Padding pixels show nothing: the stretching ignores
 * them and they become 0. A few far outliers, such as letters burned in above the detector's range, are clipped before.
 *
 * Of VOI LUTs and windows nothing but their direction is applied. They are chosen for the eye, differ between images of one
 * patient, and clip values that a tool may need. Bits above Bits Stored (old overlays) never reach a sample; overlays in their
 * own group are not drawn.
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
  const { PixelSpacing: _, ...atDetector } = instance;
  const detectorMm = flatSpacing(atDetector);
  const aspect = pixelAspect(file.dataset, instance);
  const { inverted, contradictory } = polarityOf(file.dataset, photometric);
  return {
    kind: 'radiograph',
    header: instance,
    rows,
    columns,
    pixels: normalised(data, transform, paddingOf(file.dataset, pixels), inverted),
    ...(spacingMm && { spacingMm }),
    ...(detectorMm && spacingMm && detectorMm[0] !== spacingMm[0] && { detectorMm }),
    ...(aspect && { pixelAspect: aspect }),
    ...(contradictory && { polarityInDoubt: true }),
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
  const [black, white] = withoutOutliers(values, [darkest, brightest]);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    values[i] = Number.isNaN(value) ? 0 : Math.min(1, Math.max(0, (value - black) / (white - black)));
  }
  return values;
}

/** The share of pixels at either end that may be outliers, and how far out they lie, in ranges of all other pixels. */
const OUTLIERS = { share: 0.005, ranges: 3 };
/** Enough pixels to know the range of a picture. */
const SAMPLED = 20_000;

/** The range of the values, cut where less than `share` of them lie farther than `ranges` beyond all others. */
function withoutOutliers(values: Float32Array, [darkest, brightest]: readonly [number, number]) {
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  const sample: number[] = [];
  for (let i = 0; i < values.length; i += step) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isNaN(value)) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const at = (share: number): number => sample[Math.floor(share * (sample.length - 1))] ?? darkest;
  const [low, high] = [at(OUTLIERS.share), at(1 - OUTLIERS.share)];
  const reach = OUTLIERS.ranges * (high - low);
  if (!(reach > 0)) return [darkest, brightest] as const;
  return [Math.max(darkest, low - reach), Math.min(brightest, high + reach)] as const;
}
