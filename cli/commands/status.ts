import type { Command } from 'commander';
import type { Reason } from '#core/errors.ts';
import type { RunRecord, RunState } from '#core/ports.ts';
import { type JournalStudy, readJournal } from '#edge/journal.ts';
import { edgeFolder, localHome } from '#localstack/home.ts';
import { print, printJson } from '../command.ts';
import { findDeployment } from '../deployment.ts';
import { journalFile } from './edge.ts';

/** `hilum status`: every run, how far it is, and why it went no further; and what the edge has not brought that far. */
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
      const waiting = atTheEdge(study, runs);
      if (json === true) printJson([...runs, ...waiting]);
      else printStatus(runs, waiting);
    });
}

/** A study that is no run yet, because the edge left it out or has yet to forward it. */
interface StudyAtEdge {
  readonly StudyInstanceUID: string;
  readonly state: 'seen' | 'skipped';
  readonly reason?: Reason;
  readonly stages: { readonly seen: string; readonly skipped?: string };
}

/** What the journal of the edge on this machine knows beyond the runs; nothing where the edge runs elsewhere. */
function atTheEdge(study: string | undefined, runs: readonly RunRecord[]): readonly StudyAtEdge[] {
  const known = new Set(runs.map(({ StudyInstanceUID }) => StudyInstanceUID));
  const { HILUM_EDGE_FOLDER } = process.env;
  const journal = readJournal(journalFile({ folder: HILUM_EDGE_FOLDER ?? edgeFolder(localHome()) }));
  return journal
    .filter(({ StudyInstanceUID }) => study === undefined || StudyInstanceUID === study)
    .flatMap((entry) => (known.has(entry.StudyInstanceUID) ? [] : (waitingStudy(entry) ?? [])));
}

function waitingStudy({ StudyInstanceUID, state, reason, seenAt, settledAt }: JournalStudy): StudyAtEdge | undefined {
  if (state === 'uploaded') return undefined;
  const seen = new Date(seenAt).toISOString();
  const skipped = settledAt === undefined ? {} : { skipped: new Date(settledAt).toISOString() };
  return { StudyInstanceUID, state, ...(reason && { reason }), stages: { seen, ...skipped } };
}

/** What each state means, for people. */
const IN_WORDS: Readonly<Record<RunState | StudyAtEdge['state'], string>> = {
  seen: 'stable in Orthanc, the edge has yet to forward it',
  skipped: 'the edge left it out',
  received: 'the study arrived and is being routed',
  routed: 'waiting for the tool',
  inferred: 'the tool has answered, the answer is being converted to DICOM',
  converted: 'on its way to the PACS',
  delivered: 'its objects are in the PACS',
  'not-applicable': 'the tool does not take this study',
  rejected: 'the study could not be taken',
  failed: 'the run died',
};

function printStatus(runs: readonly RunRecord[], waiting: readonly StudyAtEdge[]): void {
  if (runs.length + waiting.length === 0) print('No runs yet.');
  for (const [study, members] of Map.groupBy(runs, ({ StudyInstanceUID }) => StudyInstanceUID)) {
    print(study);
    for (const run of members) {
      print(`  ${run.tool} ${run.version} (${run.lane}): ${run.state}, ${IN_WORDS[run.state]}`);
      if (run.summary !== undefined && run.summary !== run.reason?.message) print(`    ${run.summary}`);
      printReason(run.reason);
      print(`    ${timesOf(run)}`);
    }
  }
  for (const { StudyInstanceUID, state, reason } of waiting) {
    print(StudyInstanceUID);
    print(`  ${state}, ${IN_WORDS[state]}`);
    printReason(reason);
  }
}

function printReason(reason: Reason | undefined): void {
  if (reason !== undefined) print(`    because: ${reason.message} (${reason.code})`);
}

/** When each stage was reached: the first as a time of day, the others as seconds after it. */
function timesOf({ stages }: RunRecord): string {
  const times = Object.entries(stages).sort(([, a], [, b]) => (a < b ? -1 : 1));
  const start = Date.parse(times[0]?.[1] ?? '');
  return times
    .map(([state, time], index) =>
      index === 0 ? `${state} ${time}` : `${state} +${((Date.parse(time) - start) / 1000).toFixed(1)} s`,
    )
    .join(', ');
}
