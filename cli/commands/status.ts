import type { Command } from 'commander';
import type { RunRecord, RunState } from '#core/ports.ts';
import { print, printJson } from '../command.ts';
import { findDeployment } from '../deployment.ts';

/** `hilum status`: every run, how far it is, and why it went no further. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show runs: how far each is, why, and when')
    .argument('[study]', 'a StudyInstanceUID; all studies where it is left out')
    .option('--json', 'print an array of runs')
    .action(async (study: string | undefined, { json }: { json?: true }) => {
      const { runsTable } = findDeployment();
      const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
      const runs = await createDynamoRunStore({ table: runsTable }).list(
        study === undefined ? {} : { StudyInstanceUID: study },
      );
      if (json === true) printJson(runs);
      else printRuns(runs);
    });
}

/** What each state means, for people. */
const IN_WORDS: Readonly<Record<RunState, string>> = {
  received: 'the study arrived and is being routed',
  routed: 'waiting for the tool',
  inferred: 'the tool has answered, the answer is being converted to DICOM',
  converted: 'on its way to the PACS',
  delivered: 'its objects are in the PACS',
  'not-applicable': 'the tool does not take this study',
  rejected: 'the study could not be taken',
  failed: 'the run died',
};

function printRuns(runs: readonly RunRecord[]): void {
  if (runs.length === 0) print('No runs yet.');
  for (const [study, members] of Map.groupBy(runs, ({ StudyInstanceUID }) => StudyInstanceUID)) {
    print(study);
    for (const run of members) {
      print(`  ${run.tool} ${run.version} (${run.lane}): ${run.state}, ${IN_WORDS[run.state]}`);
      if (run.summary !== undefined) print(`    ${run.summary}`);
      if (run.reason !== undefined) print(`    because: ${run.reason.message} (${run.reason.code})`);
      print(`    ${timesOf(run)}`);
    }
  }
}

/** When each stage was reached: the first as a time of day, the others as seconds after it. */
function timesOf({ stages }: RunRecord): string {
  const times = Object.entries(stages).sort(([, a], [, b]) => (a < b ? -1 : 1));
  const start = Date.parse(times[0]?.[1] ?? '');
  return times
    .map(
      ([state, time], index) =>
        `${state} ${index === 0 ? time : `+${((Date.parse(time) - start) / 1000).toFixed(1)} s`}`,
    )
    .join(', ');
}
