/** The adapters against a cloud that answers: what AWS promises them, the local one must keep. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createPostpone, createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { STUDY_INDEX } from '#pipeline/environment.ts';
import type { RunStore, RunUpdate } from '#pipeline/ports.ts';
import type { RunState } from '#pipeline/run-state.ts';
import { makeHome } from '../../localstack/home.ts';
import { endpointOf, REGION, startMiniStack } from '../../localstack/ministack.ts';
import { freePort, type ProcessRecord, stop } from '../../localstack/processes.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { createManualClock, createMemoryRunStore } from '../fixtures/memory-ports.ts';

const run: Omit<RunUpdate, 'state'> = {
  ...{ runId: '1'.repeat(32), StudyInstanceUID: '1.2', revision: 'a'.repeat(64) },
  ...{ tool: 'tiny', version: '1.0.0', lane: 'live' },
};

/** What every runs table must do; `make` gives an empty one. */
function aRunsTable(make: () => Promise<{ runs: RunStore; tick: () => void }>) {
  it('keeps what a run is, where it stands and when it first came to each state', async () => {
    const { runs, tick } = await make();
    for (const state of ['received', 'routed', 'routed', 'inferred'] as const) {
      await runs.record({
        ...run,
        state,
        ...(state === 'inferred' ? { outcome: 'result', summary: 'One thing.' } : {}),
      });
      tick();
    }

    expect(await runs.get(run.runId)).toEqual({
      ...{ ...run, state: 'inferred', outcome: 'result', summary: 'One thing.' },
      stages: {
        received: '2026-01-01T00:00:00.000Z',
        routed: '2026-01-01T00:00:01.000Z',
        inferred: '2026-01-01T00:00:03.000Z',
      },
    });
  });

  it.each<[readonly RunState[], RunState]>([
    [['received', 'inferred', 'routed'], 'inferred'],
    [['delivered', 'failed'], 'delivered'],
    [['delivered', 'converted', 'received'], 'delivered'],
    [['routed', 'failed', 'inferred', 'converted'], 'failed'],
    [['failed', 'converted', 'delivered'], 'delivered'],
    [['not-applicable', 'received'], 'not-applicable'],
    [['failed', 'rejected'], 'rejected'],
  ])('comes from %j to %s, with the time of each', async (states, final) => {
    const { runs } = await make();
    for (const state of states) await runs.record({ ...run, state });

    const record = await runs.get(run.runId);
    expect(record?.state).toBe(final);
    expect(Object.keys(record?.stages ?? {}).sort()).toEqual([...states].sort());
  });

  it('keeps the reason of the state a run is in, and no other', async () => {
    const { runs } = await make();
    const reason = { code: 'archive-unavailable', message: 'Down.' };
    const reasonAfter = async (update: Partial<RunUpdate> & Pick<RunUpdate, 'state'>) => {
      await runs.record({ ...run, ...update });
      return (await runs.get(run.runId))?.reason;
    };

    expect(await reasonAfter({ state: 'converted', reason })).toEqual(reason);
    expect(await reasonAfter({ state: 'inferred' })).toEqual(reason);
    expect(await reasonAfter({ state: 'delivered', objects: ['1.2.3'] })).toBeUndefined();
    expect(await runs.get(run.runId)).toMatchObject({ objects: ['1.2.3'] });
  });

  it('lists the newest first, and one study alone', async () => {
    const { runs, tick } = await make();
    for (const [runId, StudyInstanceUID] of [
      ['a', '1.1'],
      ['b', '1.2'],
      ['c', '1.1'],
    ] as const) {
      await runs.record({ ...run, runId, StudyInstanceUID, state: 'received' });
      tick();
    }
    await runs.record({ ...run, runId: 'a', StudyInstanceUID: '1.1', state: 'routed' });

    expect((await runs.list()).map(({ runId }) => runId)).toEqual(['c', 'b', 'a']);
    expect((await runs.list({ StudyInstanceUID: '1.1' })).map(({ runId }) => runId)).toEqual(['c', 'a']);
    expect(await runs.get('d')).toBeUndefined();
  });
}

