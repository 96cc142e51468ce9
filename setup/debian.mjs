// Installs Debian packages without starting their services. Hilum runs private services of its own, as other users, and a
// machine must not end up with a PACS or a database that nobody asked for.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Debian Policy 9.3.3 (policy-rc.d): exit code 101 forbids every start that a package's installation requests. */
const POLICY = 'usr/sbin/policy-rc.d';
/** postgresql-common reads this folder before it creates the first cluster for a new version. */
const CLUSTER = 'etc/postgresql-common/createcluster.d/hilum-setup.conf';
const OURS = '# placed by the set-up of Hilum while it installs packages';

/**
 * Runs `install` while no package may start a service or create a PostgreSQL cluster. Restores the previous state afterwards,
 * even if the installation fails or the set-up is interrupted.
 *
 * @param install asynchronous
 * @param root the file system's root
 */
export async function withoutStartingServices(install, root = '/') {
  const policy = join(root, POLICY);
  const cluster = join(root, CLUSTER);
  const kept = `${policy}.before-hilum`;
  const restore = () => {
    if (existsSync(policy) && isOurs(policy)) rmSync(policy);
    if (existsSync(kept)) renameSync(kept, policy);
    rmSync(cluster, { force: true });
  };
  // First undo what an earlier set-up left behind when it was killed.
  restore();
  if (existsSync(policy)) renameSync(policy, kept);
  const interrupted = () => process.exit(130);
  process.once('exit', restore);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    place(policy, `#!/bin/sh\n${OURS}\nexit 101\n`, 0o755);
    place(cluster, `${OURS}\ncreate_main_cluster = false\n`, 0o644);
    return await install();
  } finally {
    restore();
    process.off('exit', restore);
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

function isOurs(file) {
  return readFileSync(file, 'utf8').includes(OURS);
}

function place(file, text, mode) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}
