/** The ports in memory and on a cloud that answers: what AWS promises the adapters, the local one must keep. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDynamoBookmarks } from '#adapters/aws/bookmarks.ts';
import { createSsmDeployedTools } from '#adapters/aws/deployed-tools.ts';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { createDynamoSetTable } from '#adapters/aws/set-table.ts';
import { createDynamoWorkLedger } from '#adapters/aws/work-ledger.ts';
import { cloudUp, localDown } from '../../localstack/local.ts';
import { describeWith } from '../fixtures/lanes.ts';
import {
  createManualClock,
  createMemoryBookmarks,
  createMemoryDeployedTools,
  createMemoryObjectStore,
  createMemoryQueue,
  createMemoryRunStore,
  createMemorySetTable,
  createMemoryWorkLedger,
} from '../fixtures/memory-ports.ts';
import { aBucket, aLedger, aQueue, deployedTools } from '../fixtures/port-contracts.ts';
import { aDatedLedger, aListing, aMeasuredQueue, someBookmarks } from '../fixtures/reconcile-contracts.ts';
import { aRunsTable } from '../fixtures/runs-table-contract.ts';
import { makeRunsTable } from '../fixtures/runs-table-in-cloud.ts';
import { aSetTable } from '../fixtures/sets-contract.ts';

describe('in memory', () => {
  describe('the runs table', () => {
    aRunsTable(async () => {
      const clock = createManualClock();
      return { runs: createMemoryRunStore(clock), tick: () => clock.advance(1000) };
    });
  });

  describe('the ledger of work', () => {
    aLedger(async () => ({ ledger: createMemoryWorkLedger(), runs: createMemoryRunStore() }));
    aDatedLedger(async () => {
      const clock = createManualClock();
      return { ledger: createMemoryWorkLedger(clock), tick: () => clock.advance(1000) };
    });
  });

  describe('the sets of results', () => {
    aSetTable(async () => ({ sets: createMemorySetTable(), runs: createMemoryRunStore() }));
  });

  describe('the bookmarks', () => {
    someBookmarks(async () => createMemoryBookmarks());
  });

  describe('the bucket', () => {
    aBucket(async () => createMemoryObjectStore());
    aListing(async () => createMemoryObjectStore());
  });

  describe('the deployed tools', () => {
    deployedTools(async (tools) => {
      const deployed = createMemoryDeployedTools([]);
      for (const [id, version] of Object.entries(tools)) deployed.tools.set(id, version);
      return deployed;
    });
  });

  describe('a queue', () => {
    aQueue(async () => {
      const clock = createManualClock();
      return { queue: createMemoryQueue(clock), pass: async (seconds) => clock.advance(seconds * 1000) };
    });
    aMeasuredQueue(async () => ({ queue: createMemoryQueue() }));
  });
});

describeWith(['cloud'], 'on the local cloud', () => {
  let made = 0;
  let home: string;
  let settings: LocalCloud;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hilum-contract-'));
    settings = await cloudUp({ home, ports: 'free' });
  });
  afterAll(() => localDown({ home, purge: true }));

  describe('the runs table', () => {
    aRunsTable(async () => {
      const { table, client } = await makeTable();
      const clock = createManualClock();
      return { runs: createDynamoRunStore({ table, client, clock }), tick: () => clock.advance(1000) };
    });
  });

  describe('the ledger of work', () => {
    aLedger(async () => {
      const { table, client } = await makeTable();
      return {
        ledger: createDynamoWorkLedger({ table, client, counting: client }),
        runs: createDynamoRunStore({ table, client }),
      };
    });
    aDatedLedger(async () => {
      const { table, client } = await makeTable();
      const clock = createManualClock();
      const ledger = createDynamoWorkLedger({ table, client, counting: client, clock });
      return { ledger, tick: () => clock.advance(1000) };
    });
  });

  describe('the sets of results', () => {
    aSetTable(async () => {
      const { table, client } = await makeTable();
      return { sets: createDynamoSetTable({ table, client }), runs: createDynamoRunStore({ table, client }) };
    });
  });

  describe('the bookmarks', () => {
    someBookmarks(async () => createDynamoBookmarks(await makeTable()));
  });

  const makeTable = async () => await makeRunsTable(settings, `runs-${made++}`);

  describe('the bucket', () => {
    aBucket(makeStore);
    aListing(makeStore);

    it('takes a file as it takes bytes', async () => {
      const store = await makeStore();
      const folder = mkdtempSync(join(tmpdir(), 'hilum-bucket-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const [path, bytes] = [join(folder, 'file'), Buffer.alloc(20_000_000, 'a file')];
      writeFileSync(path, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const file = { path, sizeBytes: bytes.length, sha256 };

      expect(await store.putFile?.('chunks/x', file, { ifAbsent: true })).toBe('stored');
      expect(await store.putFile?.('chunks/x', file, { ifAbsent: true })).toBe('exists');

      const back = (await store.get('chunks/x')) ?? new Uint8Array();
      expect(createHash('sha256').update(back).digest('hex')).toBe(sha256);
    });
  });

  async function makeStore() {
    const client = new S3Client({ ...settings, forcePathStyle: true });
    const bucket = `studies-${made++}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return createS3ObjectStore({ bucket, client });
  }

  describe('the deployed tools', () => {
    deployedTools(async (tools) => {
      const client = new SSMClient(settings);
      const parameter = `/tools-${made++}/tools`;
      const Value = JSON.stringify({ format: 'hilum.tools/1', tools });
      await client.send(new PutParameterCommand({ Name: parameter, Type: 'String', Value }));
      return createSsmDeployedTools({ parameter, client });
    });
  });

  describe('a queue', () => {
    aQueue(makeQueue);
    aMeasuredQueue(makeQueue);
  });

  async function makeQueue() {
    const client = new SQSClient(settings);
    const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName: `work-${made++}` }));
    return { queue: createSqsQueue({ url, client }), pass: (seconds: number) => sleep(seconds * 1000 + 200) };
  }
});
