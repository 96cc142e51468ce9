/**
 * Writes seeded phantoms as raw arrays for `train.py`: node export-phantoms.ts OUT FIRST_SEED COUNT
 *
 * Each phantom has three arrays on the tool's grid (2 mm × 1.5 mm × 1.5 mm, LPS), each [x][z][y]: `<seed>.hu` (int16),
 * `<seed>.body` (uint8: the share of vertebral body in the voxel's middle plane, 0–255, from eight samples) and `<seed>.rest`
 * (uint8: the class, as in `LABELS`, of the part that is not body). `<seed>.json` has the shape. Every fourth phantom keeps its
 * whole width, the others 60 mm to each side of the midline. In every second phantom, two of five bodies are fractured.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LpsGrid, resample } from '#core/image/resample.ts';
import { LABELS, makeSpineLabels, makeSpinePhantom, type SpinePatient } from '#phantoms/spine-ct.ts';

const [out = '', first = '', count = ''] = process.argv.slice(2);
if (out === '' || first === '' || count === '') throw new Error('Usage: node export-phantoms.ts OUT FIRST_SEED COUNT');
mkdirSync(out, { recursive: true });

/** Sunken endplates are the hardest to see, and rarer in patients than a network needs to learn them. */
const FRACTURED = { fractureRate: 0.4, fractureTypes: ['wedge', 'biconcave', 'biconcave', 'crush'] } as const;

/** Where a voxel is sampled along y and z, in fractions. Endplates lie across z, so z has more samples. */
const SAMPLES = { y: [-0.25, 0.25], z: [-0.375, -0.125, 0.125, 0.375] } as const;

for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  const patient: SpinePatient = { seed, ...(seed % 2 === 1 && FRACTURED) };
  const phantom = makeSpinePhantom(patient);
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
  const { body, rest } = shares(patient, grid);
  writeFileSync(join(out, `${seed}.hu`), sagittal(Int16Array.from(hu), grid));
  writeFileSync(join(out, `${seed}.body`), sagittal(body, grid));
  writeFileSync(join(out, `${seed}.rest`), sagittal(rest, grid));
  writeFileSync(join(out, `${seed}.json`), JSON.stringify({ shape: [grid.columns, grid.slices, grid.rows] }));
}

/** The share of body in each voxel, and the class of the last sample that is not body. */
function shares(patient: SpinePatient, grid: LpsGrid): { readonly body: Uint8Array; readonly rest: Uint8Array } {
  const size = grid.columns * grid.rows * grid.slices;
  const inBody = new Uint8Array(size);
  const rest = new Uint8Array(size);
  for (const y of SAMPLES.y) {
    for (const z of SAMPLES.z) {
      const [x0, y0, z0] = grid.origin;
      const { labels } = makeSpineLabels(patient, {
        ...grid,
        origin: [x0, y0 + y * grid.spacingMm[1], z0 + z * grid.spacingMm[2]],
      });
      for (let at = 0; at < size; at += 1) {
        const label = labels[at] ?? 0;
        if (label === LABELS.body) inBody[at] = (inBody[at] ?? 0) + 1;
        else rest[at] = label;
      }
    }
  }
  const samples = SAMPLES.y.length * SAMPLES.z.length;
  return { body: inBody.map((count) => Math.round((255 * count) / samples)), rest };
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
