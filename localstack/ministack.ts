import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import { answersOk } from './orthanc.ts';
import { VENVS } from './parts.mjs';
import { launch, type ProcessRecord, waitUntilReady } from './processes.ts';

/** The region that the local cloud plays. */
export const REGION = 'us-east-1';

/**
 * Starts MiniStack, a LocalStack-compatible cloud in one process, on the loopback interface. Functions run as its child
 * processes and inherit its whole environment, so it gets a clean one, with this Node first on the PATH.
 *
 * @throws ConfigurationError where it is not installed or does not start
 */
export async function startMiniStack(home: string, port: number): Promise<ProcessRecord> {
  const program = join(VENVS.cloud.folder, 'bin/ministack');
  if (!existsSync(program)) {
    throw new ConfigurationError('The local cloud is not installed: run `node setup/setup.mjs demo`');
  }
  const folder = join(home, 'cloud');
  const inside = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const tmp = inside('tmp');
  // The worker scripts that MiniStack writes there are CommonJS; a home in the checkout is below our own "type": "module".
  writeFileSync(join(tmp, 'package.json'), '{ "type": "commonjs" }\n');
  const log = join(home, 'logs', 'cloud.log');
  const record = await launch({
    command: program,
    args: [],
    env: {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      HOME: folder,
      LANG: 'C.UTF-8',
      TMPDIR: tmp,
      STATE_DIR: inside('state'),
      S3_DATA_DIR: inside('s3'),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    cwd: folder,
    log,
    user: undefined,
  });
  await waitUntilReady(record, { name: 'MiniStack', log, withinMs: 30_000 }, () => cloudAnswers(endpointOf(port)));
  return record;
}

export const endpointOf = (port: number): string => `http://127.0.0.1:${port}`;

/** The health check of MiniStack and of LocalStack alike. */
export const cloudAnswers = (endpoint: string): Promise<boolean> => answersOk(`${endpoint}/_localstack/health`);
