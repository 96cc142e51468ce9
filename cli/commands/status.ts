import type { Command } from 'commander';
import type { Reason } from '#core/errors.ts';
import { type JournalStudy, journalFile, type RefusedFile, type RefusedSeries, readJournal } from '#edge/journal.ts';
import { damagedJournals } from '#edge/journal-salvage.ts';
import { findRunsTable } from '#files/deployment.ts';
import { edgeFolder, localHome } from '#localstack/home.ts';
import { readLocalEnvironment } from '#localstack/local.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { note, print, printJson, Unsuccessful } from '../command.ts';
import { counted } from '../counted.ts';
import { runInWords } from '../run-in-words.ts';
import { explain, studyUid } from '../usage.ts';

/** `hilum status`: the state and the reason of every run, and the studies that are still at the edge. */
export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('show every run: its state, the reason and the times')
    .argument('[study]', 'a StudyInstanceUID (default: all studies)')
    .option('--json', 'print an array of runs')
    .action(status);
  explain(command, {
    examples: ['hilum status', 'hilum status 1.2.840.113619.2.1.1', 'HILUM_RUNS_TABLE=… AWS_REGION=… hilum status'],
    success: 'the runs are shown, even if there are none yet',
    failure: 'the study is not known, or the runs table cannot be read',
    more: [
      'Reads the runs table of the local cloud (`hilum local up`), or of the deployment that these variables name:\n' +
        "  HILUM_RUNS_TABLE   the stack's output RunsTableName\n" +
        '  AWS_REGION         its region; with AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n' +
        '  AWS_ENDPOINT_URL   the address of a cloud that is not AWS\n' +
        '  HILUM_EDGE_FOLDER  the folder of the edge on this machine, for studies that are not forwarded yet',
    ],
  });
}

async function status(study: string | undefined, { json }: { json?: true }): Promise<void> {
  if (study !== undefined) studyUid(study, 'status');
  const { runsTable, endpoint } = findRunsTable(readLocalEnvironment);
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const runs = await allRuns(
    createDynamoRunStore({ table: runsTable }),
    study === undefined ? {} : { StudyInstanceUID: study },
  );
  const folder = process.env['HILUM_EDGE_FOLDER'] || edgeFolder(localHome());
  const studies = readJournal(journalFile(folder));
  const journal = studies.filter(({ StudyInstanceUID }) => study === undefined || StudyInstanceUID === study);
  const shown = withRefusedFiles(runs, journal);
  const waiting = atTheEdge(journal, runs);
  const place = `the runs table ${runsTable} (${endpoint ?? process.env['AWS_REGION'] ?? 'AWS'})`;
  if (json === true) printJson([...shown, ...waiting]);
  else printStatus(shown, waiting);
  for (const file of damagedJournals(journalFile(folder)))
    note(
      `hilum: The edge's journal was damaged once and is restored. What was left of it is ${file}: remove it when you need it no more.`,
    );
  if (shown.length + waiting.length > 0) return;
  if (study === undefined) {
    if (json !== true) print(`No runs yet: ${place} is empty, and the edge's folder ${folder} has no study.`);
    return;
  }
  note(
    `hilum: The study ${study} is not known: neither ${place} nor the edge's folder ${folder} has it. It may not have been ` +
      'forwarded yet, or it is in another deployment (HILUM_RUNS_TABLE) or was forwarded by another edge (HILUM_EDGE_FOLDER).',
  );
  throw new Unsuccessful();
}

/** Files of the study that the edge refused, if any. */
interface WithRefused {
  readonly refused?: readonly RefusedFile[];
  readonly refusedSeries?: readonly RefusedSeries[];
}

type ShownRun = RunRecord & WithRefused;

/** A study without a run, because the edge left it out or has not forwarded it yet. */
interface StudyAtEdge extends WithRefused {
  readonly StudyInstanceUID: string;
  readonly state: 'seen' | 'skipped' | 'uploaded';
  readonly reason?: Reason;
  readonly stages: { readonly seen: string; readonly skipped?: string; readonly uploaded?: string };
}

/** Adds to each run the refused files of its study, which no tool has seen. */
function withRefusedFiles(runs: readonly RunRecord[], journal: readonly JournalStudy[]): readonly ShownRun[] {
  const byStudy = new Map(journal.map((entry) => [entry.StudyInstanceUID, refusedOf(entry)]));
  return runs.map((run) => ({ ...run, ...byStudy.get(run.StudyInstanceUID) }));
}

const refusedOf = ({ refused, refusedSeries }: JournalStudy): WithRefused => ({
  ...(refused.length > 0 && { refused }),
  ...(refusedSeries.length > 0 && { refusedSeries }),
});

/** Studies in the journal of this machine's edge that have no run. None if the edge runs on another machine. */
function atTheEdge(journal: readonly JournalStudy[], runs: readonly RunRecord[]): readonly StudyAtEdge[] {
  const known = new Set(runs.map(({ StudyInstanceUID }) => StudyInstanceUID));
  return journal.flatMap((entry) => (known.has(entry.StudyInstanceUID) ? [] : waitingStudy(entry)));
}

function waitingStudy(entry: JournalStudy): StudyAtEdge {
  const { StudyInstanceUID, state, reason, seenAt, settledAt } = entry;
  const seen = new Date(seenAt).toISOString();
  const settled = settledAt === undefined || state === 'seen' ? {} : { [state]: new Date(settledAt).toISOString() };
  return { StudyInstanceUID, state, ...(reason && { reason }), stages: { seen, ...settled }, ...refusedOf(entry) };
}

/** What each state at the edge means, for people. */
const AT_EDGE: Readonly<Record<StudyAtEdge['state'], string>> = {
  seen: 'stable in Orthanc, not forwarded yet',
  skipped: 'the edge left it out',
  uploaded: 'forwarded by the edge, no run yet',
};

function printStatus(runs: readonly ShownRun[], waiting: readonly StudyAtEdge[]): void {
  for (const [study, members] of Map.groupBy(runs, ({ StudyInstanceUID }) => StudyInstanceUID)) {
    print(study);
    for (const run of members) {
      const { sentence, because } = runInWords(run);
      print(`  ${run.tool} ${run.version} (${run.lane}): ${run.state}, ${sentence}`);
      if (run.summary !== undefined && run.summary !== run.reason?.message) print(`    ${run.summary}`);
      printReason(because);
      print(`    ${timesOf(run)}`);
    }
    printRefused(members[0]);
  }
  for (const study of waiting) {
    const { StudyInstanceUID, state, reason } = study;
    print(StudyInstanceUID);
    print(`  ${state}, ${AT_EDGE[state]}`);
    printReason(reason);
    printRefused(study);
  }
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
