/** An archive or a cloud that says nothing: no call waits for ever, and none is given up that still makes progress. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { limits } from '#adapters/aws/clients.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { limited } from '#adapters/call.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createPatience } from '#adapters/dicomweb/patience.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { ArchiveDeniedError, ArchiveUnavailableError, ServiceUnavailableError } from '#core/errors.ts';
import { ctSeries, edgeOf } from '../fixtures/edge.ts';
import { startSwallowingProxy } from '../fixtures/swallowing-proxy.ts';

const AT_HOME = {
  ...{ region: 'eu-central-1', forcePathStyle: true },
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const SERIES = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.3' };

/** A server for one test. */
async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('waits longer each time a path was silent, up to the limit of the settings, and short again after an answer', () => {
  const patience = createPatience(60_000);
  const waits = [1, 2, 3, 4].map(() => {
    const wait = patience.of('GET studies/a');
    patience.exhausted('GET studies/a');
    return wait;
  });

  expect(waits).toEqual([15_000, 30_000, 60_000, 60_000]);
  expect(patience.of('GET studies/b')).toBe(15_000);
  patience.answered('GET studies/a');
  expect(patience.of('GET studies/a')).toBe(15_000);
  expect(createPatience(3_000).of('GET studies/a')).toBe(3_000);
});

it('forwards both studies that were on their way when a proxy swallowed packets', { timeout: 60_000 }, async () => {
  const edge = await edgeOf();
  const proxy = await startSwallowingProxy(edge.pacs.url);
  onTestFinished(() => proxy.close());
  // A tenth of the real times: the proxy swallows 1 s instead of 10 s, and the wait is 1.5 s instead of 15 s.
  const { username, password } = edge.pacs;
  const access = { username, password, timeoutMs: 1_500 };
  const archive = createDicomWebClient({ ...access, url: `${proxy.url}dicom-web/` });
  const stop = new AbortController();
  const orthanc = createOrthancClient({ ...access, url: proxy.url });
  const running = edge.restarted({ archive, orthanc }).run(stop.signal);
  await expect.poll(() => edge.journal.cursor()).toBeDefined();

  await edge.arrive(ctSeries({ seed: 1 }));
  proxy.swallow(1_000);
  await edge.arrive(ctSeries({ seed: 2 }));
  const manifests = () => [...edge.bucket.contents.keys()].filter((key) => key.endsWith('/manifest.json')).length;
  await expect.poll(manifests, { timeout: 40_000 }).toBe(2);
  stop.abort();
  await running;

  expect(edge.log.join('\n')).toContain('ETIMEDOUT');
});

it('does not take a slow reader for a silent archive', async () => {
  const piece = 'x'.repeat(200_000);
  const url = await serving((_, response) => {
    response.writeHead(200, { 'Content-Type': 'multipart/related; boundary=B' });
    for (let part = 0; part < 20; part += 1) response.write(`--B\r\n\r\n${piece}\r\n`);
    response.end('--B--');
  });
  let parts = 0;

  for await (const file of createDicomWebClient({ url, timeoutMs: 3_000 }).retrieveSeries(SERIES)) {
    parts += Number(file.length === piece.length);
    if (parts === 3) await sleep(4_000);
  }

  expect(parts).toBe(20);
});

it('does not take a slow archive for a silent one', async () => {
  const url = await serving(async (_, response) => {
    response.writeHead(200, { 'Content-Type': 'multipart/related; boundary=B' });
    for (const piece of ['--B\r\n\r\n', 'a', 'b', 'c', 'd', 'e', '\r\n--B--']) {
      response.write(piece);
      await sleep(600);
    }
    response.end();
  });

  const files = await Array.fromAsync(createDicomWebClient({ url, timeoutMs: 3_000 }).retrieveSeries(SERIES));

  expect(files.map((file) => Buffer.from(file).toString())).toEqual(['abcde']);
});

it('reads the account again after a 401, and asks once more only if it has changed', async () => {
  const sent: string[] = [];
  const url = await serving((request, response) => {
    const [, password] = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64')
      .toString()
      .split(':');
    sent.push(password ?? '');
    const status = password === 'new' ? 200 : 401;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end('{"Version":"1.12.7"}');
  });
  const account = { username: 'hilum', password: 'old' };
  let inFile = 'old';
  const client = createOrthancClient({ url, ...account, renewed: () => ({ ...account, password: inFile }) });

  await expect(client.system()).rejects.toThrow(ArchiveDeniedError);
  inFile = 'new';
  await expect(client.system()).resolves.toEqual({ version: '1.12.7' });
  await client.system();

  expect(sent).toEqual(['old', 'old', 'new', 'new']);
});

it('ends a call of Orthanc’s own interface at the caller’s signal and at its deadline', async () => {
  const client = createOrthancClient({ url: await serving(() => undefined), signal: new AbortController().signal });

  await expect(client.studies(0, 1, { deadlineMs: Date.now() + 50 })).rejects.toThrow(ArchiveUnavailableError);
  await expect(client.series('a', { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(client.findStudies('1.2', { deadlineMs: Date.now() + 50 })).rejects.toThrow(ArchiveUnavailableError);
});

it.each(['is-silent', 'begins'])('repeats a call to AWS that was silent, and then gives it up: %s', async (key) => {
  let calls = 0;
  const endpoint = await serving((request, response) => {
    calls += 1;
    request.resume();
    if (key === 'begins') response.writeHead(200, { 'content-length': '100' }).write('half');
  });
  const client = new S3Client({ ...AT_HOME, endpoint, ...limits(200) });
  const store = createS3ObjectStore({ bucket: 'studies', client });

  await expect(store.get(key)).rejects.toThrow(ServiceUnavailableError);
  // The SDK does not repeat a call whose answer has begun.
  expect(calls).toBe(key === 'begins' ? 1 : 4);
});

it('does not give up an upload that makes progress', async () => {
  let calls = 0;
  const endpoint = await serving(async (request, response) => {
    calls += 1;
    for await (const _ of request) await sleep(10);
    response.end();
  });
  const client = new S3Client({ ...AT_HOME, endpoint, ...limits(2_500) });
  const startedAt = Date.now();

  expect(await createS3ObjectStore({ bucket: 'studies', client }).put('chunk', new Uint8Array(24_000_000))).toBe(
    'stored',
  );
  expect([calls, Date.now() - startedAt > 3_000]).toEqual([1, true]);
});

it('gives a call that carries much as long as the slowest connection needs', async () => {
  const remaining = async (bytes: number): Promise<number> => {
    const limits: number[] = [];
    const { timeout } = AbortSignal;
    AbortSignal.timeout = (ms) => {
      limits.push(ms);
      return timeout.call(AbortSignal, ms);
    };
    await limited(
      {},
      async () => undefined,
      () => new Error('failed'),
      bytes,
    ).finally(() => {
      AbortSignal.timeout = timeout;
    });
    return Math.round((limits[0] ?? 0) / 1_000);
  };

  expect(await remaining(0)).toBe(150);
  expect(await remaining(16_000_000)).toBe(470);
});
