/** The local cloud alone: MiniStack on a socket, and the guard before it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBucket, type LocalCloud } from '#adapters/aws/local-cloud.ts';
import { keyFile, readState } from '../../localstack/home.ts';
import { cloudUp, localDown, localStatus } from '../../localstack/local.ts';
import { VENVS } from '../../localstack/parts.mjs';
import { isRunning, stop } from '../../localstack/processes.ts';
import { callCloud, functionOf } from '../fixtures/cloud-call.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { listenersOf } from '../fixtures/listeners.ts';

/** Longer than a socket's whole path may be. */
const home = join(mkdtempSync(join(tmpdir(), 'hilum-cloud-')), 'h'.repeat(120));
const options = { home, ports: 'free' } as const;
const KILL = { signal: 'SIGKILL', graceMs: 5_000 } as const;

describeWith(['cloud'], 'the local cloud', () => {
  let cloud: LocalCloud;
  beforeAll(async () => {
    cloud = await cloudUp(options);
    await createBucket(cloud, 'kept');
  });
  afterAll(async () => {
    await localDown({ home, purge: true });
    rmSync(join(home, '..'), { recursive: true });
  });

  const processes = () => {
    const { guard, cloud: miniStack } = readState(home).processes ?? {};
    if (guard === undefined || miniStack === undefined) throw new Error('The cloud was not started');
    return { guard, miniStack };
  };
  const buckets = async (): Promise<readonly (string | undefined)[]> => {
    const client = new S3Client({ ...cloud, credentials: { ...cloud.credentials }, forcePathStyle: true });
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    return Buckets.map(({ Name }) => Name);
  };
  const status = async () => (await localStatus({ home })).find(({ service }) => service === 'cloud');

  it('gives a function this home’s key and the guard’s address, and neither it nor MiniStack a port', async () => {
    const code = `exports.handler = async () => process.env;`;
    await callCloud(cloud, { ...lambda('/functions'), body: functionOf('says', code) });
    const { guard, miniStack } = processes();

    const environment = JSON.parse(await callCloud(cloud, lambda('/functions/says/invocations')));
    const ports = listenersOf([miniStack.pid]);

    expect(environment).toMatchObject({
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
    });
    if (existsSync('/proc')) {
      expect(ports.size).toBeGreaterThan(1);
      expect([...ports.values()].flat()).toEqual([]);
      expect([...listenersOf([guard.pid]).values()].flat()).toEqual([Number(new URL(cloud.endpoint).port)]);
    }
  });

  it('lets only the owner reach the socket', () => {
    const mode = (name: string) => statSync(join(home, 'cloud/socket', name)).mode & 0o777;

    expect([mode('.'), mode('ministack.sock')]).toEqual([0o700, 0o700]);
  });

  it('accepts other AWS programs that use the file with the key', () => {
    const script =
      "import botocore.session; print(botocore.session.get_session().create_client('s3').list_buckets()['Buckets'])";
    const { stdout } = spawnSync(join(VENVS.cloud.folder, 'bin/python'), ['-c', script], {
      encoding: 'utf8',
      env: { AWS_SHARED_CREDENTIALS_FILE: keyFile(home), AWS_ENDPOINT_URL: cloud.endpoint },
    });

    expect(stdout).toContain("'Name': 'kept'");
  });

  it('is unhealthy without its guard; a new guard gets the same address, and the cloud keeps its contents', async () => {
    const { guard, miniStack } = processes();

    await stop(guard, KILL);
    const without = await status();
    const again = await cloudUp(options);

    expect(without?.state).toBe('unhealthy');
    expect(again).toEqual(cloud);
    expect(processes().miniStack).toEqual(miniStack);
    expect(await buckets()).toEqual(['kept']);
    expect((await status())?.state).toBe('running');
  });

  it('is unhealthy with only its guard, and starts again, empty, at the same address', async () => {
    await stop(processes().miniStack, KILL);
    const without = await status();
    const again = await cloudUp(options);

    expect(without?.state).toBe('unhealthy');
    expect(again).toEqual(cloud);
    expect(await buckets()).toEqual([]);
  });

  it('replaces a cloud that an earlier version started on a port', async () => {
    const { guard, miniStack } = processes();
    await stop(guard, KILL);
    rmSync(join(home, 'cloud/socket/ministack.sock'));

    await cloudUp(options);

    expect(isRunning(miniStack)).toBe(false);
    expect((await status())?.state).toBe('running');
  });
});

const lambda = (path: string) => ({ service: 'lambda', method: 'POST', path: `/2015-03-31${path}` }) as const;
