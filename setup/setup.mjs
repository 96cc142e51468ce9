// Prepares a fresh clone: `node setup/setup.mjs demo|test|build|bench`, which npm runs before those commands. With `doctor`
// it installs nothing and says what is missing. If nothing is missing, it takes a second. Plain JavaScript for Node 20,
// without packages, because it installs them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  canInstallPackages,
  findProgram,
  hasDockerCompose,
  PARTS,
  PURPOSES,
  ROOT,
  requirementsDigest,
  VENVS,
} from '../localstack/parts.mjs';
import { withoutStartingServices } from './debian.mjs';
import { doctor } from './doctor.mjs';
import { fetchOhif } from './fetch-ohif.mjs';
import { makeTrixie } from './make-trixie.mjs';
import { npm, run } from './run.mjs';

const say = (line) => console.log(`set-up: ${line}`);

/** Does one step, with a message before and after it. */
async function step(what, action) {
  const begin = performance.now();
  say(`${what} …`);
  const { ok, output } = await action();
  const seconds = Math.round((performance.now() - begin) / 1000);
  if (ok) say(`${what}: done in ${seconds} s`);
  else say(`${what}: FAILED after ${seconds} s\n${output.trim().split('\n').slice(-12).join('\n')}`);
  return ok;
}

async function installNodePackages() {
  if (PARTS.packages.present()) return;
  const ok = await step('installing the npm packages of package-lock.json', () =>
    run(...npm('ci', '--ignore-scripts'), { cwd: ROOT }),
  );
  if (!ok) {
    say('nothing works without them. Check the network or the registry that npm is set to, then run this again.');
    process.exitCode = 1;
  }
}

async function installDebianPackages(parts) {
  const packages = parts.flatMap((name) =>
    PARTS[name].packages && !PARTS[name].present() ? PARTS[name].packages : [],
  );
  if (needsPython(parts) && (await pythonWithVenv()) === undefined) packages.push('python3', 'python3-venv');
  if (packages.length === 0 || !canInstallPackages()) return;
  const aptGet = findProgram('apt-get');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  const before = daemons();
  await step(`installing Debian packages (${packages.join(', ')}) without starting their services`, async () => {
    const update = await run(aptGet, [...wait, '-qq', 'update'], { env });
    if (!update.ok) return update;
    const args = [...wait, '-o', 'Dpkg::Options::=--force-confold', '-y', '-qq', '--no-install-recommends', 'install'];
    return withoutStartingServices(() => run(aptGet, [...args, ...packages], { env }));
  });
  const started = daemons().filter((pid) => !before.includes(pid));
  if (started.length > 0) {
    say(
      `a package started a service although it was told not to: process ${started.join(', ')}. Stop it and report this.`,
    );
    process.exitCode = 1;
  }
}

/** Process ids of Orthanc and PostgreSQL that run with the system's configuration instead of ours. */
function daemons() {
  const system = /\/etc\/orthanc|\/etc\/postgresql|\/var\/lib\/postgresql/;
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  return pids.filter((pid) => system.test(commandLine(pid)) && Number(pid) !== process.pid);
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}

const missingVenvs = (parts) => parts.filter((name) => PARTS[name].venv && !PARTS[name].present());
const needsPython = (parts) => missingVenvs(parts).length > 0;

/** A Python that can make virtual environments. Debian's own cannot without a further package. */
async function pythonWithVenv() {
  for (const python of [findProgram('python3'), '/usr/bin/python3']) {
    if (python && (await run(python, ['-c', 'import venv, ensurepip'])).ok) return python;
  }
  return undefined;
}

async function makeVenvs(parts) {
  const missing = missingVenvs(parts);
  if (missing.length === 0) return;
  const python = await pythonWithVenv();
  if (python === undefined) {
    say('Python 3 with venv is missing: sudo apt-get install python3 python3-venv');
    return;
  }
  for (const name of missing) {
    const { folder, requirements } = VENVS[PARTS[name].venv];
    await step(`making the Python environment of the ${PARTS[name].what}`, async () => {
      const made = await run(python, ['-m', 'venv', '--clear', folder]);
      if (!made.ok) return made;
      const pip = join(folder, 'bin/pip');
      const installed = await run(pip, ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
      if (installed.ok) writeFileSync(join(folder, '.stamp'), requirementsDigest(PARTS[name].venv));
      return installed;
    });
  }
}

async function fetchViewer(parts) {
  if (!parts.includes('ohif') || PARTS.ohif.present()) return;
  await step(`fetching ${PARTS.ohif.what}`, () => outcomeOf(fetchOhif()));
}

async function makeNewerOrthanc(parts) {
  if (!parts.includes('newerOrthanc') || PARTS.newerOrthanc.present() || !canInstallPackages()) return;
  await step(`making ${PARTS.newerOrthanc.what}`, () => outcomeOf(makeTrixie()));
}

/** The outcome of a step that throws if it fails. */
function outcomeOf(work) {
  return work.then(
    () => ({ ok: true, output: '' }),
    (error) => ({ ok: false, output: error.message }),
  );
}

/** Prints what is still missing, what that means and how to get it. Sets the exit code. */
function conclude(purpose, parts) {
  const missing = parts.filter((name) => !PARTS[name].present());
  if (missing.length === 0) say('everything is there');
  if (missing.length === 0) return;
  for (const name of missing) say(`missing: ${PARTS[name].what}. To get it: ${PARTS[name].fix}`);
  if (missing.includes('orthanc') || missing.includes('postgresql')) {
    const docker = hasDockerCompose();
    say(
      docker
        ? 'or run both in Docker: bin/hilum local up --docker'
        : 'or install Docker, and run both in it: bin/hilum local up --docker',
    );
  }
  if (purpose === 'demo') say('without Orthanc, the demo uses a DICOMweb archive in its own process.');
  else if (purpose !== 'build') say('tests that need a missing part are skipped by name.');
  if (purpose !== 'demo' && process.env.HILUM_REQUIRE_ALL_LANES === '1') {
    say('HILUM_REQUIRE_ALL_LANES=1 makes a missing part a failure.');
    process.exitCode = 1;
  }
}

async function main(purpose, ...options) {
  if (purpose === 'doctor') {
    process.exitCode = doctor({ json: options.includes('--json') });
    return;
  }
  const parts = PURPOSES[purpose];
  if (parts === undefined) {
    console.error('usage: node setup/setup.mjs demo|test|build|bench|doctor');
    process.exitCode = 2;
    return;
  }
  await Promise.all([
    installNodePackages(),
    fetchViewer(parts),
    installDebianPackages(parts).then(() => Promise.all([makeVenvs(parts), makeNewerOrthanc(parts)])),
  ]);
  conclude(purpose, parts);
}

await main(...process.argv.slice(2));
