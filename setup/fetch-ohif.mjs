// Fetches the viewer's files on first use: OHIF as published on npm. `localstack/place.mjs` names their folder. Plain
// JavaScript for Node 20, without packages, because the set-up for the tests runs it.
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasOhif, OHIF, ohifFolder } from '../localstack/ohif.mjs';
import { VIEWER_CACHE } from '../localstack/place.mjs';
import { npm, outputOf } from './run.mjs';

/** Parts that a PACS workstation does not need: neural networks (136 MB), slide microscopy, debugging aids, external logins. */
const LEFT_OUT = ['ort', 'dicom-microscopy-viewer', '*.map', 'google.js', 'oidc-client.min.js', 'silent-refresh.html'];

/**
 * Fetches OHIF with npm, from the configured registry. Does nothing if it is there already.
 *
 * @throws Error if npm cannot fetch it or the package is not the known one; the message says what to do
 */
export async function fetchOhif(cache = VIEWER_CACHE) {
  if (hasOhif(cache)) return ohifFolder(cache);
  const download = mkdtempSync(join(tmpdir(), 'hilum-ohif-'));
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    await pack(download);
    const [tarball] = readdirSync(download);
    await verify(join(download, tarball));
    const unwanted = LEFT_OUT.map((name) => `--exclude=package/dist/${name}`);
    const kept = ['package/dist', 'package/LICENSE'];
    await outputOf('tar', ['-xzf', join(download, tarball), '-C', draft, ...unwanted, ...kept]);
    adopt(draft, cache);
  } finally {
    rmSync(download, { recursive: true, force: true });
    rmSync(draft, { recursive: true, force: true });
  }
  return ohifFolder(cache);
}

async function pack(folder) {
  const spec = `${OHIF.name}@${OHIF.version}`;
  try {
    const pack = npm('pack', spec, '--ignore-scripts', '--silent', '--pack-destination', folder);
    await outputOf(...pack, { cwd: folder });
  } catch (error) {
    throw new Error(
      `the viewer (${spec}, 50 MB) could not be fetched from the npm registry: check the network, or the registry that ` +
        `\`npm config get registry\` names, and try again`,
      { cause: error },
    );
  }
}

async function verify(tarball) {
  const digest = createHash('sha512');
  for await (const chunk of createReadStream(tarball)) digest.update(chunk);
  const integrity = `sha512-${digest.digest('base64')}`;
  if (integrity === OHIF.integrity) return;
  throw new Error(
    `the npm registry's ${OHIF.name} ${OHIF.version} is not the known package: it has the digest ${integrity}. It was discarded. ` +
      'Check the registry that `npm config get registry` names',
  );
}

/** Two processes that fetch at once get the same files, so the second one keeps the first one's. */
function adopt(draft, cache) {
  renameSync(join(draft, 'package/LICENSE'), join(draft, 'package/dist/LICENSE'));
  try {
    renameSync(join(draft, 'package/dist'), ohifFolder(cache));
  } catch (error) {
    if (!hasOhif(cache)) throw error;
  }
}

// Run as a script: `node setup/fetch-ohif.mjs`, the command that the doctor prints.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(`OHIF ${OHIF.version} is in ${await fetchOhif()}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
