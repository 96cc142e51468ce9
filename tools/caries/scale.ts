/** Decides what kind of dental picture this is and how large its pixels are, before anything is measured. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';

export type DentalView = 'intra-oral' | 'panoramic';

export interface Scale {
  readonly view: DentalView;
  /** mm on the detector between rows and columns of the picture. */
  readonly spacingMm: readonly [row: number, column: number];
  /** False where the source states no plausible spacing and the usual field size is assumed instead. */
  readonly known: boolean;
  /** Patient's mm per mm on the detector: below 1 where the source calibrates its spacing, else 1. */
  readonly calibration: number;
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
/** Width over height. The widest intra-oral film (size 3, ISO 3665) has 2; a panoramic has 1.2 with a border to 2.5. */
const WIDE = 1.6;
const LEAST_PANORAMIC = 1.15;

/**
 * The scale of an upright picture.
 *
 * @throws NotEvaluableError `image-too-small` under 200 pixels per side, where caries cannot be seen; `contradictory-size`
 *   where the picture has not the size or the shape of what Modality says
 */
export function scaleOf(image: Radiograph): Scale {
  const { rows, columns, header } = image;
  if (Math.min(rows, columns) < 200) {
    throw new NotEvaluableError(
      'image-too-small',
      `The picture has ${columns} × ${rows} pixels; at least 200 per side are needed to see caries.`,
    );
  }
  // The model works at the size on the detector, with the magnification that it was trained on.
  const detector = image.detectorMm ?? image.spacingMm;
  const [height = 1, width = 1] = detector ?? image.pixelAspect ?? [];
  const fieldMm = detector && { width: columns * width, height: rows * height };
  const aspect = (columns * width) / (rows * height);
  const longMm = fieldMm && Math.max(fieldMm.width, fieldMm.height);
  const view = viewOf(header.Modality, longMm, aspect, Math.max(rows, columns));
  checkKind({ view, aspect, fieldMm, Modality: header.Modality });
  const [least, most] = PLAUSIBLE_MM[view];
  if (detector !== undefined && longMm !== undefined && longMm >= least && longMm <= most) {
    const calibration = (image.spacingMm?.[1] ?? detector[1]) / detector[1];
    return { view, spacingMm: detector, known: true, calibration };
  }
  const unit =
    view === 'panoramic'
      ? PANORAMIC_WIDTH_MM / (columns * width)
      : INTRA_ORAL_LONG_MM / Math.max(columns * width, rows * height);
  return { view, spacingMm: [height * unit, width * unit], known: false, calibration: 1 };
}

function viewOf(Modality: string | undefined, longMm: number | undefined, aspect: number, long: number): DentalView {
  if (Modality === 'PX') return 'panoramic';
  if (Modality === 'IO') return 'intra-oral';
  if (longMm !== undefined) return longMm > PLAUSIBLE_MM['intra-oral'][1] ? 'panoramic' : 'intra-oral';
  return aspect >= WIDE && long >= 1000 ? 'panoramic' : 'intra-oral';
}

interface Kind {
  readonly view: DentalView;
  readonly aspect: number;
  readonly fieldMm: { readonly width: number; readonly height: number } | undefined;
  readonly Modality: string | undefined;
}

/** Spacings that no dental picture has, such as 1 mm in exported films, say nothing. A field of the other kind contradicts. */
function checkKind({ view, aspect, fieldMm, Modality }: Kind): void {
  const longMm = fieldMm && Math.max(fieldMm.width, fieldMm.height);
  const within = (kind: DentalView): boolean =>
    longMm !== undefined && longMm >= PLAUSIBLE_MM[kind][0] && longMm <= PLAUSIBLE_MM[kind][1];
  const field = fieldMm && `${fieldMm.width.toFixed(0)} × ${fieldMm.height.toFixed(0)} mm`;
  if (Modality === 'PX' && within('intra-oral') && !within('panoramic')) {
    throw new NotEvaluableError(
      'contradictory-size',
      `Modality PX says panoramic, but the picture covers ${field}, the field of an intra-oral radiograph.`,
    );
  }
  if (Modality === 'IO' && aspect >= WIDE && within('panoramic') && !within('intra-oral')) {
    throw new NotEvaluableError(
      'contradictory-size',
      `Modality IO says intra-oral, but the picture covers ${field}, the field of a panoramic.`,
    );
  }
  if (view === 'panoramic' && aspect < LEAST_PANORAMIC) {
    throw new NotEvaluableError(
      'contradictory-size',
      `The picture is ${aspect.toFixed(2)} times as wide as high; a panoramic that lies upright is at least ${LEAST_PANORAMIC} times as wide.`,
    );
  }
}
