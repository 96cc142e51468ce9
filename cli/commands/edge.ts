import type { Command } from 'commander';
import type { EdgeConfig } from '#edge/config.ts';
import { useLocalCloud } from '#files/deployment.ts';
import { note, root } from '../command.ts';
import { explain } from '../usage.ts';

/** `hilum edge`: the forwarder beside the PACS, as a service. */
export function addEdgeCommand(program: Command): void {
  const command = program
    .command('edge')
    .description('forward studies from Orthanc to the bucket until stopped (SIGTERM, Ctrl-C)')
    .option('--config <file>', 'settings as JSON; environment variables of the same names come first')
    .action(runEdge);
  explain(command, {
    examples: ['hilum edge --config /etc/hilum/edge.json', 'HILUM_EDGE_START=all hilum edge'],
    success: 'the edge was stopped',
    failure: 'a setting is missing or wrong, the folder cannot be written, or another edge works in it',
    more: [
      'edge/README.md lists the settings. Without settings, the edge uses the local environment of `hilum local up`.',
    ],
  });
}

async function runEdge({ config: file }: { readonly config?: string }): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const config = await findConfig(file);
  const [{ createDicomWebClient }, { createOrthancClient }, aws, { loadCatalog }, edge] = await Promise.all([
    import('#adapters/dicomweb/client.ts'),
    import('#adapters/orthanc/client.ts'),
    loadAws(),
    import('#adapters/catalog/catalog.ts'),
    loadEdge(),
  ]);
  const { url, dicomWebUrl, ...account } = config.orthanc;
  const access = { ...account, signal: stop.signal };
  const { journal, spoolFolder, close } = edge.openEdgeFolder(config.folder);
  const isWatched = process.stderr.isTTY;
  if (isWatched) for (const line of describe(config)) note(line);
  const forwarder = edge.createForwarder({
    ...config,
    archive: createDicomWebClient({ url: dicomWebUrl, ...access }),
    orthanc: createOrthancClient({ url, ...access }),
    store: aws.createS3ObjectStore({ bucket: config.bucket }),
    deployed: aws.createSsmDeployedTools({ parameter: config.toolsParameter }),
    catalog: await loadCatalog(root),
    journal,
    clock: Date,
    log: isWatched
      ? edge.createLogForPeople(Date, note)
      : edge.createLog(Date, (line) => process.stderr.write(`${line}\n`)),
    spoolFolder,
  });
  try {
    await forwarder.run(stop.signal);
  } finally {
    close();
  }
}

/** The lines that a person sees at the start. */
function describe({ orthanc, bucket, lane, folder }: EdgeConfig): readonly string[] {
  return [
    `Orthanc  ${orthanc.url} (user ${orthanc.username})`,
    `bucket   ${bucket} (lane ${lane})`,
    `journal  ${folder}`,
    'A study is forwarded once it is stable in Orthanc, if a deployed tool takes it.',
    '`hilum status` says how far each study is. Ctrl-C ends the edge.',
  ];
}

async function loadAws() {
  const [{ createS3ObjectStore }, { createSsmDeployedTools }] = await Promise.all([
    import('#adapters/aws/object-store.ts'),
    import('#adapters/aws/deployed-tools.ts'),
  ]);
  return { createS3ObjectStore, createSsmDeployedTools };
}

async function loadEdge() {
  const [{ createForwarder }, { openEdgeFolder }, { createLog }, { createLogForPeople }] = await Promise.all([
    import('#edge/forwarder.ts'),
    import('#edge/folder.ts'),
    import('#edge/log.ts'),
    import('#edge/log-for-people.ts'),
  ]);
  return { createForwarder, openEdgeFolder, createLog, createLogForPeople };
}

/** The settings, with those of the local environment as defaults. For the local bucket, the AWS clients use the local cloud. */
async function findConfig(file: string | undefined): Promise<EdgeConfig> {
  const [{ readEdgeConfig }, { edgeFolder, localHome, readState }] = await Promise.all([
    import('#edge/config.ts'),
    import('#localstack/home.ts'),
  ]);
  const home = localHome();
  const { orthanc, bucket, toolsParameter, endpoint, region, credentials } = readState(home);
  const config = readEdgeConfig({
    environment: process.env,
    file,
    defaults: [
      { HILUM_EDGE_FOLDER: edgeFolder(home) },
      orthanc && {
        HILUM_ORTHANC_URL: orthanc.url,
        HILUM_ORTHANC_USERNAME: orthanc.username,
        HILUM_ORTHANC_PASSWORD: orthanc.password,
      },
      bucket && { HILUM_BUCKET: bucket, HILUM_TOOLS_PARAMETER: toolsParameter },
    ].filter((group) => group !== undefined && group !== ''),
  });
  const isLocal = config.bucket === bucket && (config.aws['AWS_ENDPOINT_URL'] ?? endpoint) === endpoint;
  if (isLocal && endpoint !== undefined && region !== undefined && credentials !== undefined)
    useLocalCloud({ endpoint, region, credentials });
  else Object.assign(process.env, config.aws);
  return config;
}
