/**
 * The head as other sequences would show it under the header of a T1: the brightness of each tissue is exchanged. The curves are
 * over the brightness in the T1 (fluid 0.12, grey matter 0.38, white matter 0.5 and fat 0.8 of the largest voxel).
 */
import type { Volume } from '#core/image/volume.ts';
import { greatest } from './variants.ts';

export type Weighting = 'T2' | 'FLAIR' | 'proton density' | 'T1 with white matter as bright as grey';

type Curve = readonly (readonly [from: number, to: number])[];

const CURVES: Readonly<Record<Weighting, Curve>> = {
  T2: [
    [0, 0],
    [0.05, 0.05],
    [0.12, 1],
    [0.38, 0.5],
    [0.5, 0.33],
    [0.8, 0.6],
    [1, 0.7],
  ],
  FLAIR: [
    [0, 0],
    [0.05, 0.04],
    [0.12, 0.1],
    [0.38, 0.6],
    [0.5, 0.45],
    [0.8, 0.6],
    [1, 0.7],
  ],
  'proton density': [
    [0, 0],
    [0.05, 0.05],
    [0.12, 0.8],
    [0.38, 0.85],
    [0.5, 0.72],
    [0.8, 0.8],
    [1, 0.9],
  ],
  'T1 with white matter as bright as grey': [
    [0, 0],
    [0.12, 0.12],
    [0.36, 0.4],
    [0.52, 0.4],
    [0.8, 0.8],
    [1, 1],
  ],
};

export const WEIGHTINGS = Object.keys(CURVES) as readonly Weighting[];

export function weighted(head: Volume, weighting: Weighting): Volume {
  const most = greatest(head);
  const curve = CURVES[weighting];
  return { ...head, voxels: Float32Array.from(head.voxels, (value) => 4000 * along(curve, value / most)) };
}

function along(curve: Curve, value: number): number {
  const next = curve.findIndex(([from]) => from > value);
  const [x0, y0] = curve[next - 1] ?? curve.at(-1) ?? [0, 0];
  const [x1, y1] = curve[next] ?? [1, y0];
  return x1 === x0 ? y0 : y0 + ((y1 - y0) * (value - x0)) / (x1 - x0);
}
