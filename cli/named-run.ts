/** The run that a command's argument names. */
import { findRuns } from '#pipeline/find-run.ts';
import type { RunRecord, RunStore } from '#pipeline/ports.ts';
import { note, Unsuccessful, UsageError } from './command.ts';

const LEAST = 6;

/**
 * @throws UsageError if the text cannot be the beginning of a run's id
 */
export function runIdText(text: string, command: string): string {
  if (/^[0-9a-f]{6,32}$/.test(text)) return text;
  const why =
    text.length > 32
      ? `it has ${text.length} characters, and an id 32`
      : /^[0-9a-f]*$/.test(text)
        ? `it needs at least its first ${LEAST} characters`
        : 'an id consists of the digits 0 to 9 and a to f';
  throw new UsageError(
    `${command} takes the id of a run, not ${text.slice(0, 80) || "''"}: ${why}. \`hilum status STUDY\` shows the runs of a study with their ids`,
  );
}

/**
 * @param text of `runIdText`
 * @throws Unsuccessful if there is no such run, or more than one; it has said so
 */
export async function namedRun(runs: Pick<RunStore, 'get' | 'list'>, text: string, table: string): Promise<RunRecord> {
  const [run, ...others] = await findRuns(runs, text);
  if (run !== undefined && others.length === 0) return run;
  if (run === undefined)
    note(
      `hilum: The runs table ${table} has no run ${text}${text.length < 32 ? '…' : ''}. \`hilum status\` lists the runs with their ids; ` +
        'the run may be in another deployment (HILUM_RUNS_TABLE).',
    );
  else {
    note(`hilum: Several runs begin with ${text}. Name more characters of one:`);
    for (const { runId, tool, version, StudyInstanceUID } of [run, ...others])
      note(`  ${runId}  ${tool} ${version}, study ${StudyInstanceUID}`);
  }
  throw new Unsuccessful();
}
