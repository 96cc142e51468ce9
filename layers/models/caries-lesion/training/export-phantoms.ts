/**
 * Writes seeded dental phantoms for `train.py`: `node export-phantoms.ts DIR KIND FIRST_SEED COUNT CARIES_RATE`.
 *
 * Each phantom has two files of the same size, at the model's working resolution: `<kind>-<seed>.in` (int8: the model's two
 * input channels × 60) and `.label` (uint8 planes: lesion, tooth, upper crown core, lower crown core, restoration, each 0–255,
 * and the depth class of the lesion, 0 none, 1 E1 … 5 D3). An index has their sizes and the lesions' places. Pixels pass through
 * the tool's own preprocessing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Plane, resamplePlane } from '#core/image/plane.ts';
import { type DentalPhantom, makeBitewing, makePanoramic, makePeriapical } from '#phantoms/dental.ts';
import { DEPTH_CLASSES } from '#tools/caries/depth.ts';
import { modelInput } from '#tools/caries/preprocess.ts';
import { WORKING_MM } from '#tools/caries/scale.ts';

const MAKE: Readonly<Record<string, (seed: number, cariesRate: number) => DentalPhantom>> = {
  // Coarser than real detectors but finer than the working resolution: rendering takes most of the time.
  bitewing: (seed, cariesRate) => makeBitewing({ seed, cariesRate, spacingMm: 0.06 }),
  periapical: (seed, cariesRate) => makePeriapical({ seed, cariesRate, spacingMm: 0.06 }),
  panoramic: (seed, cariesRate) => makePanoramic({ seed, cariesRate, spacingMm: 0.15 }),
};
/** Panoramics are cropped to the teeth and this many rows around them, except every fourth: the rest of a head teaches little. */
const AROUND_ROWS = 110;

const [folder = '.', kind = 'bitewing', first = '0', count = '1', rate = '0.2'] = process.argv.slice(2);
const make = MAKE[kind];
if (make === undefined) throw new Error(`There is no kind ${kind}`);
mkdirSync(folder, { recursive: true });
const index = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const phantom = make(seed, Number(rate));
  const working = WORKING_MM[kind === 'panoramic' ? 'panoramic' : 'intra-oral'];
  const scale = phantom.spacingMm[0] / working;
  const rows = Math.round(phantom.rows * scale);
  const columns = Math.round(phantom.columns * scale);
  const grey = new Float32Array(phantom.pixels).map((value) => value / 4095);
  const { data, shape } = modelInput(resamplePlane({ ...phantom, pixels: grey }, rows, columns));
  const [, , paddedRows = 0, paddedColumns = 0] = shape;
  const [top, bottom] = rowsOfInterest(phantom, seed, scale, rows);
  const cut = <T extends Float32Array | Uint8Array>(planes: T): T =>
    cutRows(planes, paddedRows, paddedColumns, top, bottom);
  const name = `${kind}-${seed}`;
  writeFileSync(join(folder, `${name}.in`), new Int8Array(cut(data).map((value) => Math.round(value * 60))));
  writeFileSync(join(folder, `${name}.label`), cut(labels(phantom, rows, columns, paddedRows, paddedColumns)));
  const lesions = phantom.truth.lesions.map(({ centre, depth }) => [
    Math.round(centre[0] * scale),
    Math.round(centre[1] * scale) - top,
    DEPTH_CLASSES.indexOf(depth) + 1,
  ]);
  const teeth = phantom.truth.teeth.map(({ centre }) => [
    Math.round(centre[0] * scale),
    Math.round(centre[1] * scale) - top,
  ]);
  index.push({ name, kind, rows: bottom - top, columns: paddedColumns, lesions, teeth });
}
writeFileSync(join(folder, `index-${kind}-${first}.json`), JSON.stringify(index));

function rowsOfInterest(
  { kind: view, truth }: DentalPhantom,
  seed: number,
  scale: number,
  rows: number,
): readonly [top: number, bottom: number] {
  if (view !== 'panoramic' || seed % 4 === 0) return [0, Math.ceil(rows / 16) * 16];
  const top = Math.min(...truth.teeth.map(({ box }) => box.top)) * scale - AROUND_ROWS;
  const bottom = Math.max(...truth.teeth.map(({ box }) => box.bottom)) * scale + AROUND_ROWS;
  return [Math.max(0, Math.floor(top)), Math.min(rows, Math.ceil(bottom))];
}

function cutRows<T extends Float32Array | Uint8Array>(
  planes: T,
  rows: number,
  columns: number,
  top: number,
  bottom: number,
): T {
  const count = planes.length / (rows * columns);
  const out = planes.slice(0, count * (bottom - top) * columns);
  for (let plane = 0; plane < count; plane++) {
    const from = plane * rows * columns;
    out.set(planes.subarray(from + top * columns, from + bottom * columns), plane * (bottom - top) * columns);
  }
  return out as T;
}

function where(pixels: Uint8Array, holds: (label: number) => boolean): Float32Array {
  const out = new Float32Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) if (holds(pixels[at] ?? 0)) out[at] = 1;
  return out;
}

/** Soft labels, 0–255, resampled like the picture; the depth class is that of the nearest pixel. */
function labels(
  { rows, columns, truth }: DentalPhantom,
  toRows: number,
  toColumns: number,
  paddedRows: number,
  paddedColumns: number,
): Uint8Array {
  const isUpper = (fdi: number): boolean => fdi > 0 && fdi < 30;
  const planes = [
    where(truth.lesionLabels, (label) => label > 0),
    where(truth.toothLabels, (fdi) => fdi > 0),
    where(truth.crownCores, isUpper),
    where(truth.crownCores, (fdi) => fdi > 0 && !isUpper(fdi)),
    where(truth.restorations, (restored) => restored > 0),
  ];
  const out = new Uint8Array((planes.length + 1) * paddedRows * paddedColumns);
  planes.forEach((pixels, plane) => {
    const small: Plane = resamplePlane({ rows, columns, pixels }, toRows, toColumns);
    for (let row = 0; row < toRows; row++) {
      for (let column = 0; column < toColumns; column++) {
        out[(plane * paddedRows + row) * paddedColumns + column] = Math.round(
          255 * (small.pixels[row * toColumns + column] ?? 0),
        );
      }
    }
  });
  const classOf = [0, ...truth.lesions.map(() => 0)];
  for (const { number, depth } of truth.lesions) classOf[number] = DEPTH_CLASSES.indexOf(depth) + 1;
  for (let row = 0; row < toRows; row++) {
    const from = Math.floor(((row + 0.5) * rows) / toRows) * columns;
    for (let column = 0; column < toColumns; column++) {
      const label = truth.lesionLabels[from + Math.floor(((column + 0.5) * columns) / toColumns)] ?? 0;
      out[(planes.length * paddedRows + row) * paddedColumns + column] = classOf[label] ?? 0;
    }
  }
  return out;
}
