/** The section of docs/benchmarks.md on models, memory and CPU. */
import { machine } from '../page.ts';
import { median, row, spread } from '../statistics.ts';
import type { ModelMeasurements, ModelTimes, RunTaken } from './measurements.ts';

/** The goals: at least `ratio` of Python's speed, at most `peakGb` of memory and `trunkCpuS` of CPU time. */
const GOALS = { ratio: 0.9, peakGb: 2, trunkCpuS: 20 } as const;

/** The section, as Markdown. */
export function describeModels({ models, runs, repetitions, versions }: ModelMeasurements): string {
  const [trunk, ...larger] = runs;
  return `## Models

${machine()}
${row('runtimes', `onnxruntime-node ${versions.hilum} in Hilum's engine, onnxruntime ${versions.python} in Python`)}

### Inference compared with Python

The models run on the inputs that their tools give them for phantoms, with the tool's number of threads. Every cell is a fresh process: one
run to warm up, then five runs or ten seconds, of which the median counts. Figures are the median (min–max) of ${repetitions} repetitions. Both
runtimes have the same settings, and the bench checks that their outputs agree. The ratio is Python's time divided by Hilum's in the same
repetition: above 1, Hilum is faster. The goal is at least ${GOALS.ratio}.

| model | phantom | input | threads | Hilum, ms | Python, ms | ratio | Hilum, peak MB | Python, peak MB |
|---|---|---|---|---|---|---|---|---|
${models.map(modelRow).join('\n')}

### \`hilum run\` on large CTs

\`hilum run --tool vertebral-fracture\` on an uncompressed CT phantom with slices of 512 × 512, from files to result objects: peak
resident memory (VmHWM) and CPU time of the whole process. The goals are at most ${GOALS.peakGb} GB on ${larger.map(({ slices }) => slices).join(', ')} slices and at most
${GOALS.trunkCpuS} s of CPU on a whole trunk (${trunk?.slices} slices).

| slices | answer | peak MB | CPU s |
|---|---|---|---|
${runs.map(runRow).join('\n')}
`;
}

function modelRow({ input, hilum, python }: ModelTimes): string {
  const ours = hilum.map(({ runMs }) => median(runMs));
  const theirs = python.map(({ runMs }) => median(runMs));
  const ratios = theirs.map((ms, index) => ms / (ours[index] ?? Number.NaN));
  const digits = median(ours) < 100 ? 1 : 0;
  return row(
    ...[input.model, input.phantom, input.shape, String(input.threads)],
    ...[spread(ours, digits), spread(theirs, digits), spread(ratios)],
    ...[hilum, python].map((cells) =>
      spread(
        cells.map(({ peakMb }) => peakMb),
        0,
      ),
    ),
  );
}

function runRow({ slices, answer, taken }: RunTaken): string {
  const peaks = taken.map(({ peakBytes }) => peakBytes / 1e6);
  const cpu = taken.map(({ cpuSeconds }) => cpuSeconds);
  return row(String(slices), answer, spread(peaks, 0), spread(cpu, 1));
}
