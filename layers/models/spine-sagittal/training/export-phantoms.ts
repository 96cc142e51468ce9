/**
 * Writes seeded phantoms as raw arrays for `train.py`: node export-phantoms.ts OUT FIRST_SEED COUNT
 *
 * Per phantom: `<seed>.hu` (int16) and `<seed>.labels` (uint8), both [x][z][y] on the grid the tool uses
 * (2 mm × 1.5 mm × 1.5 mm, LPS), and `<seed>.json` with the shape. Every fourth phantom keeps its whole width, the others
 * 60 mm to each side of the midline.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LpsGrid, resample } from '#core/image/resample.ts';
import { makeSpineLabels, makeSpinePhantom } from '#phantoms/spine-ct.ts';

const [out = '', first = '', count = ''] = process.argv.slice(2);
if (out === '' || first === '' || count === '') throw new Error('Usage: node export-phantoms.ts OUT FIRST_SEED COUNT');
mkdirSync(out, { recursive: true });

for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  const phantom = makeSpinePhantom({ seed });
  const { columns, rows, slices, spacingMm, origin } = phantom;
  const half = seed % 4 === 0 ? (columns * spacingMm[0]) / 2 - 1 : Math.min(60, (columns * spacingMm[0]) / 2 - 1);
  const grid: LpsGrid = {
    columns: Math.floor(half),
    rows: Math.floor((rows * spacingMm[1]) / 1.5),
    slices: Math.floor((slices * spacingMm[2]) / 1.5),
    spacingMm: [2, 1.5, 1.5],
    origin: [origin[0] + (columns * spacingMm[0]) / 2 - half, origin[1], origin[2]],
  };
  const directions = { columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], sliceDirection: [0, 0, 1] } as const;
  const hu = resample({ ...phantom, ...directions }, grid, -1024);
  const { labels } = makeSpineLabels({ seed }, grid);
  writeFileSync(join(out, `${seed}.hu`), sagittal(Int16Array.from(hu), grid));
  writeFileSync(join(out, `${seed}.labels`), sagittal(labels, grid));
  writeFileSync(join(out, `${seed}.json`), JSON.stringify({ shape: [grid.columns, grid.slices, grid.rows] }));
}

/** From [z][y][x] to [x][z][y], as bytes. */
function sagittal(values: Int16Array | Uint8Array, { columns, rows, slices }: LpsGrid): Uint8Array {
  const turned = values.slice();
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        turned[(i * slices + k) * rows + j] = values[(k * rows + j) * columns + i] ?? 0;
      }
    }
  }
  return new Uint8Array(turned.buffer);
}
