/** The section of docs/benchmarks.md on how functions start. */
import { machine } from '../page.ts';
import { row, spread } from '../statistics.ts';
import type { MeasuredStart, StartTimes } from './measurements.ts';

export interface ImportMeasurements {
  readonly functions: readonly MeasuredStart[];
  readonly references: readonly MeasuredStart[];
  readonly repetitions: number;
  /** Tools whose models are not on this machine. */
  readonly leftOut: readonly string[];
}

/** The section, as Markdown. */
export function describeImports({ functions, references, repetitions, leftOut }: ImportMeasurements): string {
  return `## Start-up of the functions

Each function's folder is imported as it is deployed, in a fresh process without a network. The table shows CPU time (user and system) and
wall time of the import, and CPU time of the whole process at the end of the import, in ms: median (min–max) of ${repetitions} repetitions. The import of
\`infer\` includes loading its model, checking its digest and creating the runtime's session. "Code" is the size of the bundled scripts, including lazily loaded ones.

${machine()}

| function | code, MB | CPU, ms | goal, ms | wall, ms | process, CPU ms |
|---|---|---|---|---|---|
${functions.map(startRow).join('\n')}
${leftOut.length === 0 ? '' : `\nNot measured, because their models are not on this machine: ${leftOut.join(', ')}.\n`}
For comparison:

| import of | code, MB | CPU, ms | goal, ms | wall, ms | process, CPU ms |
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
