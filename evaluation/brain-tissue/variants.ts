/** Variants of a head as other scanners and protocols would produce them, and heads that must be refused. */
import type { PointLps } from '#core/image/geometry.ts';
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';

export type Variant =
  | 'as it is'
  | 'sagittal slices'
  | 'turned by 180°'
  | 'scaled by 3'
  | 'noise 1 %'
  | 'slices of 2 mm'
  | 'slices of 4 mm'
  | 'upper half'
  | 'inverted';

/** @param head of axial slices, 1 mm apart */
export function changed(head: Volume, variant: Variant): Volume {
  switch (variant) {
    case 'as it is':
      return head;
    case 'sagittal slices':
      return sagittal(head);
    case 'turned by 180°':
      return turned(head);
    case 'scaled by 3':
      return { ...head, voxels: Float32Array.from(head.voxels, (value) => 3 * value) };
    case 'noise 1 %':
      return noisy(head);
    case 'slices of 2 mm':
      return thicker(head, 2);
    case 'slices of 4 mm':
      return thicker(head, 4);
    case 'upper half':
      return slicesOf(head, head.slices >> 1, head.slices);
    case 'inverted':
      return inverted(head);
  }
}

export function greatest({ voxels }: Volume): number {
  let most = 0;
  for (const value of voxels) if (value > most) most = value;
  return most;
}

/** Air stays dark, as it is in any sequence. */
function inverted(head: Volume): Volume {
  const most = greatest(head);
  return { ...head, voxels: Float32Array.from(head.voxels, (value) => (value < 0.05 * most ? value : most - value)) };
}

function noisy(head: Volume): Volume {
  const random = createRandom(1);
  const size = 0.01 * greatest(head);
  return { ...head, voxels: Float32Array.from(head.voxels, (value) => Math.max(0, value + size * random.normal())) };
}

/** Merges neighbouring slices by their mean. */
function thicker(head: Volume, factor: number): Volume {
  const { rows, columns, spacingMm, frames } = head;
  const size = rows * columns;
  const slices = Math.floor(head.slices / factor);
  const voxels = new Float32Array(slices * size);
  for (let at = 0; at < voxels.length; at += 1) {
    const first = Math.floor(at / size) * factor * size + (at % size);
    let sum = 0;
    for (let n = 0; n < factor; n += 1) sum += head.voxels[first + n * size] ?? 0;
    voxels[at] = sum / factor;
  }
  const [x, y, z] = head.sliceDirection;
  const shift = ((factor - 1) / 2) * spacingMm[2];
  const origin: PointLps = [head.origin[0] + x * shift, head.origin[1] + y * shift, head.origin[2] + z * shift];
  const kept = frames.filter((_, index) => index % factor === 0).slice(0, slices);
  return {
    ...head,
    slices,
    voxels,
    origin,
    spacingMm: [spacingMm[0], spacingMm[1], spacingMm[2] * factor],
    frames: kept,
  };
}

function slicesOf(head: Volume, from: number, to: number): Volume {
  const size = head.rows * head.columns;
  return {
    ...head,
    slices: to - from,
    voxels: head.voxels.slice(from * size, to * size),
    origin: toLps(head, 0, 0, from),
    frames: head.frames.slice(from, to),
  };
}

/** Columns to posterior, rows to the feet, slices from left to right: (i, j, k) moves to (j, last − k, last − i). */
function sagittal(head: Volume): Volume {
  const { columns, rows, slices, spacingMm, columnDirection, rowDirection, sliceDirection } = head;
  const voxels = new Float32Array(head.voxels.length);
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        voxels[((columns - 1 - i) * slices + (slices - 1 - k)) * rows + j] =
          head.voxels[(k * rows + j) * columns + i] ?? 0;
      }
    }
  }
  return {
    ...head,
    ...{ columns: rows, rows: slices, slices: columns, voxels },
    origin: toLps(head, columns - 1, 0, slices - 1),
    columnDirection: rowDirection,
    rowDirection: negative(sliceDirection),
    sliceDirection: negative(columnDirection),
    spacingMm: [spacingMm[1], spacingMm[2], spacingMm[0]],
    frames: framesOf(columns),
  };
}

/** Columns to the right, rows to anterior. */
function turned(head: Volume): Volume {
  const { columns, rows, columnDirection, rowDirection } = head;
  const size = rows * columns;
  const voxels = new Float32Array(head.voxels.length);
  for (let at = 0; at < voxels.length; at += 1) {
    voxels[at] = head.voxels[at - (at % size) + (size - 1 - (at % size))] ?? 0;
  }
  return {
    ...head,
    voxels,
    origin: toLps(head, columns - 1, rows - 1, 0),
    columnDirection: negative(columnDirection),
    rowDirection: negative(rowDirection),
  };
}

const negative = ([x, y, z]: PointLps): PointLps => [-x, -y, -z];

const framesOf = (slices: number): Volume['frames'] =>
  Array.from({ length: slices }, (_, index) => ({ SOPInstanceUID: `2.25.5.${index + 1}` }));
