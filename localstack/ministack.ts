import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import { cloudKey } from './home.ts';
import { ROOT, VENVS } from './parts.mjs';
import { launch, type ProcessRecord, waitUntilReady } from './processes.ts';

/** The region of the local cloud. */
export const REGION = 'us-east-1';

/**
 * The folder of MiniStack's socket, which only this home's owner can enter. MiniStack and the guard run in that folder and
 * open the socket by its name alone: a socket's path has at most 107 bytes, and a home's path may be longer.
 */
const socketFolder = (home: string): string => join(home, 'cloud', 'socket');

export const SOCKET_NAME = 'ministack.sock';

const socketOf = (home: string): string => join(socketFolder(home), SOCKET_NAME);

/** Whether the cloud of this home was started on a socket. Earlier versions started it on a port, which pages can find. */
export const hasSocket = (home: string): boolean => existsSync(socketOf(home));

/**
/**
 * The Python that runs MiniStack.
 *
 * @throws ConfigurationError if it is not installed
 */
export function miniStackPython(): string {
  if (existsSync(join(VENVS.cloud.folder, 'bin/ministack'))) return join(VENVS.cloud.folder, 'bin/python');
  throw new ConfigurationError('The local cloud is not installed: `hilum doctor` says how to get it');
}

/**
 * Starts MiniStack, a LocalStack-compatible cloud in one process, on a Unix socket and not on a port. Functions run as its
 * child processes and inherit its whole environment. The environment is therefore a clean one: this Node comes first on the
 * PATH, the guard is the endpoint, and this home's key signs requests.
 *
 * @param port the guard's port, the only way to MiniStack
 * @throws ConfigurationError if it is not installed or does not start
 */
export async function startMiniStack(home: string, port: number): Promise<ProcessRecord> {
  const python = miniStackPython();
  const folder = join(home, 'cloud');
  const inside = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const tmp = inside('tmp');
  // MiniStack writes CommonJS worker scripts there. In a clone they would fall under our own "type": "module".
  writeFileSync(join(tmp, 'package.json'), '{ "type": "commonjs" }\n');
  const cwd = inside('socket');
  rmSync(socketOf(home), { force: true });
  const log = join(home, 'logs', 'cloud.log');
  const { accessKeyId, secretAccessKey } = cloudKey(home);
  const record = await launch({
    command: python,
    args: [join(ROOT, 'localstack/serve_ministack.py'), SOCKET_NAME],
    env: {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      HOME: folder,
      LANG: 'C.UTF-8',
      TMPDIR: tmp,
      STATE_DIR: inside('state'),
      S3_DATA_DIR: inside('s3'),
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ENDPOINT_URL: endpointOf(port),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      // Switches off listeners on ports, for services that Hilum does not use.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      PYTHONDONTWRITEBYTECODE: '1',
    },
    cwd,
    log,
    user: undefined,
  });
  await waitUntilReady(record, { name: 'MiniStack', log, withinMs: 30_000 }, async () => hasSocket(home));
  return record;
}

/** Starts the guard in front of MiniStack on a port of the loopback interface. */
export async function startGuard(home: string, port: number): Promise<ProcessRecord> {
  return launch({
    command: process.execPath,
    args: [join(ROOT, 'localstack/guard/program.ts'), home, String(port)],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    cwd: socketFolder(home),
    log: join(home, 'logs', 'guard.log'),
    user: undefined,
  });
}

export const endpointOf = (port: number): string => `http://127.0.0.1:${port}`;
