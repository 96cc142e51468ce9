/** Decides what kind of dental picture this is and how large its pixels are, before anything is measured. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';

export type DentalView = 'intra-oral' | 'panoramic';

export interface Scale {
  readonly view: DentalView;
  /** mm on the detector between rows and columns of the source. */
  readonly spacingMm: readonly [row: number, column: number];
  /** False where the source states no plausible spacing and the usual field size is assumed instead. */
  readonly known: boolean;
}

/** The model's working resolution: mm on the detector per pixel. A panoramic magnifies teeth by about a quarter more. */
export const WORKING_MM: Readonly<Record<DentalView, number>> = { 'intra-oral': 0.12, panoramic: 0.15 };

/** Usual widths: a panoramic field is about 300 mm wide; the long side of a size 2 intra-oral detector is 41 mm (ISO 3665). */
const PANORAMIC_WIDTH_MM = 300;
const INTRA_ORAL_LONG_MM = 41;
/** Widths of the field that are plausible for each kind of picture. */
const PLAUSIBLE_MM: Readonly<Record<DentalView, readonly [number, number]>> = {
  'intra-oral': [15, 100],
  panoramic: [100, 450],
};

/**
 * @throws NotEvaluableError `image-too-small` under 200 pixels per side, where caries cannot be seen
 */
export function scaleOf(image: Radiograph): Scale {
  const { rows, columns, spacingMm, header } = image;
  if (Math.min(rows, columns) < 200) {
    throw new NotEvaluableError(
      'image-too-small',
      `The picture has ${columns} × ${rows} pixels; at least 200 per side are needed to see caries.`,
    );
  }
  const long = Math.max(rows, columns);
  const longMm = spacingMm === undefined ? undefined : rows > columns ? rows * spacingMm[0] : columns * spacingMm[1];
  const view = viewOf(header.Modality, longMm, columns / rows, long);
  const [least, most] = PLAUSIBLE_MM[view];
  if (spacingMm !== undefined && longMm !== undefined && longMm >= least && longMm <= most) {
    return { view, spacingMm, known: true };
  }
  const assumed = view === 'panoramic' ? PANORAMIC_WIDTH_MM / columns : INTRA_ORAL_LONG_MM / long;
  return { view, spacingMm: [assumed, assumed], known: false };
}

function viewOf(Modality: string | undefined, longMm: number | undefined, aspect: number, long: number): DentalView {
  if (Modality === 'PX') return 'panoramic';
  if (Modality === 'IO') return 'intra-oral';
  if (longMm !== undefined) return longMm > PLAUSIBLE_MM['intra-oral'][1] ? 'panoramic' : 'intra-oral';
  return aspect >= 1.6 && long >= 1000 ? 'panoramic' : 'intra-oral';
}
