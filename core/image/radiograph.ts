import type { InstanceAttributes } from '../study/study-index.ts';

/**
 * One projection radiograph after Modality LUT or rescale. Higher values mean more X-ray absorption (white), as far as the
 * header tells: `polarity.ts` inverts on loading. The picture lies as it is stored; `upright.ts` turns it.
 */
export interface Radiograph {
  readonly kind: 'radiograph';
  readonly header: InstanceAttributes;
  readonly rows: number;
  readonly columns: number;
  /** Row-major, normalised after LUTs so that the instance's darkest value is 0 and its brightest 1 (outliers are clipped). */
  readonly pixels: Float32Array;
  /** Set where the header contradicts itself in whether high values are white: only the picture can tell. */
  readonly polarityInDoubt?: true;
  /** mm between rows and columns, calibrated or at the detector; undefined where the source does not state it. */
  readonly spacingMm?: readonly [row: number, column: number];
  /** mm between rows and columns at the detector, where `spacingMm` is calibrated to another size (PS3.3 10.7.1.3). */
  readonly detectorMm?: readonly [row: number, column: number];
  /** Height and width of a pixel in some unit, where the source gives no spacing and pixels that are not square. */
  readonly pixelAspect?: readonly [height: number, width: number];
}
