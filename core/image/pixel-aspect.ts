/** The shape of a projection's pixels: Pixel Aspect Ratio (0028,0034), or what the spacings imply (PS3.3 C.7.6.3.1.7). */
import { DicomReadError } from '#dicom/error.ts';
import type { Dataset } from '#dicom/read.ts';
import type { InstanceAttributes } from '../study/study-index.ts';

type Pair = readonly [vertical: number, horizontal: number];

/** Pixel Aspect Ratio has whole numbers, and spacings are rounded: shapes this close are the same. */
const SAME = 0.02;

/**
 * Height and width of a pixel where nothing gives its size and it is not square.
 *
 * @throws DicomReadError `malformed` where two attributes give pixels of different shapes, or where the only one that tells
 *   their shape cannot be read
 */
export function pixelAspect(
  dataset: Dataset,
  { PixelSpacing, ImagerPixelSpacing }: Pick<InstanceAttributes, 'PixelSpacing' | 'ImagerPixelSpacing'>,
): Pair | undefined {
  const aspect = positive(dataset.numbers('PixelAspectRatio'));
  const spacings = [
    { name: 'Pixel Spacing (0028,0030)', pair: positive(PixelSpacing ?? []) },
    { name: 'Imager Pixel Spacing (0018,1164)', pair: positive(ImagerPixelSpacing ?? []) },
  ];
  const shapes = [...spacings, { name: 'Pixel Aspect Ratio (0028,0034)', pair: aspect }].flatMap(({ name, pair }) =>
    pair === undefined ? [] : [{ name, pair }],
  );
  const [first] = shapes;
  const contrary = shapes.find(({ pair }) => first !== undefined && !isSameShape(pair, first.pair));
  if (first !== undefined && contrary !== undefined) {
    throw new DicomReadError(
      'malformed',
      `${first.name} ${told(first.pair)} and ${contrary.name} ${told(contrary.pair)} give pixels of different shapes`,
    );
  }
  if (first === undefined && dataset.has('PixelAspectRatio')) {
    throw new DicomReadError(
      'malformed',
      'Pixel Aspect Ratio (0028,0034) cannot be read: it is not two whole numbers above zero',
    );
  }
  const hasSize = spacings.some(({ pair }) => pair !== undefined);
  return hasSize || aspect === undefined || isSameShape(aspect, [1, 1]) ? undefined : aspect;
}

function positive([vertical, horizontal, ...more]: readonly number[]): Pair | undefined {
  if (vertical === undefined || horizontal === undefined || more.length > 0) return undefined;
  return vertical > 0 && horizontal > 0 ? [vertical, horizontal] : undefined;
}

const isSameShape = (a: Pair, b: Pair): boolean => Math.abs((a[0] * b[1]) / (a[1] * b[0]) - 1) <= SAME;

const told = ([vertical, horizontal]: Pair): string => `${vertical}\\${horizontal}`;
