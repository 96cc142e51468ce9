import type { Command } from 'commander';
import { findDeployment } from '#files/deployment.ts';
import { readLocalEnvironment } from '#localstack/environment.ts';
import { type DeliveredAgain, deliverAgain } from '#pipeline/deliver-again.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { note, print, printJson, Unsuccessful } from '../command.ts';
import { deploymentHelp } from '../deployment-help.ts';
import { namedRun, runIdText } from '../named-run.ts';
import { runInWords } from '../run-in-words.ts';
import { explain } from '../usage.ts';

/** `hilum deliver`: a run's results are stored in the PACS again, as far as it does not have them. */
export function addDeliverCommand(program: Command): void {
  const command = program
    .command('deliver')
    .description("store a run's results again, where the PACS does not have them any more")
    .argument('<run>', "the run's id, or its first characters; `hilum status STUDY` shows it")
    .option('--json', 'print an object')
    .action(deliver);
  explain(command, {
    examples: ['hilum deliver 3f2a9c04', 'hilum deliver 3f2a9c04d1e85b7796a0c4e2f8b13d57 --json'],
    success: 'the results are on their way to the PACS; `hilum status STUDY` says when they are there',
    failure:
      'there is no such run, it has no results to deliver, they are not the current ones, or their images are gone',
    more: [
      'Only the current results of a study are stored, the same objects under the same UIDs. What the PACS still has is left as it is.\n' +
        'As always, the PACS is asked for the images first: without them nothing is stored, and for another patient the results are made again.',
      deploymentHelp('runsTable', 'queues'),
    ],
  });
}

async function deliver(text: string, { json }: { readonly json?: true }): Promise<void> {
  const runId = runIdText(text, 'deliver');
  const { runsTable: table, queues } = findDeployment(readLocalEnvironment, ['runsTable', 'queues']);
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const { createDynamoSetTable } = await import('#adapters/aws/set-table.ts');
  const { createDynamoWorkLedger } = await import('#adapters/aws/work-ledger.ts');
  const { createSqsQueue } = await import('#adapters/aws/queue.ts');
  const run = await namedRun(createDynamoRunStore({ table }), runId, table);
  const done = await deliverAgain(
    {
      sets: createDynamoSetTable({ table }),
      ledger: createDynamoWorkLedger({ table }),
      queueNamed: (name) => createSqsQueue({ url: `${queues}${name}` }),
    },
    run,
  );
  const sentence = deliveryInWords(run, done);
  if (json === true) printJson(shown(run, done, sentence));
  else if (done.kind === 'again')
    print(`${run.StudyInstanceUID}: ${run.tool} ${run.version} (${run.lane}): ${sentence}`);
  if (done.kind === 'again') return;
  if (json !== true) note(`hilum: ${sentence}`);
  throw new Unsuccessful();
}

/** What became of the request, and what to do instead if nothing is stored. */
export function deliveryInWords(run: RunRecord, done: DeliveredAgain): string {
  const { runId, StudyInstanceUID: study, tool } = run;
  switch (done.kind) {
    case 'again':
      return (
        `${done.was === 'converted' || done.was === 'storing' ? 'its results were on their way already; they were' : 'its results were'} ` +
        `sent to queue ${done.queue}; what the PACS does not have of them is stored. \`hilum status ${study}\` shows it.`
      );
    case 'withdrawn':
      return (
        `Nothing is stored: the PACS does not have the images of run ${runId} any more. If they come back, so do the results; ` +
        `\`hilum edge resend ${study}\`, on the machine of the edge, hurries that.`
      );
    case 'superseded':
      return (
        `Nothing is stored: run ${done.by.runId} gives the study's current results of ${tool}. ` +
        `\`hilum deliver ${done.by.runId}\` stores those again.`
      );
    case 'outrun':
      return (
        `Nothing is stored: a newer upload of the study is on its way, as run ${done.by.runId}, whose results replace these. ` +
        `\`hilum status ${study}\` shows it.`
      );
    case 'older':
      return `Nothing is stored: the run was recorded by an older version. \`hilum rerun ${study} --tool ${tool}\` looks at the study again.`;
    case 'none':
      return `Nothing is stored: ${withoutAnswer(run)}`;
  }
}

/** Why a run has nothing that could be delivered. */
function withoutAnswer(run: RunRecord): string {
  const { StudyInstanceUID: study, tool, state } = run;
  const { sentence, because } = runInWords(run);
  const why = because === undefined ? '' : ` (${because.code})`;
  if (state === 'rejected' || state === 'failed')
    return `the run has no answer: ${sentence}${why}. \`hilum redrive --study ${study}\` gives it back to work.`;
  if (state === 'superseded') return `${sentence}. \`hilum status ${study}\` shows which.`;
  if (state === 'delivered' || state === 'missing' || state === 'withdrawn')
    return `the table does not know the run's results any more. \`hilum rerun ${study} --tool ${tool}\` finds them again.`;
  return `the run has no answer that is converted: ${sentence}${why}. \`hilum status ${study}\` shows it.`;
}

function shown(run: RunRecord, done: DeliveredAgain, message: string): object {
  const { runId, StudyInstanceUID, tool, version, lane, state } = run;
  return {
    ...{ runId, StudyInstanceUID, tool, version, lane, state },
    deliver: done.kind === 'again' ? 'sent' : done.kind,
    ...(done.kind === 'again' && { set: done.set.setId, answer: done.set.answer, was: done.was, queue: done.queue }),
    ...((done.kind === 'superseded' || done.kind === 'outrun') && { by: done.by.runId }),
    message,
  };
}
