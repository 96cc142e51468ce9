/** The section of docs/benchmarks.md on models, memory and CPU. */
import { machine } from '../page.ts';
import { median, row, spread } from '../statistics.ts';
import type { ModelMeasurements, ModelTimes, RunTaken } from './measurements.ts';

/** What is wanted: at least so much of Python's speed, and at most so much memory and CPU time. */
const GOALS = { ratio: 0.9, peakGb: 2, trunkCpuS: 20 } as const;

/** The section, as Markdown. */
export function describeModels({ models, runs, repetitions, versions }: ModelMeasurements): string {
  const [trunk, ...larger] = runs;
  return `## Models

${machine()}
${row('runtimes', `onnxruntime-node ${versions.hilum} in Hilum's engine, onnxruntime ${versions.python} in Python`)}

### Inference beside Python

The committed models on what their tools give them on phantoms, with the threads that the tool has. Every cell is a fresh process that
runs once to warm up and then five times, or for ten seconds; a repetition's cell is the median of those, ${repetitions} repetitions: median (least–most). Both
runtimes have the same settings, and their outputs are compared. The ratio is Python's time over Hilum's in the same
repetition: above 1 Hilum is faster. Wanted is at least ${GOALS.ratio}.

| model | phantom | input | threads | Hilum, ms | Python, ms | ratio | Hilum, peak MB | Python, peak MB |
|---|---|---|---|---|---|---|---|---|
${models.map(modelRow).join('\n')}

### \`hilum run\` on large CTs

A CT phantom of 512 × 512 slices, uncompressed, through \`hilum run --tool vertebral-fracture\`, from files to result objects; peak
resident memory (VmHWM) and CPU time of the whole process. Wanted are at most ${GOALS.peakGb} GB on ${larger.map(({ slices }) => slices).join(', ')} slices and at most
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
