import type { Command } from 'commander';
import { findDeployment } from '#files/deployment.ts';
import { readLocalEnvironment } from '#localstack/environment.ts';
import type { DeployedTools } from '#pipeline/ports.ts';
import { newestUpload, type Rerun, rerun } from '#pipeline/rerun.ts';
import { note, print, printJson, Unsuccessful, UsageError } from '../command.ts';
import { deploymentHelp } from '../deployment-help.ts';
import { runInWords } from '../run-in-words.ts';
import { notAmong } from '../suggest.ts';
import { explain, studyUid } from '../usage.ts';

interface RerunOptions {
  readonly tool?: string;
  readonly json?: true;
}

/** `hilum rerun`: the deployed tools are asked once more about a study's current upload. */
export function addRerunCommand(program: Command): void {
  const command = program
    .command('rerun')
    .description("run the deployed tools for a study's current upload again, where that can change anything")
    .argument('<study>', 'a StudyInstanceUID')
    .option('--tool <id>', 'only this tool (default: all that are deployed)')
    .option('--json', 'print an array with what was done for each tool')
    .action(rerunStudy);
  explain(command, {
    examples: ['hilum rerun 1.2.840.113619.2.1.1', 'hilum rerun 1.2.840.113619.2.1.1 --tool caries'],
    success: 'each tool is at work, or has answered already; a line for each tool says what was done',
    failure: 'the bucket has no upload of the study, or a tool cannot be reached',
    more: [
      'A tool that was updated since begins a new run, whose results replace the older. The same version has one result for the same\n' +
        'images, and computes nothing twice: what failed is tried anew, as `hilum redrive` does, and for what was delivered the PACS is\n' +
        'asked whether it still has it. `hilum deliver` stores it again. There is never a second current set of results.\n' +
        'If an older version of a tool was deployed again, its results take the place of the newer ones.',
      deploymentHelp('runsTable', 'bucket', 'queues', 'toolsParameter'),
    ],
  });
}

async function rerunStudy(text: string, { tool, json }: RerunOptions): Promise<void> {
  const study = studyUid(text, 'rerun');
  const parts = ['runsTable', 'bucket', 'queues', 'toolsParameter'] as const;
  const { runsTable: table, bucket, queues, toolsParameter } = findDeployment(readLocalEnvironment, parts);
  const { createS3ObjectStore } = await import('#adapters/aws/object-store.ts');
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const { createDynamoSetTable } = await import('#adapters/aws/set-table.ts');
  const { createDynamoWorkLedger } = await import('#adapters/aws/work-ledger.ts');
  const { createSsmDeployedTools } = await import('#adapters/aws/deployed-tools.ts');
  const { createSqsQueue } = await import('#adapters/aws/queue.ts');
  const versions = await wantedTools(createSsmDeployedTools({ parameter: toolsParameter }), tool);
  const objects = createS3ObjectStore({ bucket });
  const upload = await newestUpload(objects, study);
  if (upload === undefined) {
    note(
      `hilum: The bucket ${bucket} has no upload of the study ${study}. \`hilum edge resend ${study}\`, on the machine of the edge, ` +
        'sends it; the study may also be in another deployment (HILUM_BUCKET).',
    );
    throw new Unsuccessful();
  }
  const ports = {
    ...{ objects, runs: createDynamoRunStore({ table }), sets: createDynamoSetTable({ table }) },
    ledger: createDynamoWorkLedger({ table }),
    queueNamed: (name: string) => createSqsQueue({ url: `${queues}${name}` }),
  };
  const done = await rerun(ports, upload, versions);
  if (json === true) printJson(done.map((one) => shown(one, upload)));
  else {
    print(study);
    for (const one of done) print(`  ${one.tool} ${one.version}: ${rerunInWords(one)}`);
  }
  if (done.some(({ end }) => end === 'not-deployed')) throw new Unsuccessful();
}

/** @throws UsageError if the tool is not deployed */
async function wantedTools(deployed: DeployedTools, tool: string | undefined): Promise<ReadonlyMap<string, string>> {
  const versions = await deployed.versions();
  if (tool === undefined) return versions;
  const version = versions.get(tool);
  if (version === undefined) throw new UsageError(notAmong('deployed tool', tool, [...versions.keys()]));
  return new Map([[tool, version]]);
}

/** What was done for a tool, and what follows. */
export function rerunInWords(done: Rerun): string {
  if (done.end === 'new-run') return `a new run begins; the upload was sent to queue ${done.queue}`;
  const { runId, StudyInstanceUID: study } = done.run;
  const id = runId.slice(0, 8);
  const { sentence, because } = runInWords(done.run);
  const why = because === undefined ? '' : ` (${because.code})`;
  switch (done.end) {
    case 'tried-again':
      return `run ${id} had ended: ${sentence}${why}; it is tried anew, and was sent to queue ${done.queue}`;
    case 'routed-again':
      return `run ${id} has its result, which the table does not know any more; the upload was sent to queue ${done.queue}`;
    case 'looked-for':
      return (
        `run ${id} has its result, which stays what it is. The PACS is asked whether it still has it: \`hilum status ${study}\` ` +
        `says so, and \`hilum deliver ${id}\` stores it again`
      );
    case 'made-current':
      return `run ${id} has its result; it takes the place of another version's, and was sent to queue ${done.queue}`;
    case 'under-way':
      return `run ${id} is at work: ${sentence}${why}; nothing was sent`;
    case 'not-applicable':
      return `${sentence}${why}, and the same version would say so again; nothing was sent`;
    case 'withdrawn':
      return `run ${id} is withdrawn: ${sentence}; nothing was sent`;
    case 'superseded':
      return `run ${id} is superseded: the study has newer results of the tool; nothing was sent`;
    case 'not-deployed':
      return `run ${id} could not be sent: there is no queue ${done.queue}. The tool is not deployed completely, or HILUM_QUEUES names another deployment`;
  }
}

function shown(
  done: Rerun,
  { StudyInstanceUID, revision }: { readonly StudyInstanceUID: string; readonly revision: string },
) {
  const { tool, version, end } = done;
  return {
    ...{ StudyInstanceUID, revision, tool, version, rerun: end },
    ...('run' in done && { runId: done.run.runId, state: done.run.state }),
    ...('queue' in done && { queue: done.queue }),
    message: rerunInWords(done),
  };
}
