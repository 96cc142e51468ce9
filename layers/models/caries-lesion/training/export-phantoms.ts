/**
 * Writes seeded dental phantoms for `train.py`: `node export-phantoms.ts DIR KIND FIRST_SEED COUNT CARIES_RATE`.
 *
 * Per phantom two files of the same size, at the model's working resolution: `<kind>-<seed>.in` (int8, the model's
 * two input channels × 60) and `.label` (uint8 planes: lesion, tooth, upper crown core, lower crown core,
 * restoration), and `index.json` with rows and columns. Pixels go through the tool's own preprocessing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DentalPhantom, makeBitewing, makePanoramic } from '#phantoms/dental.ts';
import { modelInput, type Plane, resample } from '#tools/caries/preprocess.ts';
import { WORKING_MM } from '#tools/caries/scale.ts';

const [folder = '.', kind = 'bitewing', first = '0', count = '1', rate = '0.2'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const index = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  // Coarser than real detectors, but still finer than the working resolution: rendering is most of the work.
  const phantom =
    kind === 'bitewing'
      ? makeBitewing({ seed, spacingMm: 0.07, cariesRate: Number(rate) })
      : makePanoramic({ seed, spacingMm: 0.15, cariesRate: Number(rate) });
  const working = WORKING_MM[kind === 'bitewing' ? 'intra-oral' : 'panoramic'];
  const rows = Math.round((phantom.rows * phantom.spacingMm[0]) / working);
  const columns = Math.round((phantom.columns * phantom.spacingMm[1]) / working);
  const input = modelInput(
    resample({ ...phantom, pixels: new Float32Array(phantom.pixels).map((value) => value / 4095) }, rows, columns),
  );
  const [, , paddedRows = 0, paddedColumns = 0] = input.shape;
  const name = `${kind}-${seed}`;
  writeFileSync(join(folder, `${name}.in`), new Int8Array(input.data.map((value) => Math.round(value * 60))));
  writeFileSync(join(folder, `${name}.label`), labels(phantom, rows, columns, paddedRows, paddedColumns));
  index.push({ name, rows: paddedRows, columns: paddedColumns });
}
writeFileSync(join(folder, `index-${kind}-${first}.json`), JSON.stringify(index));

function where(labels: Uint8Array, holds: (label: number) => boolean): Float32Array {
  const out = new Float32Array(labels.length);
  for (let index = 0; index < labels.length; index++) if (holds(labels[index] ?? 0)) out[index] = 1;
  return out;
}

/** Soft labels, 0–255, resampled like the picture. */
function labels(
  { rows, columns, truth }: DentalPhantom,
  toRows: number,
  toColumns: number,
  paddedRows: number,
  paddedColumns: number,
) {
  const isUpper = (fdi: number): boolean => fdi > 0 && fdi < 30;
  const planes = [
    where(truth.lesionLabels, (label) => label > 0),
    where(truth.toothLabels, (fdi) => fdi > 0),
    where(truth.crownCores, isUpper),
    where(truth.crownCores, (fdi) => fdi > 0 && !isUpper(fdi)),
    where(truth.restorations, (restored) => restored > 0),
  ];
  const out = new Uint8Array(planes.length * paddedRows * paddedColumns);
  planes.forEach((pixels, plane) => {
    const small: Plane = resample({ rows, columns, pixels }, toRows, toColumns);
    for (let row = 0; row < toRows; row++) {
      for (let column = 0; column < toColumns; column++) {
        out[(plane * paddedRows + row) * paddedColumns + column] = Math.round(
          255 * (small.pixels[row * toColumns + column] ?? 0),
        );
      }
    }
  });
  return out;
}
