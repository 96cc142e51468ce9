// What Hilum needs on a machine beside its npm packages: one list for the set-up, `hilum doctor` and the tests.
// Plain JavaScript for Node 20, without packages: the set-up reads it before any package is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { hasOhif } from './ohif.mjs';
import { ROOT } from './place.mjs';
import { hasTrixie, TRIXIE } from './trixie.mjs';

export { ROOT };

const USUAL_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const PLUGIN_FOLDERS = ['/usr/share/orthanc/plugins', '/usr/lib/orthanc/plugins', '/usr/local/share/orthanc/plugins'];
const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ORTHANC_PLUGINS = ['libOrthancDicomWeb.so', 'libOrthancPostgreSQLIndex.so', 'libOrthancPostgreSQLStorage.so'];

/** The full path of a program: on PATH, or in a usual folder that an ordinary user's PATH may lack. */
export function findProgram(name, folders = []) {
  const places = [...folders, ...(process.env.PATH ?? '').split(delimiter), ...USUAL_FOLDERS];
  return places.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folder with initdb, postgres and psql of the newest PostgreSQL; Debian keeps it off the PATH. */
export function postgresFolder() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(debian, version, 'bin'));
  return folders.find((folder) => isExecutable(join(folder, 'initdb'))) ?? parentOf(findProgram('initdb'));
}

/** The Java archives that run PixelMed's validators from a script, or undefined if one of them is not installed. */
export function javaArchives() {
  const archives = ['pixelmed.jar', 'bsh.jar'].map((name) => join('/usr/share/java', name));
  return archives.every((path) => existsSync(path)) ? archives : undefined;
}

function parentOf(path) {
  return path === undefined ? undefined : join(path, '..');
}

/** The plugin files of Orthanc that Hilum loads, or undefined if one of them is not installed. */
export function orthancPlugins() {
  const found = ORTHANC_PLUGINS.map(orthancPlugin);
  return found.includes(undefined) ? undefined : found;
}

/** The plugin that adds a link to the viewer to Orthanc's pages. Orthanc also runs without it. */
export function orthancPythonPlugin() {
  return orthancPlugin('libOrthancPython.so');
}

function orthancPlugin(name) {
  return PLUGIN_FOLDERS.map((folder) => join(folder, name)).find(existsSync);
}

/** The full path of Chromium or Chrome, for the browser tests. */
export function findChromium() {
  return CHROMIUMS.map((name) => findProgram(name)).find((path) => path !== undefined);
}

/** Hilum's Python virtual environments: the folder and the requirement file of each. */
export const VENVS = {
  cloud: { folder: join(ROOT, '.venv/cloud'), requirements: join(ROOT, 'localstack/requirements.txt') },
  judges: { folder: join(ROOT, '.venv/judges'), requirements: join(ROOT, 'test/judges/requirements.txt') },
  bench: { folder: join(ROOT, '.venv/bench'), requirements: join(ROOT, 'bench/dicom/requirements.txt') },
  training: { folder: join(ROOT, '.venv/training'), requirements: join(ROOT, 'layers/training/requirements.txt') },
};

/** The digest of an environment's requirements. A finished environment has it in its stamp file. */
export function requirementsDigest(venv) {
  return createHash('sha256').update(readFileSync(VENVS[venv].requirements)).digest('hex');
}

function venvIsReady(venv) {
  const { folder, requirements } = VENVS[venv];
  const stamp = join(folder, '.stamp');
  return existsSync(requirements) && existsSync(stamp) && readFileSync(stamp, 'utf8') === requirementsDigest(venv);
}

/** True if every package of package-lock.json for this platform is installed, by npm's own record. */
function packagesAreInstalled() {
  const record = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  // The other entries are part of the clone: its own package, and that of `setup/node`.
  const fetched = Object.entries(locked).filter(
    ([path, { link }]) => path.startsWith('node_modules/') && link !== true,
  );
  const needed = fetched.filter(([, entry]) => isNeededHere(entry, glibc));
  return needed.every(([path, entry]) => installed[path]?.version === entry.version);
}

/** npm leaves out optional packages for other platforms, and packages that only they need. */
function isNeededHere({ optional, os, cpu, libc }, glibc) {
  if (optional !== true) return true;
  return (
    os?.includes(process.platform) === true &&
    cpu?.includes(process.arch) === true &&
    (libc === undefined || libc.includes(glibc ? 'glibc' : 'musl'))
  );
}

/** Models whose cards name a source. `hilum models pull` gets their files; until then, tools that need them are left out. */
function fetchedModels() {
  const folder = join(ROOT, 'layers/models');
  if (!existsSync(folder)) return [];
  const cards = readdirSync(folder)
    .map((id) => join(folder, id, 'model.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')));
  return cards.filter(({ source }) => source).map(({ id, file }) => ({ id, path: join(folder, id, file) }));
}

/** The folder of real test data: HILUM_DATA, else ../shared/data beside the clone. It need not exist. */
export function dataFolder() {
  return resolve(process.env.HILUM_DATA ?? join(ROOT, '../shared/data'));
}

const isRoot = () => process.getuid?.() === 0;

/** True as root on Debian or Ubuntu: the set-up may install packages. */
export function canInstallPackages() {
  return isRoot() && findProgram('apt-get') !== undefined && existsSync('/etc/debian_version');
}

