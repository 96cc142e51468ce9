/** The section of docs/benchmarks.md on how functions start. */
import { machine } from '../page.ts';
import { row, spread } from '../statistics.ts';
import type { MeasuredStart, StartTimes } from './measurements.ts';

export interface ImportMeasurements {
  readonly functions: readonly MeasuredStart[];
  readonly references: readonly MeasuredStart[];
  readonly repetitions: number;
  /** Tools whose models are not here. */
  readonly leftOut: readonly string[];
}

/** The section, as Markdown. */
export function describeImports({ functions, references, repetitions, leftOut }: ImportMeasurements): string {
  return `## How functions start

Each function's folder as it is deployed, imported in a fresh process without a network: CPU time (user and system) of the import,
wall time, and CPU time of the whole process when the import is over; ms, ${repetitions} repetitions: median (least–most). At the end of \`infer\`'s import
its model is loaded, its digest checked and the runtime's session made. "Code" is the scripts that are bundled, lazily loaded ones too.

${machine()}

| function | code, MB | CPU, ms | wanted, ms | wall, ms | process, CPU ms |
|---|---|---|---|---|---|
${functions.map(startRow).join('\n')}
${leftOut.length === 0 ? '' : `\nNot measured, since their models are not here: ${leftOut.join(', ')}.\n`}
For comparison:

| import of | code, MB | CPU, ms | wanted, ms | wall, ms | process, CPU ms |
|---|---|---|---|---|---|
${references.map(startRow).join('\n')}
`;
}

function startRow({ name, codeBytes, goalMs, times }: MeasuredStart): string {
  const shown = (value: keyof StartTimes): string =>
    spread(
      times.map((time) => time[value]),
      0,
    );
  return row(
    name,
    codeBytes === undefined ? '' : (codeBytes / 1e6).toFixed(1),
    shown('importMs'),
    goalMs === undefined ? '' : `≤ ${goalMs}`,
    shown('wallMs'),
    shown('processMs'),
  );
}
