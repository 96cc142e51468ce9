import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBucket, type LocalCloud, writeArchiveSecret } from '#adapters/aws/local-cloud.ts';
import { ConfigurationError } from '#core/errors.ts';
import { STACK_OUTPUTS } from '#pipeline/environment.ts';
import type { CloudEnvironment, OrthancEnvironment } from './home.ts';
import { ROOT } from './parts.mjs';

/** Settings of `infra/config.ts` in addition to those that a local cloud needs, e.g. `{ retryBaseS: '1' }`. */
export type DeployContext = Readonly<Record<string, string>>;

/** The sources of the deployed stack. If none of them changed, there is nothing to deploy. */
export const SOURCES = ['adapters', 'core', 'dicom', 'functions', 'infra', 'pipeline', 'cdk.json', 'package-lock.json'];
/** Sources below the folder that the setting `root` names. */
export const ROOT_SOURCES = ['tools', 'layers'];

/** Folders in the sources that are not deployed. */
const NOT_DEPLOYED = ['training', 'golden', '__pycache__'];

/** SHA-256 of the settings and of the paths and contents of all sources. */
export function sourcesDigest(context: DeployContext): string {
  const digest = createHash('sha256').update(JSON.stringify(Object.entries(context).sort()));
  const { root: folder = '.' } = context;
  const root = resolve(ROOT, folder);
  const folders = [...SOURCES.map((name) => join(ROOT, name)), ...ROOT_SOURCES.map((name) => join(root, name))];
  for (const path of folders.flatMap(filesUnder)) digest.update(`${path}\0`).update(readFileSync(path));
  return digest.digest('hex');
}

function filesUnder(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const names = readdirSync(path).filter((name) => !NOT_DEPLOYED.includes(name));
  return names.sort().flatMap((name) => filesUnder(join(path, name)));
}

/**
 * Synthesises the CDK app, with its functions as zip files. Returns whether the stack can be updated in place. It cannot if a
 * resource of the last deployment is gone: a local cloud may then delete a new resource that has taken over the name.
 *
 * @param home the folder for the assembly and the CDK's log
 * @throws ConfigurationError if the app cannot be synthesised; the message names the log
 */
export async function synthesise(home: string, cloud: LocalCloud, context: DeployContext): Promise<boolean> {
  const settings = Object.entries({ environment: 'local', ...context, assetsBucket: ASSETS_BUCKET });
  const arguments_ = settings.flatMap(([name, value]) => ['--context', `${name}=${value}`]);
  await cdk(home, cloud, ['synth', '--quiet', ...SILENTLY, '--output', join(home, 'cdk.out'), ...arguments_]);
  const record = join(home, DEPLOYED_RESOURCES);
  const before = existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as readonly string[]) : [];
  const now = new Set(resourcesIn(home));
  return before.every((resource) => now.has(resource));
}

/**
 * Deploys the assembly on a local cloud and reads the stack's outputs.
 *
 * @throws ConfigurationError if the deployment fails; the message names the log
 */
export async function deploy(home: string, cloud: LocalCloud): Promise<CloudEnvironment> {
  const outputsFile = join(home, 'cdk-outputs.json');
  await createBucket(cloud, ASSETS_BUCKET);
  const assembly = ['--app', join(home, 'cdk.out'), '--outputs-file', outputsFile];
  await cdk(home, cloud, ['deploy', '--all', ...assembly, '--require-approval', 'never', ...SILENTLY]);
  writeFileSync(join(home, DEPLOYED_RESOURCES), JSON.stringify(resourcesIn(home)));
  return { ...cloud, ...outputsOf(outputsFile) };
}

/** Together with the variables in `cdk`, these options switch off the CDK's own network calls: usage reports and notices. */
const SILENTLY = ['--no-notices', '--no-version-reporting'];
const ASSETS_BUCKET = 'hilum-assets';
const DEPLOYED_RESOURCES = 'deployed-resources.json';

/** Logical ids of all resources in the assembly's templates. */
function resourcesIn(home: string): readonly string[] {
  const folder = join(home, 'cdk.out');
  const templates = readdirSync(folder).filter((name) => name.endsWith('.template.json'));
  return templates.flatMap((name) => {
    const { Resources = {} } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly Resources?: object };
    return Object.keys(Resources);
  });
}

async function cdk(home: string, cloud: LocalCloud, args: readonly string[]): Promise<void> {
  const { endpoint, region, credentials } = cloud;
  const log = join(home, 'logs', 'deploy.log');
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/aws-cdk/bin/cdk'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), '/usr/local/bin', '/usr/bin', '/bin'].join(
        ':',
      ),
      HOME: home,
      LANG: 'C.UTF-8',
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: 'true',
    },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const file = createWriteStream(log, { flags: 'a', mode: 0o600 });
  const written = Promise.all([
    pipeline(child.stdout, file, { end: false }),
    pipeline(child.stderr, file, { end: false }),
  ]);
  const code = await ended;
  await written;
  file.end();
  if (code !== 0) throw new ConfigurationError(`the CDK app could not be deployed on the local cloud: see ${log}`);
}

/** The stack's outputs, by Hilum's names. */
function outputsOf(file: string): Omit<CloudEnvironment, keyof LocalCloud> {
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const outputs = Object.assign({}, ...Object.values(stacks)) as Readonly<Record<string, string>>;
  const output = (name: string): string => {
    const value = outputs[name];
    if (value === undefined) throw new ConfigurationError(`the deployed stack has no output ${name}`);
    return value;
  };
  return {
    bucket: output(STACK_OUTPUTS.bucket),
    runsTable: output(STACK_OUTPUTS.runsTable),
    queues: output(STACK_OUTPUTS.queueUrlBase),
    archiveSecret: output(STACK_OUTPUTS.archiveSecret),
    toolsParameter: output(STACK_OUTPUTS.toolsParameter),
  };
}

/**
 * Gives the deployed functions the address and the credentials of the PACS.
 *
 * @param orthanc `plainHttpHost`: the host of a container, as the functions see it
 */
export async function connect(
  cloud: CloudEnvironment,
  orthanc: OrthancEnvironment & { readonly plainHttpHost?: string | undefined },
): Promise<void> {
  const { dicomWebUrl, username, password, plainHttpHost } = orthanc;
  const url = dicomWebUrl.replace(/\/$/, '');
  // The functions may see Orthanc under another address than this process does.
  const root = /^(.+)\/dicom-web$/.exec(url)?.[1];
  await writeArchiveSecret(cloud, cloud.archiveSecret, {
    ...{ url, username, password, plainHttpHost },
    ...(root && { orthanc: root }),
  });
}
