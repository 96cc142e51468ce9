import type { Command } from 'commander';
import { ConfigurationError } from '#core/errors.ts';
import type { EdgeConfig } from '#edge/config.ts';
import type { Log } from '#edge/log.ts';
import type { Progress } from '#edge/progress.ts';
import { note, root } from '../command.ts';
import { type EdgeSettings, edgeSettings } from '../edge-settings.ts';
import { deploymentSignals, hangUpSignals, stopSignal } from '../stop-signals.ts';
import { explain } from '../usage.ts';
import { addEdgeResendCommand } from './edge-resend.ts';

/** `hilum edge`: the forwarder beside the PACS, as a service. */
export function addEdgeCommand(program: Command): void {
  const command = program
    .command('edge')
    .description(
      'forward studies from Orthanc to the bucket until stopped (SIGTERM, Ctrl-C); SIGHUP reads the settings again',
    )
    .option('--config <file>', 'settings as JSON; environment variables of the same names come first')
    .action(runEdge);
  addEdgeResendCommand(command);
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
  const stop = stopSignal();
  const nextHangUp = hangUpSignals();
  const settings = await edgeSettings(file);
  const nextDeployment = deploymentSignals(settings.localDeployment);
  let config = settings.read();
  settings.useCloud(config);
  const edge = await loadEdge();
  edge.collectOften();
  const { journal, spoolFolder, identityKey, restored, close } = edge.openEdgeFolder(config.folder, config.start);
  const isWatched = process.stderr.isTTY;
  if (isWatched) for (const line of describe(config)) note(line);
  const log = isWatched
    ? edge.createLogForPeople(Date, note)
    : edge.createLog(Date, (line) => process.stderr.write(`${line}\n`));
  if (restored !== undefined) log.error('journal-restored', { ...restored });
  try {
    const progress = await watch(config);
    for (let resumed = false; !stop.aborted; resumed = true) {
      const signal = AbortSignal.any([stop, nextHangUp(), nextDeployment()]);
      if (resumed) config = await readAgain(settings, config, log);
      const { url, dicomWebUrl, ...account } = config.orthanc;
      const access = { ...account, signal, renewed: () => settings.read().orthanc };
      const forwarder = edge.createForwarder({
        ...config,
        archive: edge.createDicomWebClient({ url: dicomWebUrl, ...access }),
        orthanc: edge.createOrthancClient({ url, ...access }),
        store: edge.createS3ObjectStore({ bucket: config.bucket }),
        deployed: edge.createSsmDeployedTools({ parameter: config.toolsParameter }),
        catalog: await edge.loadCatalog(root),
        ...{ journal, clock: Date, log, spoolFolder, identityKey, resumed, progress },
      });
      await forwarder.run(signal);
    }
  } finally {
    close();
  }
}

/** The settings as they are now, or the earlier ones if they cannot be used. The folder stays until the process ends. */
async function readAgain(settings: EdgeSettings, before: EdgeConfig, log: Log): Promise<EdgeConfig> {
  try {
    const now = { ...settings.read(), folder: before.folder };
    const { forgetAwsSettings } = await import('#adapters/aws/clients.ts');
    settings.useCloud(now);
    await forgetAwsSettings();
    log.info('settings-read');
    return now;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    log.error('settings-refused', { code: error.code, message: error.message });
    return before;
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

/** What the edge is made of. It is loaded when the settings are known to be right. */
async function loadEdge() {
  const [dicomWeb, orthanc, objectStore, deployedTools, catalog, forwarder, folder, memory, log, forPeople] =
    await Promise.all([
      import('#adapters/dicomweb/client.ts'),
      import('#adapters/orthanc/client.ts'),
      import('#adapters/aws/object-store.ts'),
      import('#adapters/aws/deployed-tools.ts'),
      import('#adapters/catalog/catalog.ts'),
      import('#edge/forwarder.ts'),
      import('#edge/folder.ts'),
      import('#edge/memory.ts'),
      import('#edge/log.ts'),
      import('#edge/log-for-people.ts'),
    ]);
  return {
    ...{ ...dicomWeb, ...orthanc, ...objectStore, ...deployedTools, ...catalog },
    ...{ ...forwarder, ...folder, ...memory, ...log, ...forPeople },
  };
}

/** Watches the edge: a watchdog that ends it when it stands still, and the address that tells its health, if there is one. */
async function watch({ orthanc, healthPort }: EdgeConfig): Promise<Progress> {
  const [{ createProgress, watchdogLimitMs }, { serveHealth }, { startWatchdog }] = await Promise.all([
    import('#edge/progress.ts'),
    import('#adapters/health.ts'),
    import('#adapters/watchdog/watchdog.ts'),
  ]);
  const { timeoutMs: silenceMs } = orthanc;
  const { moved } = startWatchdog({ limitS: Math.ceil(watchdogLimitMs(silenceMs) / 1_000), line: STALLED });
  const progress = createProgress({ clock: Date, silenceMs, moved });
  if (healthPort !== undefined) await serveHealth(healthPort, progress.health);
  return progress;
}

const STALLED = JSON.stringify({
  ...{ level: 'error', event: 'edge-stalled', code: 'loop-stalled' },
  message: 'The edge stands still, and ends so that it is started again.',
});
