/** The pipeline's section of docs/benchmarks.md. */
import { machine } from '../page.ts';
import { row, spread } from '../statistics.ts';
import type { FloorTimes } from './floor.ts';
import type { Usage } from './processes.ts';
import type { MeasuredRun, RunTimes } from './run.ts';

export interface BenchResult {
  readonly cold: readonly MeasuredRun[];
  readonly warm: readonly MeasuredRun[];
  readonly slices: number;
  readonly repetitions: number;
}

const STAGES: readonly (readonly [keyof RunTimes, string, string | undefined])[] = [
  ['forward', 'forward: notice, read by WADO-RS, upload, manifest', 'forwarder'],
  ['route', 'route', 'route'],
  ['infer', 'infer: start, load, tool, model', 'infer'],
  ['load', '· thereof loading the images', undefined],
  ['tool', '· thereof the tool without its model', undefined],
  ['model', '· thereof the model', undefined],
  ['convert', 'convert to DICOM', 'convert'],
  ['deliver', 'return: STOW, read back, listed by QIDO', 'return'],
];

const floorMs = ({ read, put, get, store }: FloorTimes): number => read + put + get + store;

/** The section, as Markdown. */
export function describeBench({ cold, warm, slices, repetitions }: BenchResult): string {
  const floors = [...cold, ...warm].map(({ floor }) => floor);
  const megabytes = (floors[0]?.bytes ?? 0) / 1e6;
  return `## A study from Orthanc to Orthanc

An uncompressed CT phantom of ${slices} slices of 512 × 512 (${megabytes.toFixed(0)} MB), measured from the moment when
Orthanc calls the study stable to the moment when Orthanc lists the results. The local cloud (MiniStack), a native Orthanc with
PostgreSQL and the edge run on one machine:

${machine()}

### Time

Wall time and CPU time (of the process of each stage) in seconds: median (min–max) of ${repetitions} repetitions. "Cold" is the
first study of a new environment, in which no function has started yet. "Warm" is the second study.

| stage | cold: wall | cold: CPU | warm: wall | warm: CPU |
|---|---|---|---|---|
${STAGES.map(([stage, title, process]) =>
  row(title, ...[cold, warm].flatMap((runs) => [times(runs, stage), cpu(runs, process)])),
).join('\n')}
${row('**total**', times(cold, 'total'), '', times(warm, 'total'), '')}
${row('total without the model', withoutModel(cold), '', withoutModel(warm), '')}
${row('floor of the same run', floorOf(cold), '', floorOf(warm), '')}
${row('**without the model ÷ floor**', ratio(cold), '', ratio(warm), '')}
${row('quiet time (StableAge), not included', times(cold, 'quiet'), '', times(warm, 'quiet'), '')}

The floor is the time for moving the same bytes without processing them, one step after the other, in a separate process: reading the
study by WADO-RS in one answer (${spread(floors.map(({ read }) => read / 1000))} s), a signed HTTP PUT through the guard (${spread(floors.map(({ put }) => put / 1000))} s) and a GET (${spread(floors.map(({ get }) => get / 1000))} s) of
its bytes in pieces of 16 MB, and one STOW-RS of the run's results (${spread(
    floors.map(({ store }) => store / 1000),
    3,
  )} s), which were removed from Orthanc before.

### Memory and CPU by process

Peak resident memory (VmHWM) and CPU time during a run.

| process | cold: peak MB | cold: CPU s | warm: peak MB | warm: CPU s |
|---|---|---|---|---|
${processes(cold)
  .map((name) => row(name, ...[cold, warm].flatMap((runs) => [peak(runs, name), cpu(runs, name)])))
  .join('\n')}
`;
}

const times = (runs: readonly MeasuredRun[], stage: keyof RunTimes): string =>
  spread(runs.map((run) => run.times[stage] / 1000));

const withoutModel = (runs: readonly MeasuredRun[]): string =>
  spread(runs.map((run) => (run.times.total - run.times.model) / 1000));

const floorOf = (runs: readonly MeasuredRun[]): string => spread(runs.map((run) => floorMs(run.floor) / 1000));

const ratio = (runs: readonly MeasuredRun[]): string =>
  spread(runs.map((run) => (run.times.total - run.times.model) / floorMs(run.floor)));

const usages = (runs: readonly MeasuredRun[], name: string): readonly Usage[] =>
  runs.flatMap((run) => run.usage.get(name) ?? []);

const cpu = (runs: readonly MeasuredRun[], name: string | undefined): string =>
  name === undefined ? '' : spread(usages(runs, name).map(({ cpuS }) => cpuS));

const peak = (runs: readonly MeasuredRun[], name: string): string =>
  spread(
    usages(runs, name).map(({ peakMb }) => peakMb),
    0,
  );

const processes = (runs: readonly MeasuredRun[]): readonly string[] =>
  [...new Set(runs.flatMap((run) => [...run.usage.keys()]))].sort();
