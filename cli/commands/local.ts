import type { Command } from 'commander';
import { keyFile } from '#localstack/home.ts';
import { localDown, localStatus, localUp, type ServiceStatus } from '#localstack/local.ts';
import { note, print, printJson, Unsuccessful, UsageError } from '../command.ts';

interface UpOptions {
  readonly docker?: true;
  readonly stableAge?: string;
  readonly json?: true;
}

/** `hilum local up / down / status`: the local cloud and the local PACS, and the CDK app deployed on them. */
export function addLocalCommand(program: Command): void {
  const local = program.command('local').description('the local cloud and PACS');
  local
    .command('up')
    .description('start PostgreSQL, Orthanc and the local cloud, and deploy the app; what runs is left alone')
    .option('--docker', 'PostgreSQL and Orthanc from localstack/compose.yaml')
    .option('--stable-age <seconds>', 'how long Orthanc waits for further instances of a study')
    .option('--json', 'print one object for scripts')
    .action(up);
  local
    .command('down')
    .description('stop them; what Orthanc holds stays')
    .option('--purge', 'remove what Orthanc holds, the passwords and the logs too')
    .action(async ({ purge = false }: { purge?: boolean }) => {
      await localDown({ purge });
      note(purge ? 'stopped and removed' : 'stopped');
    });
  local
    .command('status')
    .description('whether each service runs and answers; exit code 1 where one does not')
    .option('--json', 'print an array for scripts')
    .action(async ({ json }: { json?: true }) => {
      const services = await localStatus();
      if (json === true) printJson(services);
      else printServices(services);
      if (services.some(({ state }) => state !== 'running')) throw new Unsuccessful();
    });
}

async function up({ docker, stableAge, json }: UpOptions): Promise<void> {
  const { home, endpoint, region, bucket, runsTable, orthanc } = await localUp({
    onProgress: note,
    ...(docker === undefined ? {} : { docker }),
    ...(stableAge === undefined ? {} : { stableAgeS: wholeSeconds(stableAge) }),
  });
  // The password stays in local.json, which only its owner can read.
  const { url, dicomWebUrl, username } = orthanc;
  if (json === true) {
    printJson({ home, endpoint, region, bucket, runsTable, orthanc: { url, dicomWebUrl, username } });
    return;
  }
  print(`Orthanc      ${url} (user ${username}, password in ${home}/local.json)`);
  print(`local cloud  ${endpoint} (bucket ${bucket}, runs table ${runsTable}, access key in ${keyFile(home)})`);
}

function wholeSeconds(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new UsageError(`--stable-age takes whole seconds above 0, not ${text}`);
  return Number(text);
}

function printServices(services: readonly ServiceStatus[]): void {
  for (const { service, state, port, pid } of services) {
    const where = [...(port === undefined ? [] : [`port ${port}`]), ...(pid === undefined ? [] : [`process ${pid}`])];
    print(`${service.padEnd(11)} ${state.padEnd(10)} ${where.join(', ')}`.trimEnd());
  }
}
