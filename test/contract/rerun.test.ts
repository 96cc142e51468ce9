/** `hilum rerun` on the local cloud: the command, its bucket, table, queues and list of tools. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import type { RunStore } from '#pipeline/ports.ts';
import { cloudUp, localDown } from '../../localstack/local.ts';
import { runHilumIn } from '../fixtures/hilum.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { createPipeline, upload } from '../fixtures/pipeline.ts';
import { makeRunsTable } from '../fixtures/runs-table-in-cloud.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const FAILED = '1'.repeat(32);

describeWith(['cloud'], 'hilum rerun', () => {
  let home: string;
  let settings: LocalCloud;
  let runs: RunStore;
  let sqs: SQSClient;
  let queues: string;
  let study: Awaited<ReturnType<typeof upload>>;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hilum-rerun-'));
    settings = await cloudUp({ home, ports: 'free' });
    runs = createDynamoRunStore(await makeRunsTable(settings, 'runs'));
    sqs = new SQSClient(settings);
    for (const name of ['intake-live', 'return-live']) {
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `hilum-${name}` }));
      queues = QueueUrl.replace(new RegExp(`${name}$`), '');
    }
    const Value = JSON.stringify({ format: 'hilum.tools/1', tools: { tiny: '1.0.0', other: '3.0.0' } });
    await new SSMClient(settings).send(new PutParameterCommand({ Name: '/t/tools', Type: 'String', Value }));
    const client = new S3Client({ ...settings, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: 'studies' }));
    const objects = createS3ObjectStore({ bucket: 'studies', client });
    const pipeline = createPipeline();
    study = await upload(pipeline, makeRadiographFile());
    for (const [key, bytes] of pipeline.objects.contents) await objects.put(key, bytes);
    const { StudyInstanceUID, revision } = study;
    const run = { StudyInstanceUID, revision, inputDigest: 'b'.repeat(64), version: '1.0.0', lane: 'live' } as const;
    const reason = { code: 'archive-unavailable', message: 'The PACS is away.' };
    const gaveUp = { step: 'return', cause: 'archive' } as const;
    await runs.record({ ...run, runId: FAILED, tool: 'tiny', state: 'failed', reason, gaveUp });
  });
  afterAll(() => localDown({ home, purge: true }));

  const hilum = (...args: readonly string[]) =>
    runHilumIn(settings, args, {
      ...{ HILUM_HOME: home, HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: queues, HILUM_EDGE_FOLDER: join(home, 'edge') },
      ...{ HILUM_BUCKET: 'studies', HILUM_TOOLS_PARAMETER: '/t/tools' },
    });
  const received = async (name: string): Promise<readonly unknown[]> => {
    const found = await createSqsQueue({ url: `${queues}${name}`, client: sqs }).receive({ limit: 10, hiddenS: 0 });
    return found.map(({ body }) => JSON.parse(body) as unknown);
  };

  it('refuses a tool that is not deployed, and a study that it does not have', async () => {
    const tool = await hilum('rerun', study.StudyInstanceUID, '--tool', 'tinny');
    const unknown = await hilum('rerun', '1.2.3');

    expect(tool).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no deployed tool tinny \(did you mean tiny\?\)/),
    });
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/has no upload of the study 1\.2\.3\. `/) });
    expect(await received('intake-live')).toEqual([]);
  });

  it('says for each tool what was done', async () => {
    const { code, stdout } = await hilum('rerun', study.StudyInstanceUID, '--json');
    const second = await hilum('rerun', study.StudyInstanceUID, '--tool', 'tiny');

    const { StudyInstanceUID, revision } = study;
    expect(JSON.parse(stdout)).toMatchObject([
      { StudyInstanceUID, revision, tool: 'tiny', rerun: 'tried-again', runId: FAILED, queue: 'return-live' },
      { tool: 'other', version: '3.0.0', rerun: 'new-run', queue: 'intake-live' },
    ]);
    expect(code).toBe(0);
    expect(await received('intake-live')).toEqual([
      { Records: [{ s3: { object: { key: encodeURIComponent(study.key) } } }], tools: ['other'] },
    ]);
    expect(await received('return-live')).toMatchObject([{ runId: FAILED }]);
    expect(second.stdout).toMatch(
      /^2\.25\.\d+\n {2}tiny 1\.0\.0: run 11111111 is at work: the answer is on its way to the PACS; nothing/,
    );
    expect(await runs.get(FAILED)).toMatchObject({ state: 'converted' });
  });
});
