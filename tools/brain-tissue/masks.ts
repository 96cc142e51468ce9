/** Tissues as masks on the source's own slices. */
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { SegmentFrame } from '#core/tool.ts';
import { type ConformedHead, SIDE } from './conform.ts';
import { TISSUE, type TissueMap } from './tissue.ts';

/** One tissue on the source's slices. */
export interface TissueMask {
  /** In the volume's order, without frames that have no voxel. */
  readonly frames: readonly SegmentFrame[];
  /** Volume of the mask's voxels. */
  readonly volumeMl: number;
}

/** Each source voxel gets the tissue of the grid point nearest to its centre. Voxels beyond the grid get none. */
export function tissueMasks(
  volume: Volume,
  tissue: TissueMap,
  { grid }: Pick<ConformedHead, 'grid'>,
): { readonly white: TissueMask; readonly grey: TissueMask } {
  const { columns, rows, slices, spacingMm } = volume;
  const voxelMl = (spacingMm[0] * spacingMm[1] * spacingMm[2]) / 1000;
  const masks = new Map([TISSUE.white, TISSUE.grey].map((one) => [one as number, { frames: newFrames(), voxels: 0 }]));
  for (let k = 0; k < slices; k += 1) {
    const source = volume.frames[k];
    if (source === undefined) continue;
    const bits = new Map([...masks.keys()].map((one) => [one, new Uint8Array(Math.ceil((rows * columns) / 8))]));
    const before = new Map([...masks].map(([one, mask]) => [one, mask.voxels]));
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        const [px, py, pz] = toLps(volume, i, j, k);
        const x = Math.round(px - grid.origin[0]);
        const y = Math.round(py - grid.origin[1]);
        const z = Math.round(pz - grid.origin[2]);
        if (x < 0 || y < 0 || z < 0 || x >= SIDE || y >= SIDE || z >= SIDE) continue;
        const found = tissue[(z * SIDE + y) * SIDE + x] ?? TISSUE.background;
        const mask = masks.get(found);
        const frame = bits.get(found);
        if (mask === undefined || frame === undefined) continue;
        const at = j * columns + i;
        frame[at >> 3] = (frame[at >> 3] ?? 0) | (1 << (at & 7));
        mask.voxels += 1;
      }
    }
    for (const [one, mask] of masks) {
      const frame = bits.get(one);
      if (frame !== undefined && mask.voxels > (before.get(one) ?? 0)) mask.frames.push({ ...source, bits: frame });
    }
  }
  const maskOf = (one: number): TissueMask => {
    const { frames, voxels } = masks.get(one) ?? { frames: [], voxels: 0 };
    return { frames, volumeMl: voxels * voxelMl };
  };
  return { white: maskOf(TISSUE.white), grey: maskOf(TISSUE.grey) };
}

const newFrames = (): SegmentFrame[] => [];
