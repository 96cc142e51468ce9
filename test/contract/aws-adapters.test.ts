/** The port contracts, in memory and on the local cloud, which must behave like AWS. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe } from 'vitest';
import { LOCAL_CREDENTIALS } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { STUDY_INDEX } from '#pipeline/environment.ts';
import { makeHome } from '../../localstack/home.ts';
import { endpointOf, REGION, startMiniStack } from '../../localstack/ministack.ts';
import { freePort, type ProcessRecord, stop } from '../../localstack/processes.ts';
import { describeWith } from '../fixtures/lanes.ts';
import {
  createManualClock,
  createMemoryObjectStore,
  createMemoryQueue,
  createMemoryRunStore,
} from '../fixtures/memory-ports.ts';
import { aBucket, aQueue, aRunsTable } from '../fixtures/port-contracts.ts';

describe('in memory', () => {
  describe('the runs table', () => {
    aRunsTable(async () => {
      const clock = createManualClock();
      return { runs: createMemoryRunStore(clock), tick: () => clock.advance(1000) };
    });
  });

  describe('the bucket', () => {
    aBucket(async () => createMemoryObjectStore());
  });

  describe('a queue', () => {
    aQueue(async () => {
      const clock = createManualClock();
      return { queue: createMemoryQueue(clock), pass: async (seconds) => clock.advance(seconds * 1000) };
    });
  });
});

describeWith(['cloud'], 'on the local cloud', () => {
  let made = 0;
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
    aRunsTable(async () => {
      const client = new DynamoDBClient(settings);
      const clock = createManualClock();
      const table = `runs-${made++}`;
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

  describe('the bucket', () => {
    aBucket(async () => {
      const client = new S3Client({ ...settings, forcePathStyle: true });
      const bucket = `studies-${made++}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return createS3ObjectStore({ bucket, client });
    });
  });

  describe('a queue', () => {
    aQueue(async () => {
      const client = new SQSClient(settings);
      const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName: `work-${made++}` }));
      return { queue: createSqsQueue({ url, client }), pass: (seconds) => sleep(seconds * 1000 + 200) };
    });
  });
});
