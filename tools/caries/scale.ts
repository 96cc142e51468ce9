/** What kind of dental picture this is and how big a pixel of it is: decided before anything is measured. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';

export type DentalView = 'intra-oral' | 'panoramic';

export interface Scale {
  readonly view: DentalView;
  /** mm on the detector between rows and columns of the source. */
  readonly spacingMm: readonly [row: number, column: number];
  /** False where the source does not say (or says what cannot be) and the usual field size was taken instead. */
  readonly known: boolean;
}

/** The model's working resolution: mm on the detector per pixel. A panoramic magnifies teeth by a quarter more. */
export const WORKING_MM: Readonly<Record<DentalView, number>> = { 'intra-oral': 0.12, panoramic: 0.15 };

/** Usual widths: a panoramic field is about 300 mm wide; the long side of a size 2 intra-oral detector is 41 mm (ISO 3665). */
const PANORAMIC_WIDTH_MM = 300;
const INTRA_ORAL_LONG_MM = 41;
/** Fields between these widths are believed to be what their kind says. */
const PLAUSIBLE_MM: Readonly<Record<DentalView, readonly [number, number]>> = {
  'intra-oral': [15, 100],
  panoramic: [100, 450],
};

/**
 * @throws NotEvaluableError `image-too-small` under 200 pixels a side: no caries can be seen in it
 */
export function scaleOf(image: Radiograph): Scale {
  const { rows, columns, spacingMm, header } = image;
  if (Math.min(rows, columns) < 200) {
    throw new NotEvaluableError(
      'image-too-small',
      `The picture has ${columns} × ${rows} pixels; at least 200 a side are needed to see caries.`,
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
