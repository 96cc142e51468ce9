import type { Command } from 'commander';
import { keyFile, passwordFile } from '#localstack/home.ts';
import { localDown, localStatus, localUp, type ServiceStatus } from '#localstack/local.ts';
import { note, print, printJson, Unsuccessful } from '../command.ts';
import { explain, type NumberRange, wholeNumber } from '../usage.ts';

interface UpOptions {
  readonly docker?: true;
  readonly stableAge?: string;
  readonly json?: true;
}

/** `hilum local up / down / status`: the local cloud and the local PACS, and the CDK app deployed on them. */
export function addLocalCommand(program: Command): void {
  const local = program.command('local').description('start, stop and check the local cloud and PACS');
  explain(local, { examples: ['hilum local up', 'hilum local status', 'hilum local down'] });
  const upCommand = local
    .command('up')
    .description('start PostgreSQL, Orthanc and the local cloud if they do not run yet, and deploy the app')
    .option('--docker', 'run PostgreSQL and Orthanc in Docker (localstack/compose.yaml)')
    .option('--stable-age <seconds>', 'how long Orthanc waits for further instances of a study')
    .option('--json', 'print one object for scripts')
    .action(up);
  explain(upCommand, {
    examples: ['hilum local up', 'HILUM_HOME=/srv/hilum hilum local up --stable-age 60'],
    failure: 'a part is not installed, does not start, or its folder cannot be written',
    more: ['Data, passwords and logs lie in the folder that HILUM_HOME names, else in .hilum of this clone.'],
  });
  const downCommand = local
    .command('down')
    .description('stop the local cloud and PACS; Orthanc keeps its studies')
    .option('--purge', 'also remove the studies in Orthanc, the passwords and the logs')
    .action(async ({ purge = false }: { purge?: boolean }) => {
      await localDown({ purge });
      note(purge ? 'stopped and removed' : 'stopped');
    });
  explain(downCommand, {
    examples: ['hilum local down', 'hilum local down --purge'],
    failure: 'a process cannot be stopped, or an edge uses the folder that is to be removed',
  });
  const statusCommand = local
    .command('status')
    .description('show whether each service runs and answers')
    .option('--json', 'print an array for scripts')
    .action(async ({ json }: { json?: true }) => {
      const services = await localStatus();
      if (json === true) printJson(services);
      else printServices(services);
      if (services.some(({ state }) => state !== 'running')) throw new Unsuccessful();
    });
  explain(statusCommand, {
    examples: ['hilum local status', 'hilum local status --json'],
    failure: 'a service does not run or does not answer',
  });
}

async function up({ docker, stableAge, json }: UpOptions): Promise<void> {
  const { home, endpoint, region, bucket, runsTable, orthanc } = await localUp({
    onProgress: note,
    ...(docker === undefined ? {} : { docker }),
    ...(stableAge === undefined ? {} : { stableAgeS: wholeNumber(stableAge, '--stable-age', STABLE_AGE) }),
  });
  // The password stays in a file that only its owner can read.
  const { url, dicomWebUrl, username } = orthanc;
  if (json === true) {
    printJson({ home, endpoint, region, bucket, runsTable, orthanc: { url, dicomWebUrl, username } });
    return;
  }
  print(`Orthanc      ${url} (user ${username}, password in ${passwordFile(home)})`);
  print(`local cloud  ${endpoint} (bucket ${bucket}, runs table ${runsTable}, access key in ${keyFile(home)})`);
}

const STABLE_AGE: NumberRange = { least: 1, most: 86_400, unit: 'seconds' };

function printServices(services: readonly ServiceStatus[]): void {
  for (const { service, state, port, pid } of services) {
    const where = [...(port === undefined ? [] : [`port ${port}`]), ...(pid === undefined ? [] : [`process ${pid}`])];
    print(`${service.padEnd(11)} ${state.padEnd(10)} ${where.join(', ')}`.trimEnd());
  }
}
