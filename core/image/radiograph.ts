import type { InstanceAttributes } from '../study/study-index.ts';

/**
 * One projection radiograph after Modality LUT or rescale; higher values are always more X-ray absorption (white):
 * MONOCHROME1 is inverted on loading.
 */
export interface Radiograph {
  readonly kind: 'radiograph';
  readonly header: InstanceAttributes;
  readonly rows: number;
  readonly columns: number;
  /** Row-major, normalised so that the instance's darkest value is 0 and its brightest 1 after LUTs. */
  readonly pixels: Float32Array;
  /** mm between rows and columns, at the detector or calibrated; undefined where the source does not say. */
  readonly spacingMm?: readonly [row: number, column: number];
}
