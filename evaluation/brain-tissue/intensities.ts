/** The same head with other bright voxels than the brain's: nothing of it may change what is measured of the brain. */
import type { Volume } from '#core/image/volume.ts';
import { createRandom } from '#phantoms/random.ts';
import { greatest } from './variants.ts';

export type Intensities =
  | 'as it is'
  | 'clipped at the 98th percentile of the head'
  | 'a bright ball of 113 mL below the brain'
  | 'one voxel of a thousand times the brightest'
  | 'bright vessels'
  | 'a bright border'
  | 'a ghost of 8 %'
  | 'values below zero';

/** In the order in which CI takes them. */
export const INTENSITIES: readonly Intensities[] = [
  'as it is',
  'a bright ball of 113 mL below the brain',
  'clipped at the 98th percentile of the head',
  'one voxel of a thousand times the brightest',
  'bright vessels',
  'a bright border',
  'a ghost of 8 %',
  'values below zero',
];

const BALL_MM = 30;
/** From the middle of the volume towards the feet, in the neck, mm. */
const BELOW_MM = 100;
const VESSELS = 150;
/** Voxels of one vessel: a path of single steps, 3 voxels wide. */
const STEPS = 60;

/** @param head of axial slices from feet to head, air at 0 */
export function withIntensities(head: Volume, change: Intensities): Volume {
  const most = greatest(head);
  switch (change) {
    case 'as it is':
      return head;
    case 'clipped at the 98th percentile of the head': {
      const values = Float32Array.from(head.voxels)
        .filter((value) => value > 0.1 * most)
        .sort();
      const clip = values[Math.floor(0.98 * values.length)] ?? most;
      return mapped(head, (value) => Math.min(value, clip));
    }
    case 'a bright ball of 113 mL below the brain': {
      const [x, y, z] = middleOf(head);
      return mapped(head, (value, i, j, k) => {
        const mm = Math.hypot(
          (i - x) * head.spacingMm[0],
          (j - y) * head.spacingMm[1],
          (k - z) * head.spacingMm[2] + BELOW_MM,
        );
        return mm < BALL_MM ? 10 * most : value;
      });
    }
    case 'one voxel of a thousand times the brightest':
      return mapped(head, (value, i, j, k) => (i + j + k === 0 ? 1000 * most : value));
    case 'bright vessels':
      return withVessels(head, 3 * most);
    case 'a bright border':
      return mapped(head, (value, i, j) =>
        Math.min(i, j, head.columns - 1 - i, head.rows - 1 - j) < 2 ? 4 * most : value,
      );
    case 'a ghost of 8 %': {
      const half = head.rows >> 1;
      const at = (i: number, j: number, k: number): number =>
        head.voxels[(k * head.rows + ((j + half) % head.rows)) * head.columns + i] ?? 0;
      return mapped(head, (value, i, j, k) => value + 0.08 * at(i, j, k));
    }
    case 'values below zero':
      return mapped(head, (value) => 0.37 * value - 1000.5);
  }
}

function mapped(head: Volume, change: (value: number, i: number, j: number, k: number) => number): Volume {
  const voxels = new Float32Array(head.voxels.length);
  let at = 0;
  for (let k = 0; k < head.slices; k += 1) {
    for (let j = 0; j < head.rows; j += 1) {
      for (let i = 0; i < head.columns; i += 1) {
        voxels[at] = change(head.voxels[at] ?? 0, i, j, k);
        at += 1;
      }
    }
  }
  return { ...head, voxels };
}

/** Winding paths outside the middle of the head, as flowing blood shows near the skull base and in the scalp. */
function withVessels(head: Volume, value: number): Volume {
  const random = createRandom(7);
  const voxels = Float32Array.from(head.voxels);
  const [x, y, z] = middleOf(head);
  for (let vessel = 0; vessel < VESSELS; vessel += 1) {
    const angle = 2 * Math.PI * random.next();
    let place = [x + 85 * Math.cos(angle), y + 100 * Math.sin(angle), z - 90 + 60 * random.next()];
    for (let step = 0; step < STEPS; step += 1) {
      place = place.map((one) => one + 1.5 * (random.next() - 0.5) * 2);
      const [i = 0, j = 0, k = 0] = place.map(Math.round);
      for (const across of [-1, 0, 1]) {
        const at = (k * head.rows + j) * head.columns + i + across;
        if (at >= 0 && at < voxels.length) voxels[at] = value;
      }
    }
  }
  return { ...head, voxels };
}

const middleOf = ({ columns, rows, slices }: Volume): readonly [number, number, number] => [
  (columns - 1) / 2,
  (rows - 1) / 2,
  (slices - 1) / 2,
];
