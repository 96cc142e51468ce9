/** One cell: Hilum's engine runs a model. `infer-hilum.ts MODEL SPEC THREADS RUNS` prints `InferenceTimes`. */
import { readFileSync } from 'node:fs';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import type { ExpectedShape } from '#core/ports.ts';
import { places } from '../../test/fixtures/models.ts';
import { peakMb } from '../dicom/peak.ts';

export interface InferenceTimes {
  /** The time of each run after the first, ms. */
  readonly runMs: readonly number[];
  /** The mean of all output values and of their squares, by which the runtimes' outputs are compared. */
  readonly mean: number;
  readonly power: number;
  readonly peakMb: number;
}

const ENOUGH_MS = 10_000;
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const [model = '', spec = '', threads = '1', runs = '1'] = process.argv.slice(2);
const { inputs: listed, expected } = JSON.parse(readFileSync(spec, 'utf8')) as {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly file: string }[];
  readonly expected: Readonly<Record<string, ExpectedShape>>;
};
const inputs = Object.fromEntries(
  listed.map(({ name, shape, file }) => {
    const bytes = readFileSync(file);
    return [name, { shape, data: new Float32Array(new Uint8Array(bytes).buffer) }];
  }),
);
const engine = createOnnxEngine({ ...places, threads: Number(threads) });
const outputs = Object.values(await engine.run(model, inputs, expected));
const runMs: number[] = [];
// Limits the total time, because a large model takes seconds per run.
for (let run = 0; run < Number(runs) && sumOf(runMs) < ENOUGH_MS; run += 1) {
  const start = performance.now();
  await engine.run(model, inputs, expected);
  runMs.push(performance.now() - start);
}
let [sum, power, count] = [0, 0, 0];
for (const { data } of outputs) {
  for (const value of data) {
    sum += value;
    power += value * value;
  }
  count += data.length;
}
const times: InferenceTimes = { runMs, mean: sum / count, power: power / count, peakMb: peakMb() };
console.log(JSON.stringify(times));
