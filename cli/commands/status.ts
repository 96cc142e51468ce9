import type { Command } from 'commander';
import { type Journal, journalFile, readJournal } from '#edge/journal.ts';
import { damagedJournals } from '#edge/journal-salvage.ts';
import { findRunsTable } from '#files/deployment.ts';
import { readLocalEnvironment } from '#localstack/environment.ts';
import { edgeFolder, localHome } from '#localstack/home.ts';
import { jsonArray, note, print, Unsuccessful } from '../command.ts';
import { STATES, type StatusOptions, statusQuery } from '../status/query.ts';
import { showStatus } from '../status/show.ts';
import { explain } from '../usage.ts';

/** `hilum status`: the state and the reason of runs, and the studies that are still at the edge. */
export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('show runs: their state, the reason and the times')
    .argument('[study]', 'a StudyInstanceUID (default: all studies, the latest change first)')
    .option('--state <states>', `only these, with commas or repeated: ${STATES.join(', ')}`, anotherState)
    .option('--since <time>', 'only what entered its state since then, such as 2026-01-31 or 2026-01-31T18:00Z')
    .option('--limit <number>', 'the most runs to show (default: 50; all of a study)')
    .option('--after <place>', 'continues after a page, at the place that the page names at its end')
    .option('--json', 'print an array of runs')
    .action(status);
  explain(command, {
    examples: [
      'hilum status',
      'hilum status 1.2.840.113619.2.1.1',
      'hilum status --state failed,rejected --since 2026-01-31 --limit 500',
      'HILUM_RUNS_TABLE=… AWS_REGION=… hilum status',
    ],
    success: 'the runs are shown, even if there are none yet',
    failure: 'the study is not known, or the runs table cannot be read',
    more: [
      'The last three states are those of studies at the edge of this machine: seen (they wait), skipped (left out), and uploaded\n' +
        '(without a run yet). The newest of each are shown, as many as --limit says.',
      'Reads the runs table of the local cloud (`hilum local up`), or of the deployment that these variables name:\n' +
        "  HILUM_RUNS_TABLE   the stack's output RunsTableName\n" +
        '  AWS_REGION         its region; with AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n' +
        '  AWS_ENDPOINT_URL   the address of a cloud that is not AWS\n' +
        '  HILUM_EDGE_FOLDER  the folder of the edge on this machine, for studies that are not forwarded yet',
    ],
  });
}

const anotherState = (list: string, earlier: readonly string[] = []): readonly string[] => [
  ...earlier,
  ...list.split(','),
];

async function status(study: string | undefined, options: StatusOptions): Promise<void> {
  const query = statusQuery(study, options);
  const { runsTable, endpoint } = findRunsTable(readLocalEnvironment);
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const { createDynamoSetTable } = await import('#adapters/aws/set-table.ts');
  const tables = { runs: createDynamoRunStore({ table: runsTable }), sets: createDynamoSetTable({ table: runsTable }) };
  const folder = process.env['HILUM_EDGE_FOLDER'] || edgeFolder(localHome());
  const out = options.json === true ? jsonArray() : undefined;
  const shown = async (journal?: Journal) => await showStatus(tables, journal, query, out);
  const file = journalFile(folder);
  const { count, hints } = (await readJournal(file, shown)) ?? (await shown());
  out?.end();
  for (const hint of hints) note(hint);
  for (const damaged of damagedJournals(file))
    note(
      `hilum: The edge's journal was damaged once and is restored. What was left of it is ${damaged}: remove it when you need it no more.`,
    );
  if (count > 0) return;
  const place = `the runs table ${runsTable} (${endpoint ?? process.env['AWS_REGION'] ?? 'AWS'})`;
  if (study === undefined) {
    const isFiltered = options.state !== undefined || options.since !== undefined || options.after !== undefined;
    if (options.json === true) return;
    if (isFiltered) print(`Nothing found in ${place}, nor in the edge's folder ${folder}.`);
    else print(`No runs yet: ${place} is empty, and the edge's folder ${folder} has no study.`);
    return;
  }
  note(
    `hilum: The study ${study} is not known: neither ${place} nor the edge's folder ${folder} has it. It may not have been ` +
      'forwarded yet, or it is in another deployment (HILUM_RUNS_TABLE) or was forwarded by another edge (HILUM_EDGE_FOLDER).',
  );
  throw new Unsuccessful();
}
