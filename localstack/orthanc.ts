import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answersOk } from '#adapters/answers-ok.ts';
import { ConfigurationError } from '#core/errors.ts';
import { makeServiceFolder, type OrthancEnvironment, type Secrets, serviceUser, writePrivately } from './home.ts';
import { findProgram, orthancPlugins, orthancPythonPlugin, ROOT } from './parts.mjs';
import { ORTHANC_DATABASE } from './postgres.ts';
import { launch, type ProcessRecord, type ServiceUser, waitUntilReady } from './processes.ts';

/** Hilum's user in Orthanc. */
export const ORTHANC_USERNAME = 'hilum';

/** The script that lets only Orthanc's own pages use the password that a browser remembers. */
const OWN_PAGES = 'own_pages.lua';

export interface OrthancOptions {
  readonly home: string;
  readonly port: number;
  readonly postgresPort: number;
  readonly secrets: Secrets;
  /** The viewer's address, for the button on every study's page. */
  readonly viewerUrl: string;
  /** Seconds without a new instance until Orthanc calls a study stable. The default is that of the shared configuration. */
  readonly stableAgeS?: number;
}

/**
 * Orthanc's program and the plugins that it is run with.
 *
 * @throws ConfigurationError where one of them is not installed
 */
export function orthancProgram(): { readonly program: string; readonly plugins: readonly string[] } {
  const program = findProgram('Orthanc');
  const plugins = orthancPlugins();
  if (program !== undefined && plugins !== undefined) return { program, plugins };
  throw new ConfigurationError(
    'Orthanc or its DICOMweb or PostgreSQL plugin is not installed: `hilum doctor` says how to get it',
  );
}

/**
 * Starts Orthanc with DICOMweb and with PostgreSQL as index and storage, as an unprivileged user.
 *
 * Orthanc always listens on every interface. `RemoteAccessAllowed: false` makes it refuse other machines, and every request
 * needs the generated password. The DIMSE listener stays off, because it knows no passwords.
 *
 * @throws ConfigurationError if Orthanc is not installed or does not start
 */
export async function startOrthancServer(options: OrthancOptions): Promise<ProcessRecord> {
  const { program, plugins } = orthancProgram();
  const user = serviceUser('orthanc');
  const folder = makeServiceFolder(options.home, 'orthanc', user);
  const configuration = join(folder, 'orthanc.json');
  const link = viewerLink(options.viewerUrl, folder, user);
  const filter = join(folder, OWN_PAGES);
  writePrivately(filter, readFileSync(join(ROOT, 'localstack/orthanc', OWN_PAGES), 'utf8'), user);
  const settings = {
    ...configurationOf(options, folder),
    LuaScripts: [filter],
    Plugins: [...plugins, ...link.plugins],
    ...link.settings,
  };
  writePrivately(configuration, JSON.stringify(settings, undefined, 2), user);
  const log = join(options.home, 'logs', 'orthanc.log');
  const record = await launch({
    command: program,
    args: [configuration],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TMPDIR: folder },
    cwd: folder,
    log,
    user,
  });
  const environment = orthancEnvironment(options);
  await waitUntilReady(record, { name: 'Orthanc', log, withinMs: 30_000 }, () => orthancAnswers(environment));
  return record;
}

function configurationOf(options: OrthancOptions, folder: string): object {
  const shared = JSON.parse(readFileSync(join(ROOT, 'localstack/orthanc/orthanc.json'), 'utf8')) as {
    readonly PostgreSQL: object;
  };
  return {
    ...shared,
    ...(options.stableAgeS === undefined ? {} : { StableAge: options.stableAgeS }),
    HttpPort: options.port,
    RemoteAccessAllowed: false,
    RegisteredUsers: { [ORTHANC_USERNAME]: options.secrets.orthancPassword },
    StorageDirectory: folder,
    IndexDirectory: folder,
    TemporaryDirectory: folder,
    PostgreSQL: {
      ...shared.PostgreSQL,
      Host: '127.0.0.1',
      Port: options.postgresPort,
      Database: ORTHANC_DATABASE,
      Username: ORTHANC_DATABASE,
      Password: options.secrets.orthancDatabasePassword,
    },
  };
}

/**
 * The button on Orthanc's page of a study that opens the study in the viewer. Only plugins can extend Orthanc's Explorer. Of
 * Debian's plugins, the Python one needs the least: two files, copied to where Orthanc's user may read them.
 */
function viewerLink(
  ViewerUrl: string,
  folder: string,
  user: ServiceUser | undefined,
): { readonly plugins: readonly string[]; readonly settings: object } {
  const plugin = orthancPythonPlugin();
  if (plugin === undefined) return { plugins: [], settings: {} };
  for (const name of ['viewer_link.py', 'viewer-link.js', 'replaced-series.js'])
    writePrivately(join(folder, name), readFileSync(join(ROOT, 'localstack/orthanc', name), 'utf8'), user);
  return { plugins: [plugin], settings: { PythonScript: join(folder, 'viewer_link.py'), Hilum: { ViewerUrl } } };
}

/** The addresses and the credentials of this Orthanc. */
export function orthancEnvironment({ port, secrets }: Pick<OrthancOptions, 'port' | 'secrets'>): OrthancEnvironment {
  const url = `http://127.0.0.1:${port}`;
  return { url, dicomWebUrl: `${url}/dicom-web/`, username: ORTHANC_USERNAME, password: secrets.orthancPassword };
}

/** The health check: true if Orthanc accepts our credentials and describes itself within two seconds. */
export async function orthancAnswers({ url, username, password }: OrthancEnvironment): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return answersOk(`${url}/system`, { authorization });
}
