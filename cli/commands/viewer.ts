import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { systemRefusal } from '#adapters/system-refusal.ts';
import { ArchiveRequestError, ConfigurationError, SystemRefusalError } from '#core/errors.ts';
import { localHome, type OrthancEnvironment, readState, VIEWER_PORT } from '#localstack/home.ts';
import { orthancAnswers } from '#localstack/orthanc.ts';
import { startViewer, studyUrl } from '#viewer/server.ts';
import { hasOhif, OHIF } from '../../localstack/ohif.mjs';
import { fetchOhif } from '../../setup/fetch-ohif.mjs';
import { note, print, printJson } from '../command.ts';
import { stopSignal } from '../stop-signals.ts';
import { explain, studyUid, wholeNumber } from '../usage.ts';

interface ViewerCommandOptions {
  readonly port?: string;
  readonly study?: string;
  readonly open?: true;
  readonly json?: true;
}

/** `hilum viewer`: OHIF on the local PACS, until Ctrl-C. */
export function addViewerCommand(program: Command): void {
  const command = program
    .command('viewer')
    .description('show the local PACS in OHIF, a viewer in the browser (for research, read-only, on this machine only)')
    .option('--port <number>', 'the port to listen on; the button in Orthanc leads to the default port only')
    .option('--study <uid>', 'the StudyInstanceUID of a study to open')
    .option('--open', 'open the viewer in the browser')
    .option('--json', 'print one object for scripts')
    .action(view);
  explain(command, {
    examples: ['hilum viewer --open', 'hilum viewer --port 8050 --study 1.2.840.113619.2.1.1'],
    success: 'the viewer was stopped',
    failure: 'no local PACS answers, it does not have the study, OHIF cannot be fetched, or the port is taken',
  });
}

async function view({ port, study, open, json }: ViewerCommandOptions): Promise<void> {
  const wanted = port === undefined ? undefined : wholeNumber(port, '--port', { least: 1, most: 65_535 });
  if (study !== undefined) studyUid(study, '--study');
  const stop = stopSignal();
  const { orthanc, viewerPort } = await localPacs();
  if (study !== undefined) await checkIsThere(study, orthanc);
  const folder = await ohif();
  const viewer = await startViewer({ folder, orthanc, port: wanted ?? viewerPort });
  try {
    const url = study === undefined ? `${viewer.url}/` : studyUrl(viewer.url, study);
    if (json === true) printJson({ url, orthanc: orthanc.url });
    else print(`the viewer is at ${url} (Ctrl-C ends it)`);
    if (open === true) openInBrowser(url);
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    await viewer.close();
  }
}

async function localPacs(): Promise<{ readonly orthanc: OrthancEnvironment; readonly viewerPort: number }> {
  const home = localHome();
  const { orthanc, viewerPort = VIEWER_PORT } = readState(home);
  if (orthanc === undefined || !(await orthancAnswers(orthanc))) {
    throw new ConfigurationError(`no local PACS answers (${home}): run \`hilum local up\` first`);
  }
  return { orthanc, viewerPort };
}

/** OHIF shows an empty page for a study that the PACS does not have, and no reason. */
async function checkIsThere(study: string, { url, username, password }: OrthancEnvironment): Promise<void> {
  const found = await createOrthancClient({ url, username, password }).findStudies(study);
  if (found.length > 0) return;
  throw new ArchiveRequestError(
    `Orthanc has no study ${study}. Its page lists the studies that it has: ${url}/app/explorer.html`,
  );
}

async function ohif(): Promise<string> {
  if (!hasOhif()) note(`fetching OHIF ${OHIF.version} from npm, once (50 MB) …`);
  try {
    return await fetchOhif();
  } catch (error) {
    const cause = systemRefusal(error);
    if (cause instanceof SystemRefusalError) throw cause;
    throw new ConfigurationError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Without a browser on this machine, the printed address remains. */
function openInBrowser(url: string): void {
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
  child.once('error', () => note(`${opener} is not installed: open ${url} in a browser`));
  child.unref();
}
