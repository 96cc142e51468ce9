// Makes the Debian trixie system of the tests on first use. All clones of a user share it. Nothing in it is installed on the machine,
// and only tests run programs in it. Plain JavaScript for Node 20, without packages, because the set-up for the tests runs it.
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

/** Prefix of the folder while it is being made. The maker's process id follows. */
const DRAFT = 'draft-trixie-';
/** The machine's apt settings for reaching a mirror, and for what to accept from it. */
const NETWORK_SETTING = /^Acquire::(https?|Check-Valid-Until|Check-Date|Retries|ForceIPv[46])\b/;

/**
 * Makes it with mmdebstrap, from the mirror of the machine's own apt, or else from mmdebstrap's default. Does nothing if it
 * is there already. `cache` and `osRelease` are for tests.
 *
 * @throws Error if it cannot be made; the message says what to do
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
    `Debian ${TRIXIE.suite} could not be made. It needs root, mmdebstrap (apt-get install mmdebstrap) and a Debian mirror, ` +
      `by default the one in apt's sources:\n${failures.join('\n')}`,
  );
}

/** The mirror of the machine's own Debian. apt is asked, because it knows every format of its sources. */
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

/** Makes it under a temporary name first. Two processes that make it at once make the same, so the second keeps the first one's. */
async function bootstrap(cache, mirrors) {
  const settings = mkdtempSync(join(tmpdir(), 'hilum-apt-'));
  const draft = mkdtempSync(join(cache, `${DRAFT}${process.pid}-`));
  try {
    // Users other than root must be able to enter the finished root.
    chmodSync(draft, 0o755);
    const network = join(settings, 'network.conf');
    // A file, because a proxy's address may contain a password and command lines are readable by everybody.
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

/** Whether a draft's maker was killed. */
function isLeftOver(name) {
  if (!name.startsWith(DRAFT)) return false;
  try {
    process.kill(Number.parseInt(name.slice(DRAFT.length), 10), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Removes a folder, but not file systems that a killed mmdebstrap may have left mounted in it. */
async function discard(draft) {
  if (existsSync(draft)) await outputOf('rm', ['-rf', '--one-file-system', draft]);
}

// Run as a script: `node setup/make-trixie.mjs`, the command that the doctor prints.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(`Debian ${TRIXIE.suite} is in ${await makeTrixie()}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
