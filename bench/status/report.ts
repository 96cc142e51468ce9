/** The section of docs/benchmarks.md on `hilum status`. */
import { machine } from '../page.ts';
import { row, spread } from '../statistics.ts';

export interface StatusMeasurement {
  readonly runs: number;
  readonly words: string;
  /** Requests to the table. */
  readonly requests: number;
  readonly times: readonly { readonly wallS: number; readonly cpuS: number; readonly peakMb: number }[];
}

export interface StatusMeasurements {
  readonly measured: readonly StatusMeasurement[];
  readonly repetitions: number;
  readonly studiesAtEdge: number;
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** The section, as Markdown. */
export function describeStatus({ measured, repetitions, studiesAtEdge, load }: StatusMeasurements): string {
  return `## The status of many runs

\`hilum status\` on a runs table of 200 and of 200,000 runs, beside an edge whose journal has ${studiesAtEdge} studies (20 beside 200 runs). Wall time, CPU time and the peak of resident memory are those of
the whole process, its start included: median (min–max) of ${repetitions} repetitions. The table is a server on the same machine that answers queries as DynamoDB does. The goals are 1 s and 150 MB.
The load average was ${load.toFixed(1)}: where it is above the number of processors, wall time is for the larger part the time that other programs took.

${machine()}

| runs | question | requests | wall, s | CPU, s | peak, MB |
|---|---|---|---|---|---|
${measured.map(rowOf).join('\n')}
`;
}

function rowOf({ runs, words, requests, times }: StatusMeasurement): string {
  const shown = (value: 'wallS' | 'cpuS' | 'peakMb', digits: number): string =>
    spread(
      times.map((time) => time[value]),
      digits,
    );
  return row(String(runs), words, String(requests), shown('wallS', 2), shown('cpuS', 2), shown('peakMb', 0));
}
