import type { Command } from 'commander';
import { findDeployment } from '#files/deployment.ts';
import { readLocalEnvironment } from '#localstack/environment.ts';
import { type Redriven, redrive } from '#pipeline/redrive.ts';
import { jsonArray, note, print, Unsuccessful } from '../command.ts';
import { counted } from '../counted.ts';
import { deploymentHelp } from '../deployment-help.ts';
import { explain, pointInTime, studyUid } from '../usage.ts';

interface RedriveOptions {
  readonly cause?: string;
  readonly study?: string;
  readonly since?: string;
  readonly dryRun?: boolean;
  readonly json?: true;
}

/** `hilum redrive`: what was given up goes back to work. */
export function addRedriveCommand(program: Command): void {
  const command = program
    .command('redrive')
    .description('give failed runs back to work, at the step that gave them up')
    .option('--cause <code>', 'only runs with this reason, as `hilum status` shows it in brackets')
    .option('--study <uid>', 'only runs of this study')
    .option('--since <time>', 'only runs that ended since then, such as 2026-01-31 or 2026-01-31T18:00Z')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print an array of runs')
    .action(redriveRuns);
  explain(command, {
    examples: ['hilum redrive --dry-run', 'hilum redrive --cause archive-unavailable', 'hilum redrive --study 1.2.3'],
    success: 'the runs are at work again, or there was nothing to do',
    failure: 'a queue or the runs table cannot be used, or a run could not be sent',
    more: [
      'A run has its whole time again. Runs that are at work, or done, are left alone, so that the command can be repeated.\n' +
        'A study that was refused, and a result that the output gate refused, end the same way again until a new version is deployed.\n' +
        'They are left alone, unless --cause or --study names them.',
      deploymentHelp('runsTable', 'queues'),
    ],
  });
}

async function redriveRuns({ cause, study, since, dryRun = false, json }: RedriveOptions): Promise<void> {
  if (study !== undefined) studyUid(study, '--study');
  const sinceMs = since === undefined ? undefined : pointInTime(since, '--since');
  const { runsTable: table, queues } = findDeployment(readLocalEnvironment, ['runsTable', 'queues']);
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const { createDynamoWorkLedger } = await import('#adapters/aws/work-ledger.ts');
  const { createSqsQueue } = await import('#adapters/aws/queue.ts');
  const ports = {
    runs: createDynamoRunStore({ table }),
    ledger: createDynamoWorkLedger({ table }),
    queueNamed: (name: string) => createSqsQueue({ url: `${queues}${name}` }),
  };
  const query = {
    ...(cause !== undefined && { cause }),
    ...(study !== undefined && { StudyInstanceUID: study }),
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    dryRun,
  };
  const out = json === true ? jsonArray() : undefined;
  const counts = { sent: 0, hopeless: 0, 'not-deployed': 0 };
  try {
    for await (const done of redrive(ports, query)) {
      counts[done.end] += 1;
      if (out !== undefined) out.add(shown(done, dryRun));
      else if (done.end !== 'hopeless') printRun(done, dryRun);
    }
  } finally {
    out?.end();
  }
  const say = out === undefined ? print : note;
  say(`${counted(counts.sent, 'run')} ${dryRun ? 'would go' : counts.sent === 1 ? 'goes' : 'go'} back to work.`);
  if (counts.hopeless > 0)
    say(
      `${counted(counts.hopeless, 'run')} would end the same way again: name the cause (--cause) or the study (--study).`,
    );
  if (counts['not-deployed'] === 0) return;
  note(
    `hilum: ${counted(counts['not-deployed'], 'run')} could not be sent: the queue of the tool does not exist. The tool is not deployed ` +
      'any more, or HILUM_QUEUES names another deployment.',
  );
  throw new Unsuccessful();
}

const OUTCOMES = { hopeless: 'left-alone', 'not-deployed': 'not-deployed' } as const;

function shown(done: Redriven, dryRun: boolean): object {
  const { runId, StudyInstanceUID, tool, version, lane, state, reason } = done.run;
  return {
    ...{ runId, StudyInstanceUID, tool, version, lane, state },
    ...(reason && { reason }),
    ...(done.end === 'sent'
      ? { redrive: dryRun ? 'would-be-sent' : 'sent', step: done.step, answer: done.answer, queue: done.queue }
      : { redrive: OUTCOMES[done.end] }),
  };
}

function printRun(done: Exclude<Redriven, { readonly end: 'hopeless' }>, dryRun: boolean): void {
  const { StudyInstanceUID, tool, version, lane, state, reason } = done.run;
  const why = reason === undefined ? '' : ` (${reason.code})`;
  const then = done.end === 'not-deployed' ? 'not sent: there is no' : dryRun ? 'would be sent to' : 'sent to';
  print(`${StudyInstanceUID}: ${tool} ${version} (${lane}), ${state}${why}, ${then} queue ${done.queue}`);
}
