import type { Command } from 'commander';
import type { Reason } from '#core/errors.ts';
import { type JournalStudy, journalFile, type RefusedFile, readJournal } from '#edge/journal.ts';
import { findDeployment } from '#files/deployment.ts';
import { edgeFolder, localHome } from '#localstack/home.ts';
import { readLocalEnvironment } from '#localstack/local.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import type { RunState } from '#pipeline/run-state.ts';
import { print, printJson } from '../command.ts';

/** `hilum status`: every run, how far it is, and why it went no further; and what the edge has not brought that far. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show runs: how far each is, why, and when')
    .argument('[study]', 'a StudyInstanceUID; all studies where it is left out')
    .option('--json', 'print an array of runs')
    .action(async (study: string | undefined, { json }: { json?: true }) => {
      const { runsTable } = findDeployment(readLocalEnvironment);
      const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
      const runs = await allRuns(
        createDynamoRunStore({ table: runsTable }),
        study === undefined ? {} : { StudyInstanceUID: study },
      );
      const { HILUM_EDGE_FOLDER } = process.env;
      const studies = readJournal(journalFile(HILUM_EDGE_FOLDER ?? edgeFolder(localHome())));
      const journal = studies.filter(({ StudyInstanceUID }) => study === undefined || StudyInstanceUID === study);
      const shown = withRefusedFiles(runs, journal);
      const waiting = atTheEdge(journal, runs);
      if (json === true) printJson([...shown, ...waiting]);
      else printStatus(shown, waiting);
    });
}

/** Files of the study that the edge could not take, where there are any. */
interface WithRefused {
  readonly refused?: readonly RefusedFile[];
}

type ShownRun = RunRecord & WithRefused;

/** A study that is no run yet, because the edge left it out or has yet to forward it. */
interface StudyAtEdge extends WithRefused {
  readonly StudyInstanceUID: string;
  readonly state: 'seen' | 'skipped';
  readonly reason?: Reason;
  readonly stages: { readonly seen: string; readonly skipped?: string };
}

/** Runs, each with the files of its study that no tool got to see. */
function withRefusedFiles(runs: readonly RunRecord[], journal: readonly JournalStudy[]): readonly ShownRun[] {
  const byStudy = new Map(journal.map((entry) => [entry.StudyInstanceUID, refusedOf(entry)]));
  return runs.map((run) => ({ ...run, ...byStudy.get(run.StudyInstanceUID) }));
}

const refusedOf = ({ refused }: JournalStudy): WithRefused => (refused.length === 0 ? {} : { refused });

/** What the journal of the edge on this machine knows beyond the runs; nothing where the edge runs elsewhere. */
function atTheEdge(journal: readonly JournalStudy[], runs: readonly RunRecord[]): readonly StudyAtEdge[] {
  const known = new Set(runs.map(({ StudyInstanceUID }) => StudyInstanceUID));
  return journal.flatMap((entry) => (known.has(entry.StudyInstanceUID) ? [] : (waitingStudy(entry) ?? [])));
}

function waitingStudy(entry: JournalStudy): StudyAtEdge | undefined {
  const { StudyInstanceUID, state, reason, seenAt, settledAt } = entry;
  if (state === 'uploaded') return undefined;
  const seen = new Date(seenAt).toISOString();
  const skipped = settledAt === undefined ? {} : { skipped: new Date(settledAt).toISOString() };
  return { StudyInstanceUID, state, ...(reason && { reason }), stages: { seen, ...skipped }, ...refusedOf(entry) };
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
  rejected: 'it can give no result, however often it is tried',
  failed: 'the run died',
};

function printStatus(runs: readonly ShownRun[], waiting: readonly StudyAtEdge[]): void {
  if (runs.length + waiting.length === 0) print('No runs yet.');
  for (const [study, members] of Map.groupBy(runs, ({ StudyInstanceUID }) => StudyInstanceUID)) {
    print(study);
    for (const run of members) {
      print(`  ${run.tool} ${run.version} (${run.lane}): ${run.state}, ${IN_WORDS[run.state]}`);
      if (run.summary !== undefined && run.summary !== run.reason?.message) print(`    ${run.summary}`);
      printReason(run.reason);
      print(`    ${timesOf(run)}`);
    }
    printRefused(members[0]?.refused);
  }
  for (const { StudyInstanceUID, state, reason, refused } of waiting) {
    print(StudyInstanceUID);
    print(`  ${state}, ${IN_WORDS[state]}`);
    printReason(reason);
    printRefused(refused);
  }
}

/** `3 files refused: truncated (2), not-dicom (1)`, beside what became of the rest of the study. */
function printRefused(refused: readonly RefusedFile[] = []): void {
  if (refused.length === 0) return;
  const counts = [...Map.groupBy(refused, ({ reason }) => reason.code)].map(
    ([code, files]) => `${code} (${files.length})`,
  );
  print(`  ${refused.length} ${refused.length === 1 ? 'file' : 'files'} refused: ${counts.join(', ')}`);
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
