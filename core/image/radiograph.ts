import type { InstanceAttributes } from '../study/study-index.ts';

/**
 * One projection radiograph after Modality LUT or rescale. Higher values always mean more X-ray absorption (white):
 * MONOCHROME1 is inverted on loading.
 */
export interface Radiograph {
  readonly kind: 'radiograph';
  readonly header: InstanceAttributes;
  readonly rows: number;
  readonly columns: number;
  /** Row-major, normalised after LUTs so that the instance's darkest value is 0 and its brightest 1. */
  readonly pixels: Float32Array;
  /** mm between rows and columns, calibrated or at the detector; undefined where the source does not state it. */
  readonly spacingMm?: readonly [row: number, column: number];
}
