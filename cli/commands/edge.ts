import type { Command } from 'commander';
import type { EdgeConfig } from '#edge/config.ts';
import { useLocalCloud } from '#files/deployment.ts';
import { root } from '../command.ts';

/** `hilum edge`: the forwarder beside the PACS, as a service. */
export function addEdgeCommand(program: Command): void {
  program
    .command('edge')
    .description('forward studies from Orthanc to the bucket, until told to stop (SIGTERM, Ctrl-C)')
    .option('--config <file>', 'settings as JSON; environment variables of the same names win')
    .addHelpText('after', '\nedge/README.md lists the settings. Without any, it works beside `hilum local up`.')
    .action(runEdge);
}

async function runEdge({ config: file }: { readonly config?: string }): Promise<void> {
  const config = await findConfig(file);
  const [{ createDicomWebClient }, { createOrthancClient }, { createS3ObjectStore }, { loadCatalog }, edge] =
    await Promise.all([
      import('#adapters/dicomweb/client.ts'),
      import('#adapters/orthanc/client.ts'),
      import('#adapters/aws/object-store.ts'),
      import('#adapters/catalog/catalog.ts'),
      loadEdge(),
    ]);
  const { url, dicomWebUrl, ...access } = config.orthanc;
  const { journal, spoolFolder, close } = edge.openEdgeFolder(config.folder);
  const forwarder = edge.createForwarder({
    ...config,
    archive: createDicomWebClient({ url: dicomWebUrl, ...access }),
    orthanc: createOrthancClient({ url, ...access }),
    store: createS3ObjectStore({ bucket: config.bucket }),
    catalog: await loadCatalog(root),
    journal,
    clock: Date,
    log: edge.createLog(Date, (line) => process.stderr.write(`${line}\n`)),
    spoolFolder,
  });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await forwarder.run(stop.signal);
  } finally {
    close();
  }
}

async function loadEdge() {
  const [{ createForwarder }, { openEdgeFolder }, { createLog }] = await Promise.all([
    import('#edge/forwarder.ts'),
    import('#edge/folder.ts'),
    import('#edge/log.ts'),
  ]);
  return { createForwarder, openEdgeFolder, createLog };
}

/** The settings; those of the local environment are the defaults, and its cloud is used where its bucket is. */
async function findConfig(file: string | undefined): Promise<EdgeConfig> {
  const [{ readEdgeConfig }, { edgeFolder, localHome, readState }] = await Promise.all([
    import('#edge/config.ts'),
    import('#localstack/home.ts'),
  ]);
  const home = localHome();
  const { orthanc, bucket, endpoint, region, credentials } = readState(home);
  const config = readEdgeConfig({
    environment: process.env,
    file,
    defaults: {
      HILUM_EDGE_FOLDER: edgeFolder(home),
      ...(orthanc && {
        HILUM_ORTHANC_URL: orthanc.url,
        HILUM_ORTHANC_USERNAME: orthanc.username,
        HILUM_ORTHANC_PASSWORD: orthanc.password,
      }),
      ...(bucket !== undefined && { HILUM_BUCKET: bucket }),
    },
  });
  if (config.bucket === bucket && endpoint !== undefined && region !== undefined && credentials !== undefined)
    useLocalCloud({ endpoint, region, credentials });
  return config;
}
