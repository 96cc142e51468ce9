/** Pictures of the failures on held-out phantoms. */
import type { Volume } from '#core/image/volume.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { type StoredTile, storeTile } from '../gallery.ts';
import { MODERATE } from './grades.ts';
import type { BodyOutcome } from './judge-phantom.ts';

/** A missed body or moderate fracture, a merged body, or a grade that is clearly wrong. */
export function isFailure(body: BodyOutcome): boolean {
  return body.complete && badness(body) > 0;
}

export function badness({ found, grade, lossPercent }: BodyOutcome): number {
  if (found?.measured === undefined) return found === undefined || grade >= MODERATE ? 100 + lossPercent : 0;
  if (found.merged) return 90;
  const { measured } = found;
  if (measured.grade === grade) return 0;
  const off = Math.abs(measured.lossPercent - lossPercent);
  return Math.abs(measured.grade - grade) > 1 || off > 8 ? off : 0;
}

const TILE_MM = 90;

export function tileOf(seed: number, { level, type, lossPercent, found }: BodyOutcome): StoredTile {
  const phantom = makeSpinePhantom({ seed });
  const centre = phantom.truth.vertebrae.find((vertebra) => vertebra.level === level)?.centre ?? [0, 0, 0];
  const said =
    found === undefined
      ? 'missed'
      : found.measured === undefined
        ? 'not graded'
        : found.merged
          ? 'merged'
          : `said ${found.measured.lossPercent.toFixed(0)} %`;
  return storeTile({
    caption: `${seed} ${level} ${type ?? 'sound'} ${lossPercent.toFixed(0)} %: ${said}`,
    ...sagittalTile(volumeOf(phantom), centre),
  });
}

/** The sagittal plane around a point, 1 mm per pixel, −200 to 800 HU. */
function sagittalTile(volume: Volume, [x, y, z]: readonly [number, number, number]) {
  const pixels = new Uint8Array(TILE_MM * TILE_MM);
  const { origin, spacingMm, columns, rows, slices, voxels } = volume;
  const i = Math.round((x - origin[0]) / spacingMm[0]);
  for (let row = 0; row < TILE_MM; row += 1) {
    for (let column = 0; column < TILE_MM; column += 1) {
      const j = Math.round((y - TILE_MM / 2 + column - origin[1]) / spacingMm[1]);
      const k = Math.round((z + TILE_MM / 2 - row - origin[2]) / spacingMm[2]);
      const inside = i >= 0 && j >= 0 && k >= 0 && i < columns && j < rows && k < slices;
      const hu = inside ? (voxels[(k * rows + j) * columns + i] ?? 0) : -1000;
      pixels[row * TILE_MM + column] = Math.max(0, Math.min(255, Math.round(((hu + 200) / 1000) * 255)));
    }
  }
  return { rows: TILE_MM, columns: TILE_MM, pixels };
}
