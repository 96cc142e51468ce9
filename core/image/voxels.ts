/**
 * From stored values to voxels in the modality's units.
 *
 * - Modality LUT or rescale is applied, for each frame its own. VOI LUT, windows, palettes and Presentation LUT are not
 *   applied: they say how values look, not what they are. MONOCHROME1 therefore makes no difference.
 * - Whole numbers that fit, and all CT, become Int16; everything else becomes Float32. CT beyond ±32,767 HU saturates.
 * - Pixel padding is not a measurement. Outside the circle of a reconstruction, some scanners store −2000. Padding of CT
 *   becomes −1024 HU, which other scanners store there; any other padding becomes 0, no signal. Without that, values near the
 *   circle's edge would be interpolated with values that no tissue has. Padding in the range of tissue is left as it is: some
 *   writers declare 0 in images whose 0 is water, and holes in the patient are worse than water around the patient.
 * - A CT without rescale, or with a Rescale Type other than HU (tomosynthesis, perfusion maps), is not in Hounsfield units
 *   (PS3.3 C.8.2.1, C.11.1.1.2). It is refused because nobody knows what its values mean. Common toolkits write US,
 *   unspecified, into true CT: US is accepted where the rest of the header is what scanners write for Hounsfield units.
 */
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { Dataset } from '#dicom/read.ts';
import { type FrameHeader, frameReference } from '../study/frames.ts';
import { attributeName } from '../study/unreadable.ts';
import { applyTransform, type ModalityTransform, modalityTransform } from './modality-lut.ts';
import { NO_PADDING, type Padding, paddingOf } from './pixel-padding.ts';
import type { VolumeGeometry } from './volume-geometry.ts';

const INT16 = { min: -32_768, max: 32_767 };
/** More than any of our functions can hold; about 8,000 slices of 512 × 512 at 16 bits. */
const MAX_VOXEL_BYTES = 2 ** 32;

/** Limits in Hounsfield units beyond which there is no tissue. */
const AIR_AND_METAL = { below: -1000, above: 3000 };

/** CT and Enhanced CT Image Storage (PS3.4 B.5). */
const CT_IMAGES = new Set(['1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.2.1']);
/** Third values of Image and Frame Type that mark a scan's own slices (PS3.3 C.8.2.1.1.1, C.8.16.1.3). */
const SCANNED = new Set(['AXIAL', 'VOLUME']);
/** Further values that mark maps, blurred or combined images, whatever the first values say. */
const NO_SCAN = /TOMO|PERF|CBF|CBV|MTT|TTP|TMAX|MAP|IODINE|EFF|RHO|MIP|DERIVED/;
/** Air is −1000 HU and is stored as about 0. */
const SCANNER_INTERCEPT = { min: -1100, max: -900 };

/** How the stored values of one slice become voxels. */
interface SliceValues {
  readonly transform: ModalityTransform;
  readonly padding: Padding;
  /** What padding becomes. */
  readonly outside: number;
  /** Whether values beyond the array's range become its limits, or are an error. */
  readonly saturates: boolean;
}

/**
 * Allocates the array of a volume. The headers decide its type, so it exists before the first slice is read.
 *
 * @throws DicomReadError `limit-exceeded`
 */
export function voxelArray(Modality: string, { frames, rows, columns }: VolumeGeometry): Int16Array | Float32Array {
  const length = rows * columns * frames.length;
  const isWhole = frames.every(
    ({ RescaleSlope = 1, RescaleIntercept = 0 }) =>
      Number.isInteger(RescaleSlope) && Number.isInteger(RescaleIntercept),
  );
  const fits = isWhole && (Modality === 'CT' || frames.every(fitsInt16));
  const bytes = length * (fits ? 2 : 4);
  if (bytes > MAX_VOXEL_BYTES) {
    throw new DicomReadError('limit-exceeded', `The volume would take ${bytes} bytes`, {
      facts: { bytes, limit: MAX_VOXEL_BYTES },
    });
  }
  return fits ? new Int16Array(length) : new Float32Array(length);
}

function fitsInt16({
  BitsStored = 16,
  PixelRepresentation,
  RescaleSlope = 1,
  RescaleIntercept = 0,
}: FrameHeader): boolean {
  const range = 2 ** BitsStored;
  const lowest = PixelRepresentation === 1 ? -range / 2 : 0;
  const ends = [lowest, lowest + range - 1].map((stored) => stored * RescaleSlope + RescaleIntercept);
  return Math.min(...ends) >= INT16.min && Math.max(...ends) <= INT16.max;
}

/**
 * How the stored values of a frame are to be read.
 *
 * @throws DicomReadError `not-hounsfield`, or `malformed` where the rescale or table is broken
 */
