/** The local cloud, and a web page in a browser on this machine that knows all its ports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { readState } from '../../localstack/home.ts';
import { cloudUp, localDown, localStatus, orthancUp } from '../../localstack/local.ts';
import { VENVS } from '../../localstack/parts.mjs';
import { freePort } from '../../localstack/processes.ts';
import { openScreen, startChromium } from '../fixtures/browser.ts';
import { callCloud, functionOf, jsonCall } from '../fixtures/cloud-call.ts';
import { type HostilePage, MADE, serveHostilePage, TREASURE } from '../fixtures/hostile-page.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { listenersOf } from '../fixtures/listeners.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-page-'));
const home = join(folder, 'home');
const NOBODY = { username: 'nobody', password: 'none' };

describeWith(['cloud', 'orthanc', 'postgresql', 'chromium'], 'a page that knows every port', () => {
  let browser: Browser;
  let page: HostilePage;
  beforeAll(async () => {
    [browser, page] = await Promise.all([startChromium(), serveHostilePage()]);
  });
  afterAll(async () => {
    await browser.close();
    page.close();
    await localDown({ home, purge: true });
    rmSync(folder, { recursive: true });
  });

  /** Every text that the page could read, in a browser that remembers a password for who asks for one. */
  async function attack(ports: readonly number[], httpCredentials = NOBODY): Promise<string> {
    const { page: tab, context } = await openScreen(browser, { httpCredentials });
    await tab.goto(page.url);
    const seen = (await tab.evaluate(`attack(${JSON.stringify(ports)})`)) as readonly string[];
    await context.close();
    return seen.join('\n');
  }

  it('reads nothing and makes nothing in the local cloud and PACS', async () => {
    const orthanc = await orthancUp({ home, ports: 'free' });
    const cloud = await cloudUp({ home, ports: 'free' });
    await fill(cloud);
    const before = await holdings(cloud);
    const roots = Object.values(readState(home).processes ?? {}).map(({ pid }) => pid);
    const ports = [...new Set([...listenersOf(roots).values()].flat())];
    const guardPort = Number(new URL(cloud.endpoint).port);

    const seen = await attack(ports, orthanc);

    expect(ports).toHaveLength(3);
    expect(ports).toContain(guardPort);
    expect(seen).toBe('');
    expect(await holdings(cloud)).toEqual(before);
    expect(before.logs).not.toContain(TREASURE.function);
    expect((await localStatus({ home })).map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    const { page: tab, context } = await openScreen(browser, { httpCredentials: orthanc });
    expect((await tab.goto(orthanc.url))?.status()).toBe(200);
    await context.close();
  });

  it('gets nothing by DNS rebinding to the guard, and neither does a person who opens the guard’s address', async () => {
    const { endpoint = '' } = readState(home);
    const { page: tab, context } = await openScreen(browser);

    const answers = [await tab.goto(endpoint), await tab.goto(endpoint.replace('127.0.0.1', 'localhost'))];
    const texts = await Promise.all(answers.map((answer) => answer?.status()));
    await context.close();

    expect(texts).toEqual([403, 403]);
  });

  it('could read and make things in a MiniStack on a port', async () => {
    const { cloud, close } = await bareMiniStack();
    try {
      await fill(cloud);

      const seen = await attack([Number(new URL(cloud.endpoint).port)]);

      const after = await holdings(cloud);
      expect(seen.split(TREASURE.text).length).toBeGreaterThan(3);
      expect(seen).toContain(MADE);
      expect([after.buckets, after.functions, after.logs].map((text) => text.includes(MADE))).toEqual([
        true,
        true,
        true,
      ]);
    } finally {
      await close();
    }
  });
});

/** Puts the secrets that the page looks for into the local cloud. */
async function fill(cloud: LocalCloud): Promise<void> {
  const { bucket, key, secret, table, text } = TREASURE;
  const json = { 'content-type': 'application/json' };
  const present = functionOf(TREASURE.function, `exports.handler = async () => '${text}'`);
  await callCloud(cloud, { service: 's3', method: 'PUT', path: `/${bucket}` });
  await callCloud(cloud, { service: 's3', method: 'PUT', path: `/${bucket}/${key}`, body: text });
  await callCloud(
    cloud,
    jsonCall('secretsmanager', 'secretsmanager.CreateSecret', { Name: secret, SecretString: text }),
  );
  await callCloud(
    cloud,
    jsonCall('dynamodb', 'DynamoDB_20120810.CreateTable', {
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await callCloud(
    cloud,
    jsonCall('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: table, Item: { id: { S: text } } }),
  );
  await callCloud(cloud, {
    service: 'lambda',
    method: 'POST',
    path: '/2015-03-31/functions',
    headers: json,
    body: present,
  });
}

/** What the cloud holds, as its services list it; a function that ran has a log. */
async function holdings(
  cloud: LocalCloud,
): Promise<Readonly<Record<'buckets' | 'objects' | 'functions' | 'queues' | 'logs', string>>> {
  const list = (path: string) => callCloud(cloud, { service: 's3', method: 'GET', path });
  const functions = await callCloud(cloud, { service: 'lambda', method: 'GET', path: '/2015-03-31/functions' });
  const { Functions } = JSON.parse(functions) as {
    readonly Functions: readonly { readonly FunctionName: string; readonly RevisionId: string }[];
  };
  return {
    buckets: await list('/'),
    objects: await list(`/${TREASURE.bucket}`),
    functions: JSON.stringify(Functions.map(({ FunctionName, RevisionId }) => [FunctionName, RevisionId])),
    queues: await callCloud(cloud, jsonCall('sqs', 'AmazonSQS.ListQueues', {})),
    logs: await callCloud(cloud, jsonCall('logs', 'Logs_20140328.DescribeLogGroups', {})),
  };
}

/** MiniStack as its own program starts it. */
async function bareMiniStack(): Promise<{ readonly cloud: LocalCloud; close(): Promise<void> }> {
  const port = await freePort();
  const inside = (name: string): string => join(folder, 'bare', name);
  for (const name of ['tmp', 'state', 's3']) mkdirSync(inside(name), { recursive: true });
  const child = spawn(join(VENVS.cloud.folder, 'bin/ministack'), {
    stdio: 'ignore',
    env: {
      ...{ PATH: process.env['PATH'], BIND_HOST: '127.0.0.1', MINISTACK_HOST: '127.0.0.1', GATEWAY_PORT: String(port) },
      ...{ TMPDIR: inside('tmp'), STATE_DIR: inside('state'), S3_DATA_DIR: inside('s3') },
      ...{ IOT_MTLS_ENABLED: '0', SFTP_ENABLED: '0' },
    },
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const cloud = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  await expect
    .poll(
      () =>
        fetch(`${endpoint}/_localstack/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
  return {
    cloud,
    close: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
