/** A message stays hidden while its function works, even if the work blocks the event loop, and not for long after. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLeases, type Hold } from '#adapters/lease/lease.ts';

/** SQS in a thread of its own, which answers while this one is blocked. It reports each ChangeMessageVisibility. */
const SQS = `
  const { createServer } = require('node:http');
  const { parentPort, workerData: seen } = require('node:worker_threads');
  let refuses = false;
  parentPort.on('message', (value) => { refuses = value; });
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    Atomics.add(seen, 0, 1);
    parentPort.postMessage({ target: request.headers['x-amz-target'], ...JSON.parse(body) });
    response.writeHead(refuses ? 403 : 200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(refuses ? '{"__type":"com.amazonaws.sqs#AccessDeniedException"}' : '{}');
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

interface Change {
  readonly target: string;
  readonly QueueUrl: string;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout: number;
}

describe('a lease', () => {
  let server: Worker;
  let changes: Change[] = [];
  let hold: Hold;
  /** How many changes there were so far, which can be read while this thread is blocked. */
  const seen = new Int32Array(new SharedArrayBuffer(4));
  beforeAll(async () => {
    server = new Worker(SQS, { eval: true, workerData: seen });
    const [port] = await once(server, 'message');
    server.on('message', (change: Change) => changes.push(change));
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    hold = createLeases({ urlOf: (queue) => `http://127.0.0.1:${port}/1/hilum-${queue}`, leaseS: 1.5 });
  });
  beforeEach(() => {
    changes = [];
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.terminate();
  });

  it('begins at once, is renewed while the event loop is blocked, and ends when it is released', async () => {
    const release = await hold('infer-tiny-live', 'receipt-1');
    const giveUpAt = Date.now() + 12_000;
    while (Atomics.load(seen, 0) < 3 && Date.now() < giveUpAt);
    const meanwhile = Atomics.load(seen, 0);
    await release();
    await sleep(200);
    const renewed = changes.length;
    await sleep(1200);

    expect(changes[0]).toMatchObject({
      target: 'AmazonSQS.ChangeMessageVisibility',
      QueueUrl: expect.stringMatching(/\/hilum-infer-tiny-live$/),
      ReceiptHandle: 'receipt-1',
      VisibilityTimeout: 1.5,
    });
    expect(meanwhile).toBeGreaterThanOrEqual(3);
    expect(changes).toHaveLength(renewed);
  });

  it('holds each message on its own, and may be released twice', async () => {
    const [one, other] = [await hold('a', 'receipt-1'), await hold('b', 'receipt-2')];
    await one();
    await one();
    await vi.waitFor(() => expect(changes.length).toBeGreaterThan(1));
    changes = [];
    await vi.waitFor(() => expect(changes.length).toBeGreaterThan(1), 10_000);
    await other();

    expect(new Set(changes.map(({ ReceiptHandle }) => ReceiptHandle))).toEqual(new Set(['receipt-2']));
  });

  it('is never an error, even if the queue refuses it', async () => {
    server.postMessage(true);
    const release = await hold('a', 'receipt-3');
    await sleep(700);

    await expect(release()).resolves.toBeUndefined();
    server.postMessage(false);
  });
});
