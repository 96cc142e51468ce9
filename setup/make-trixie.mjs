// Makes the Debian trixie of the tests, when they first need it; it is kept for every checkout of the user's. Nothing of it is installed, nothing
// of it runs but what a test starts in it. Plain JavaScript for Node 20, without packages: the set-up for the tests makes it.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { USER_CACHE } from '../localstack/place.mjs';
import { hasTrixie, TRIXIE, trixieRoot } from '../localstack/trixie.mjs';
import { outputOf } from './run.mjs';

/** How the folder is called that is not finished; the number of the process that makes it follows. */
const DRAFT = 'draft-trixie-';
/** What the machine's apt is told of how to reach a mirror, and what it takes from one. */
const NETWORK_SETTING = /^Acquire::(https?|Check-Valid-Until|Check-Date|Retries|ForceIPv[46])\b/;

/**
 * Makes it with mmdebstrap, from the mirror of the machine's own apt, else from the one that mmdebstrap knows. Does nothing
 * where it is there. `cache` and `osRelease` are for tests.
 *
 * @throws Error where it cannot be made, with what to do
 */
export async function makeTrixie(cache = USER_CACHE, osRelease = '/etc/os-release') {
  if (hasTrixie(cache)) return trixieRoot(cache);
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache).filter(isLeftOver)) await discard(join(cache, name));
  const own = await ownMirror(osRelease);
  const failures = [];
  for (const mirrors of own === undefined ? [[]] : [[own], []]) {
    try {
      await bootstrap(cache, mirrors);
      return trixieRoot(cache);
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new Error(
    `Debian ${TRIXIE.suite} could not be made. It takes root, mmdebstrap (apt-get install mmdebstrap) and a Debian mirror, ` +
      `which is the one of apt's own sources where they name one:\n${failures.join('\n')}`,
  );
}

/** The mirror that apt takes the machine's own Debian from; asked of apt, which knows every way to write it down. */
async function ownMirror(osRelease) {
  const { ID, VERSION_CODENAME } = settingsIn(osRelease);
  if (ID !== 'debian') return undefined;
  const fields = '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)';
  const targets = await outputOf('apt-get', ['indextargets', '--format', fields, 'Created-By: Packages']).catch(
    () => '',
  );
  return targets
    .split('\n')
    .map((line) => line.split(' '))
    .find((target) => target.slice(1, 3).includes(VERSION_CODENAME) && target[3] === 'main')?.[0];
}

function settingsIn(file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return Object.fromEntries(lines.map((line) => line.replaceAll('"', '').split('=')));
}

/** Makes it under another name first. Two who make it at once bring the same: who comes second keeps the first one's. */
async function bootstrap(cache, mirrors) {
  const settings = mkdtempSync(join(tmpdir(), 'hilum-apt-'));
  const draft = mkdtempSync(join(cache, `${DRAFT}${process.pid}-`));
  try {
    // Who is not root is to get into the finished root.
    chmodSync(draft, 0o755);
    const network = join(settings, 'network.conf');
    // A file, since a proxy's address may hold a password: command lines can be read by everybody.
    writeFileSync(network, await networkSettings(), { mode: 0o600 });
    const include = `--include=${TRIXIE.packages.join(',')}`;
    const options = ['--quiet', '--mode=root', `--variant=${TRIXIE.variant}`, include, `--aptopt=${network}`];
    await outputOf('mmdebstrap', [...options, TRIXIE.suite, draft, ...mirrors], { cwd: '/' });
    rmSync(join(draft, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
    adopt(draft, cache);
  } finally {
    rmSync(settings, { recursive: true, force: true });
    await discard(draft);
  }
}

async function networkSettings() {
  const settings = await outputOf('apt-config', ['dump']).catch(() => '');
  const lines = settings.split('\n').filter((line) => NETWORK_SETTING.test(line));
  return lines.map((line) => `${line}\n`).join('');
}

function adopt(draft, cache) {
  try {
    renameSync(draft, trixieRoot(cache));
  } catch (error) {
    if (!hasTrixie(cache)) throw error;
  }
}

/** True of a draft whose maker was killed. */
function isLeftOver(name) {
  if (!name.startsWith(DRAFT)) return false;
  try {
    process.kill(Number.parseInt(name.slice(DRAFT.length), 10), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Removes a folder, but nothing that mmdebstrap may have mounted in it and, being killed, left there. */
async function discard(draft) {
  if (existsSync(draft)) await outputOf('rm', ['-rf', '--one-file-system', draft]);
}

// Called by itself: `node setup/make-trixie.mjs`, which is what the doctor tells to do.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(`Debian ${TRIXIE.suite} is in ${await makeTrixie()}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