export function sliceValues(Modality: string, frame: FrameHeader, dataset: Dataset, layout: FrameLayout): SliceValues {
  const transform = modalityTransform(dataset, frame);
  const isCt = Modality === 'CT';
  if (isCt && !isHounsfield(frame, transform)) {
    throw new DicomReadError('not-hounsfield', whyNotHounsfield(frame, transform), {
      facts: { ...frameReference(frame) },
    });
  }
  const padding = paddingOf(dataset, layout);
  return isCt
    ? { transform, padding: isTissue(padding, transform) ? NO_PADDING : padding, outside: -1024, saturates: true }
    : { transform, padding, outside: 0, saturates: false };
}

/** Whether some of a CT's padding values lie between air and metal. */
function isTissue({ low, high }: Padding, transform: ModalityTransform): boolean {
  if (low > high) return false;
  const ends = [low, high].map((end) => applyTransform(transform, end));
  return Math.max(...ends) > AIR_AND_METAL.below && Math.min(...ends) < AIR_AND_METAL.above;
}

function isHounsfield(frame: FrameHeader, transform: ModalityTransform): boolean {
  if (transform.kind === 'table') return transform.type === 'HU';
  const { RescaleSlope, RescaleIntercept, RescaleType = 'HU' } = frame;
  if (RescaleSlope === undefined || RescaleIntercept === undefined) return false;
  return RescaleType === 'HU' || (RescaleType === 'US' && isAsScanned(frame));
}

/** What the header says instead, in words: a reason must be what was found. */
function whyNotHounsfield(
  { RescaleSlope, RescaleIntercept, RescaleType }: FrameHeader,
  { kind }: ModalityTransform,
): string {
  const so = 'so its values may not be Hounsfield units';
  if (kind === 'table') return `The Modality LUT of a CT slice is not of type HU, ${so}`;
  if (RescaleSlope === undefined) return `A CT slice gives no ${attributeName('RescaleSlope')}, ${so}`;
  if (RescaleIntercept === undefined) return `A CT slice gives no ${attributeName('RescaleIntercept')}, ${so}`;
  if (RescaleType === 'US') {
    return `The Rescale Type of a CT slice is US (unspecified), and the rest of its header is not that of a scanner’s own slices, ${so}`;
  }
  const type = RescaleType === 'OTHER' ? 'is none of DICOM' : `is ${RescaleType}`;
  return `The Rescale Type of a CT slice ${type} and not HU, ${so}`;
}

/** Whether everything but the Rescale Type is what scanners write for their own slices in Hounsfield units. */
function isAsScanned({ SOPClassUID, ImageType = [], RescaleSlope, RescaleIntercept = 0 }: FrameHeader): boolean {
  const [value1, value2, value3 = '', ...further] = ImageType;
  return (
    CT_IMAGES.has(SOPClassUID) &&
    [value1, value2].join('\\') === 'ORIGINAL\\PRIMARY' &&
    SCANNED.has(value3) &&
    !further.some((value) => NO_SCAN.test(value)) &&
    RescaleSlope === 1 &&
    RescaleIntercept >= SCANNER_INTERCEPT.min &&
    RescaleIntercept <= SCANNER_INTERCEPT.max
  );
}

/**
 * Converts the stored values of a slice into its part of the volume.
 *
 * @throws DicomReadError `unsupported-pixel-format` where a table gives values that the volume cannot hold; `malformed` where
 *   rescaling gives values that are not numbers
 */
export function fillSlice(
  target: Int16Array | Float32Array,
  stored: ArrayLike<number>,
  { transform, padding, outside, saturates }: SliceValues,
): void {
  const isInt16 = target instanceof Int16Array;
  const [min, max] = isInt16 ? [INT16.min, INT16.max] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { low, high } = padding;
  if (transform.kind === 'linear') {
    const { slope, intercept } = transform;
    for (let i = 0; i < target.length; i += 1) {
      const value = stored[i] ?? 0;
      const isPadding = value >= low && value <= high;
      target[i] = isPadding ? outside : Math.min(max, Math.max(min, value * slope + intercept));
    }
    if (!isInt16) checkFinite(target);
    return;
  }
  const { first, values } = transform;
  if (!saturates && values.some((value) => value > max)) {
    throw new DicomReadError(
      'unsupported-pixel-format',
      'The Modality LUT gives values outside the signed 16-bit range',
    );
  }
  const last = values.length - 1;
  for (let i = 0; i < target.length; i += 1) {
    const value = stored[i] ?? 0;
    const entry = values[Math.min(last, Math.max(0, value - first))] ?? 0;
    target[i] = value >= low && value <= high ? outside : Math.min(max, entry);
  }
}

/** A steep rescale may overflow, and floating-point pixels may be NaN. */
function checkFinite(values: Int16Array | Float32Array): void {
  let zero = 0;
  for (let i = 0; i < values.length; i += 1) zero += (values[i] ?? 0) * 0;
  if (zero !== 0) throw new DicomReadError('malformed', 'Rescaling gives values that are not numbers');
}
