import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { lockFolder } from '#adapters/sqlite/lock.ts';
import { Journal, type JournalStudy, journalFile } from '#edge/journal.ts';
import { edgeFolder, localHome } from '#localstack/home.ts';
import { note, print, printJson, Unsuccessful, UsageError } from '../command.ts';
import { counted } from '../counted.ts';
import { explain, pointInTime, studyUid } from '../usage.ts';

interface ResendOptions {
  readonly since?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `hilum edge resend`: brings studies back that the bucket, the queues or the PACS lost, by sending them once more. */
export function addEdgeResendCommand(edge: Command): void {
  const command = edge
    .command('resend')
    .description('send studies to the bucket again, and start the pipeline for them, whatever was done before')
    .argument('[study]', 'a StudyInstanceUID')
    .option('--since <time>', 'all studies that the edge has noticed or finished since then')
    .option('--dry-run', 'only list the studies')
    .option('--json', 'print an array of studies')
    .action(resend);
  explain(command, {
    examples: [
      'hilum edge resend 1.2.840.113619.2.1.1',
      'hilum edge resend --since 2026-01-31',
      'hilum edge resend --since 2026-01-31T18:00Z --dry-run',
    ],
    success: 'the studies are queued, also if there are none since then',
    failure: 'no edge has worked in the folder, or its journal cannot be written',
    more: [
      'The studies are read from Orthanc again, judged again and put into the bucket again, also those that were left out. What the bucket ' +
        'still has is not uploaded twice, and a run that has ended is not repeated. A running edge begins within a second.',
      'HILUM_EDGE_FOLDER names the folder of the edge; without it, it is the one of the local environment.',
    ],
  });
}

function resend(study: string | undefined, { since, dryRun, json }: ResendOptions): void {
  if (study !== undefined && since !== undefined)
    throw new UsageError('resend takes a study or --since, not both of them');
  if (study === undefined && since === undefined)
    throw new UsageError(
      'resend takes a StudyInstanceUID, or --since with a time. For example: `hilum edge resend 1.2.3`',
    );
  const uid = study === undefined ? undefined : studyUid(study, 'resend');
  const from = since === undefined ? 0 : pointInTime(since, '--since');
  const folder = process.env['HILUM_EDGE_FOLDER'] || edgeFolder(localHome());
  if (!existsSync(journalFile(folder))) {
    note(`hilum: No edge has worked in ${folder}: HILUM_EDGE_FOLDER names the folder of the edge.`);
    throw new Unsuccessful();
  }
  const journal = new Journal(journalFile(folder));
  try {
    const found = uid === undefined ? journal.again.since(from) : journal.of(uid);
    const known = uid !== undefined && found.length === 0 ? [uid] : found;
    const chosen = known.map(shown);
    if (dryRun !== true)
      journal.again.resend(
        chosen.map(({ StudyInstanceUID }) => StudyInstanceUID),
        Date.now(),
      );
    if (json === true) printJson(chosen);
    else for (const line of lines(chosen)) print(line);
    const what = counted(chosen.length, 'study', 'studies');
    note(dryRun === true ? `${what} would be sent again.` : `${what} will be sent again.${whoDoes(folder)}`);
  } finally {
    journal.close();
  }
}

interface Chosen {
  readonly StudyInstanceUID: string;
  /** What became of it before; `unknown` if the journal does not know it. */
  readonly state: JournalStudy['state'] | 'unknown';
  readonly code?: string;
}

function shown(study: JournalStudy | string): Chosen {
  if (typeof study === 'string') return { StudyInstanceUID: study, state: 'unknown' };
  const { StudyInstanceUID, state, reason } = study;
  return { StudyInstanceUID, state, ...(reason && { code: reason.code }) };
}

const BEFORE: Readonly<Record<Chosen['state'], string>> = {
  seen: 'not forwarded yet',
  uploaded: 'forwarded before',
  skipped: 'left out before',
  unknown: 'not known yet; the edge will ask Orthanc for it',
};

const lines = (chosen: readonly Chosen[]): readonly string[] =>
  chosen.map(({ StudyInstanceUID, state, code }) => `${StudyInstanceUID}  ${BEFORE[state]}${code ? ` (${code})` : ''}`);

/** Says so if no edge is running, which alone would send them. */
function whoDoes(folder: string): string {
  const lock = lockFolder(folder);
  if (lock === undefined) return '';
  lock.release();
  return ` No edge works in ${folder} now: start it with \`hilum edge\`.`;
}
