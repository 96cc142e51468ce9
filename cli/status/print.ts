/** Prints runs and studies at the edge for people. */
import type { Reason } from '#core/errors.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { print } from '../command.ts';
import { counted } from '../counted.ts';
import { runInWords } from '../run-in-words.ts';
import type { ShownRun, StudyAtEdge, WithRefused } from './at-edge.ts';
import { setInWords } from './sets.ts';

export function printRuns(runs: readonly ShownRun[]): void {
  for (const [study, members] of Map.groupBy(runs, ({ StudyInstanceUID }) => StudyInstanceUID)) {
    print(study);
    for (const run of members) {
      const { sentence, because } = runInWords(run);
      print(`  ${run.tool} ${run.version} (${run.lane}): ${run.state}, ${sentence}`);
      if (run.summary !== undefined && run.summary !== run.reason?.message) print(`    ${run.summary}`);
      printReason(because);
      if (run.state === 'failed' && run.gaveUp !== undefined)
        print(`    \`hilum redrive --study ${study}\` gives it back to work`);
      printSets(run);
      print(`    run ${run.runId}: ${timesOf(run)}`);
      if (run.redriven !== undefined) print(`    redriven at ${run.redriven}`);
    }
    printRefused(members[0]);
  }
}

/** A set is one conversion of the run's answer. */
function printSets({ sets = [] }: ShownRun): void {
  for (const set of sets)
    print(`    set ${set.setId.slice(0, 8)} (${set.answer}) of ${set.createdAt}: ${setInWords(set)}`);
}

/** What each state at the edge means, for people. */
const AT_EDGE: Readonly<Record<StudyAtEdge['state'], string>> = {
  seen: 'stable in Orthanc, not forwarded yet',
  skipped: 'the edge left it out',
  uploaded: 'forwarded by the edge, no run yet',
};

export function printAtEdge(study: StudyAtEdge): void {
  const { StudyInstanceUID, state, reason, attempts = 0, nextAttempt } = study;
  const failed = attempts === 0 ? '' : `; ${counted(attempts, 'attempt')} failed`;
  const next =
    nextAttempt === undefined ? '' : `; the next attempt is due at ${nextAttempt.slice(0, 16).replace('T', ' ')} UTC`;
  print(StudyInstanceUID);
  print(`  ${state}, ${AT_EDGE[state]}${failed}${next}`);
  printReason(reason);
  printRefused(study);
}

/** `3 files refused: truncated (2), not-dicom (1)` */
function printRefused({ refused = [], refusedSeries = [] }: WithRefused = {}): void {
  for (const { SeriesInstanceUID, reason } of refusedSeries) {
    print(`  the archive refuses series ${SeriesInstanceUID}`);
    printReason(reason);
  }
  if (refused.length === 0) return;
  const counts = [...Map.groupBy(refused, ({ reason }) => reason.code)].map(
    ([code, files]) => `${code} (${files.length})`,
  );
  print(`  ${counted(refused.length, 'file')} refused: ${counts.join(', ')}`);
}

function printReason(reason: Reason | undefined): void {
  if (reason !== undefined) print(`    because: ${reason.message} (${reason.code})`);
}

/** When each stage was reached: the first as a point in time, the others as seconds after it. */
function timesOf({ stages }: RunRecord): string {
  const times = Object.entries(stages).sort(([, a], [, b]) => (a < b ? -1 : 1));
  const start = Date.parse(times[0]?.[1] ?? '');
  return times
    .map(([state, time], index) =>
      index === 0 ? `${state} ${time}` : `${state} +${((Date.parse(time) - start) / 1000).toFixed(1)} s`,
    )
    .join(', ');
}
