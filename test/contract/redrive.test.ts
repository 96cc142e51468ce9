/** `hilum redrive` on the local cloud: the command, its table and its queues. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import type { RunStore } from '#pipeline/ports.ts';
import { cloudUp, localDown } from '../../localstack/local.ts';
import { runHilumIn } from '../fixtures/hilum.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { makeRunsTable } from '../fixtures/runs-table-in-cloud.ts';

const [DELIVERY, UNDEPLOYED, REFUSED] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];

describeWith(['cloud'], 'hilum redrive', () => {
  let home: string;
  let settings: LocalCloud;
  let runs: RunStore;
  let sqs: SQSClient;
  let queues: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hilum-redrive-'));
    settings = await cloudUp({ home, ports: 'free' });
    runs = createDynamoRunStore(await makeRunsTable(settings, 'runs'));
    sqs = new SQSClient(settings);
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'hilum-return-live' }));
    queues = QueueUrl.replace(/return-live$/, '');
    const base = { revision: 'a'.repeat(64), inputDigest: 'b'.repeat(64), version: '1.0.0', lane: 'live' } as const;
    const reason = { code: 'archive-unavailable', message: 'The PACS is away.' };
    const ended = [
      { runId: DELIVERY, state: 'failed', gaveUp: { step: 'return', cause: 'archive' }, reason },
      { runId: UNDEPLOYED, state: 'failed', gaveUp: { step: 'infer', cause: 'fault' } },
      { runId: REFUSED, state: 'rejected', gaveUp: { step: 'convert', cause: 'never' } },
    ] as const;
    for (const [index, end] of ended.entries())
      await runs.record({ ...base, ...end, StudyInstanceUID: `1.2.${index}`, tool: 'tiny' });
  });
  afterAll(() => localDown({ home, purge: true }));

  const hilum = (...args: readonly string[]) =>
    runHilumIn(settings, args, {
      ...{ HILUM_HOME: home, HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: queues, HILUM_EDGE_FOLDER: join(home, 'edge') },
    });
  const received = async () =>
    await createSqsQueue({ url: `${queues}return-live`, client: sqs }).receive({ limit: 10, hiddenS: 0 });

  it('says what it would do, and does nothing', async () => {
    const { code, stdout } = await hilum('redrive', '--cause', 'archive-unavailable', '--dry-run');

    expect(stdout).toBe(
      '1.2.0: tiny 1.0.0 (live), failed (archive-unavailable), would be sent to queue return-live\n' +
        '1 run would go back to work.\n',
    );
    expect(code).toBe(0);
    expect(await received()).toEqual([]);
    expect(await runs.get(DELIVERY)).toMatchObject({ state: 'failed' });
  });

  it('sends what can be sent, and says what cannot, and why', async () => {
    const { code, stdout, stderr } = await hilum('redrive', '--json');

    expect(JSON.parse(stdout)).toMatchObject([
      { runId: REFUSED, redrive: 'left-alone' },
      { runId: UNDEPLOYED, redrive: 'not-deployed', state: 'failed' },
      { runId: DELIVERY, redrive: 'sent', queue: 'return-live', step: 'return', answer: 'result' },
    ]);
    expect(stderr).toMatch(/1 run goes back to work\.\n1 run would end the same way again: name the cause/);
    expect(stderr).toMatch(/1 run could not be sent: the queue of the tool does not exist/);
    expect(code).toBe(1);
    expect((await received()).map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ runId: DELIVERY }]);
    expect(await runs.get(DELIVERY)).toMatchObject({ state: 'converted' });
  });

  it('is seen in the status, and sends nothing a second time', async () => {
    const again = await hilum('redrive', '--study', '1.2.0');
    const { stdout } = await hilum('status', '1.2.0');

    expect(again).toMatchObject({ code: 0, stdout: '0 runs go back to work.\n' });
    expect(stdout).toMatch(/: converted, the answer is on its way to the PACS\n/);
    expect(stdout).toMatch(/\n {4}redriven at 20\d\d-/);
    expect(await received()).toHaveLength(1);
  });
});