/** True if `docker compose` can be called and an engine answers. */
export function hasDockerCompose() {
  const docker = findProgram('docker');
  const works = (...args) => spawnSync(docker, args, { stdio: 'ignore', timeout: 5_000 }).status === 0;
  return docker !== undefined && works('compose', 'version') && works('info');
}

const apt = (packages) => `sudo apt-get install ${packages.join(' ')}`;
const debian = (what, packages, present) => ({ what, packages, present, fix: apt(packages) });
const programs =
  (...names) =>
  () =>
    names.every((name) => findProgram(name) !== undefined);
const venv = (what, name, purpose) => ({
  what,
  venv: name,
  present: () => venvIsReady(name),
  fix: `node setup/setup.mjs ${purpose}`,
});

/** Every part: what it is, whether it is present, and how to get it. Keys are lane names. */
export const PARTS = {
  node: {
    what: 'Node.js 24',
    present: () =>
      Number(process.versions.node.split('.')[0]) >= 24 || existsSync(join(ROOT, 'node_modules/.bin/node')),
    fix: 'npm ci --ignore-scripts (on a Mac: install Node.js 24)',
  },
  packages: {
    what: 'npm packages of package-lock.json',
    present: packagesAreInstalled,
    fix: 'npm ci --ignore-scripts',
  },
  cloud: venv('local cloud (MiniStack)', 'cloud', 'demo'),
  orthanc: debian(
    'Orthanc with its DICOMweb and PostgreSQL plugins',
    ['orthanc', 'orthanc-dicomweb', 'orthanc-postgresql'],
    () => findProgram('Orthanc') !== undefined && orthancPlugins() !== undefined,
  ),
  viewerLink: {
    ...debian(
      'the link from a study in Orthanc to the viewer (Orthanc’s Python plugin)',
      ['orthanc-python'],
      () => orthancPythonPlugin() !== undefined,
    ),
    optional: true,
  },
  ohif: { what: 'the viewer (OHIF)', present: hasOhif, fix: 'node setup/fetch-ohif.mjs', optional: true },
  newerOrthanc: {
    what: `the newer Orthanc of Debian ${TRIXIE.suite}, which only root can start (in a chroot)`,
    packages: ['mmdebstrap'],
    present: () => isRoot() && hasTrixie(),
    fix: 'as root: apt-get install mmdebstrap && node setup/make-trixie.mjs',
  },
  postgresql: debian('PostgreSQL with pg_trgm', ['postgresql'], () => {
    const folder = postgresFolder();
    return folder !== undefined && ['initdb', 'postgres', 'psql'].every((name) => isExecutable(join(folder, name)));
  }),
  judges: venv('outside judges (pydicom, highdicom, dcmqi)', 'judges', 'test'),
  dicom3tools: debian('dciodvfy', ['dicom3tools'], programs('dciodvfy')),
  dcmtk: debian('DCMTK', ['dcmtk'], programs('dcmconv', 'dcmdump', 'dsrdump')),
  pixelmed: debian(
    'PixelMed’s DicomSRValidator, and BeanShell and Java to run it',
    ['pixelmed-apps', 'bsh', 'default-jre-headless'],
    () => findProgram('java') !== undefined && javaArchives() !== undefined,
  ),
  poppler: debian('pdftotext', ['poppler-utils'], programs('pdftotext', 'pdftoppm')),
  peers: venv('bench peers (pydicom with its plugins, highdicom)', 'bench', 'bench'),
  // Not from PyPI: its torch brings gigabytes of CUDA.
  torch: debian('PyTorch, to train models', ['python3-torch'], () =>
    existsSync('/usr/lib/python3/dist-packages/torch/__init__.py'),
  ),
  training: venv('model quantisation (onnxruntime, onnx)', 'training', 'test'),
  strace: debian(
    'strace, unshare and ip, to watch network connections',
    ['strace', 'util-linux', 'iproute2'],
    programs('strace', 'unshare', 'ip'),
  ),
  openssl: debian('OpenSSL', ['openssl'], programs('openssl')),
  chromium: debian('Chromium', ['chromium'], () => findChromium() !== undefined),
  models: {
    what: 'the models that are fetched, not committed',
    present: () => fetchedModels().every(({ path }) => existsSync(path)),
    fix: 'bin/hilum models pull',
    optional: true,
  },
  data: {
    what: 'real test data',
    present: () => existsSync(join(dataFolder(), 'manifest.csv')),
    fix: 'export HILUM_DATA=<folder with manifest.csv>',
  },
};

/** What each npm command needs. The demo runs without Orthanc and PostgreSQL too, on an in-process store. */
export const PURPOSES = {
  demo: ['node', 'packages', 'cloud', 'orthanc', 'viewerLink', 'postgresql'],
  test: [
    'node',
    'packages',
    'cloud',
    'orthanc',
    'viewerLink',
    'postgresql',
    'newerOrthanc',
    'ohif',
    'chromium',
    'judges',
    'dicom3tools',
    'dcmtk',
    'pixelmed',
    'poppler',
    'strace',
    'openssl',
    'torch',
    'training',
  ],
  build: ['node', 'packages'],
  bench: ['node', 'packages', 'cloud', 'orthanc', 'postgresql', 'dcmtk', 'peers', 'training'],
};