describe('the runs table in memory', () => {
  aRunsTable(async () => {
    const clock = createManualClock();
    return { runs: createMemoryRunStore(clock), tick: () => clock.advance(1000) };
  });
});

describeWith(['cloud'], 'on the local cloud', () => {
  let home: string;
  let cloud: ProcessRecord;
  let settings: { endpoint: string; region: string; credentials: typeof LOCAL_CREDENTIALS };
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hilum-contract-'));
    makeHome(home);
    const port = await freePort();
    cloud = await startMiniStack(home, port);
    settings = { endpoint: endpointOf(port), region: REGION, credentials: LOCAL_CREDENTIALS };
  });
  afterAll(async () => {
    await stop(cloud, { signal: 'SIGTERM', graceMs: 5000 });
    await rm(home, { recursive: true, force: true });
  });

  describe('the runs table', () => {
    let tables = 0;
    aRunsTable(async () => {
      const client = new DynamoDBClient(settings);
      const clock = createManualClock();
      const table = `runs-${tables++}`;
      await client.send(
        new CreateTableCommand({
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['runId', 'StudyInstanceUID', 'firstSeen'].map((AttributeName) => ({
            AttributeName,
            AttributeType: 'S',
          })),
          KeySchema: [{ AttributeName: 'runId', KeyType: 'HASH' }],
          GlobalSecondaryIndexes: [
            {
              IndexName: STUDY_INDEX,
              KeySchema: [
                { AttributeName: 'StudyInstanceUID', KeyType: 'HASH' },
                { AttributeName: 'firstSeen', KeyType: 'RANGE' },
              ],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
        }),
      );
      return { runs: createDynamoRunStore({ table, client, clock }), tick: () => clock.advance(1000) };
    });
  });

  it('keeps objects, and lets the first of two win', async () => {
    const client = new S3Client({ ...settings, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: 'studies' }));
    const store = createS3ObjectStore({ bucket: 'studies', client });
    const bytes = Buffer.from('0123456789');

    expect(await store.get('runs/a')).toBeUndefined();
    expect(await store.exists('runs/a')).toBe(false);
    const outcomes = await Promise.all([1, 2, 3].map(() => store.put('runs/a', bytes, { ifAbsent: true })));

    expect(outcomes.sort()).toEqual(['exists', 'exists', 'stored']);
    expect(await store.exists('runs/a')).toBe(true);
    expect(Buffer.from((await store.get('runs/a')) ?? [])).toEqual(bytes);
    expect(Buffer.from((await store.get('runs/a', { offset: 3, length: 4 })) ?? []).toString()).toBe('3456');
    expect(await store.put('runs/a', Buffer.from('new'))).toBe('stored');
    expect(Buffer.from((await store.get('runs/a')) ?? []).toString()).toBe('new');
  });

  it('brings a message that was postponed again, and counts how often it came', async () => {
    const client = new SQSClient(settings);
    const { QueueUrl: url = '' } = await client.send(
      new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '300' } }),
    );
    await createSqsQueue({ url, client }).send('{"n": 1}');
    const receive = async () => {
      const request = {
        QueueUrl: url,
        WaitTimeSeconds: 3,
        MessageSystemAttributeNames: ['ApproximateReceiveCount' as const],
      };
      return (await client.send(new ReceiveMessageCommand(request))).Messages?.[0];
    };

    const first = await receive();
    await createPostpone(client)({ queueUrl: url, receiptHandle: first?.ReceiptHandle ?? '' }, 1);
    const second = await receive();

    expect([first?.Body, second?.Body]).toEqual(['{"n": 1}', '{"n": 1}']);
    expect(second?.Attributes).toMatchObject({ ApproximateReceiveCount: '2' });
  });
});
