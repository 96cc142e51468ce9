/** `hilum deliver` and `hilum status` on the local cloud: the commands, their table and its queue. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { createDynamoSetTable } from '#adapters/aws/set-table.ts';
import type { PinnedSet, SetTable } from '#pipeline/ports.ts';
import { cloudUp, localDown } from '../../localstack/local.ts';
import { runHilumIn } from '../fixtures/hilum.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { makeRunsTable } from '../fixtures/runs-table-in-cloud.ts';

const [OLD, MISSING, WAITING] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];
const STUDY = '1.2.3';
const SET: PinnedSet = {
  ...{ setId: 'a'.repeat(32), runId: OLD, answer: 'result', inputDigest: 'b'.repeat(64), sequence: 1 },
  ...{ replaces: [], createdAt: '2026-01-01T00:00:00.000Z', state: 'superseded', stored: true, noted: true },
};
const CURRENT: PinnedSet = {
  ...{ ...SET, setId: 'c'.repeat(32), runId: MISSING, sequence: 2, replaces: [SET.setId] },
  ...{ state: 'missing', noted: false, missedAt: '2026-01-02T00:00:00.000Z' },
};

describeWith(['cloud'], 'hilum deliver', () => {
  let home: string;
  let settings: LocalCloud;
  let sets: SetTable;
  let sqs: SQSClient;
  let queues: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hilum-deliver-'));
    settings = await cloudUp({ home, ports: 'free' });
    const made = await makeRunsTable(settings, 'runs');
    const runs = createDynamoRunStore(made);
    sets = createDynamoSetTable(made);
    sqs = new SQSClient(settings);
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'hilum-return-live' }));
    queues = QueueUrl.replace(/return-live$/, '');
    const base = { revision: 'd'.repeat(64), inputDigest: SET.inputDigest, version: '1.0.0', lane: 'live' } as const;
    for (const [runId, state] of [
      [OLD, 'superseded'],
      [MISSING, 'missing'],
      [WAITING, 'routed'],
    ] as const) {
      const tool = runId === WAITING ? 'other' : 'tiny';
      await runs.record({ ...base, runId, state, StudyInstanceUID: STUDY, tool, outcome: 'result' });
    }
    await sets.replace({ StudyInstanceUID: STUDY, tool: 'tiny' }, { sets: [SET, CURRENT] }, 0);
  });
  afterAll(() => localDown({ home, purge: true }));

  const hilum = (...args: readonly string[]) =>
    runHilumIn(settings, args, {
      ...{ HILUM_HOME: home, HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: queues, HILUM_EDGE_FOLDER: join(home, 'edge') },
    });
  const received = async () =>
    await createSqsQueue({ url: `${queues}return-live`, client: sqs }).receive({ limit: 10, hiddenS: 0 });

  it('the status says which set is current, and what the others are', async () => {
    const text = await hilum('status', STUDY);
    const json = await hilum('status', STUDY, '--json');
    const list = await hilum('status', '--state', 'missing', '--json');

    expect(text.stdout).toMatch(/ set aaaaaaaa \(result\) of 2026-01-01T00:00:00\.000Z: superseded by set cccccccc\n/);
    expect(text.stdout).toMatch(/: missing: the PACS has its images, .*hilum deliver 22222222` stores them again\n/);
    expect(text.stdout).toMatch(/\n {4}run 2{32}: missing 20/);
    const shown = (JSON.parse(json.stdout) as readonly object[]).flatMap((run) => ('sets' in run ? run.sets : []));
    expect(shown).toMatchObject([
      { setId: CURRENT.setId, state: 'missing', current: true },
      { setId: SET.setId, state: 'superseded', current: false, replacedBy: CURRENT.setId },
    ]);
    expect(JSON.parse(list.stdout)).toMatchObject([{ runId: MISSING, state: 'missing' }]);
  });

  it('names what is not stored, and what to do instead', async () => {
    const old = await hilum('deliver', OLD.slice(0, 8));
    const waiting = await hilum('deliver', WAITING, '--json');
    const unknown = await hilum('deliver', 'f'.repeat(8));

    expect(old).toMatchObject({ code: 1, stdout: '' });
    expect(old.stderr).toMatch(/run 2{32} gives the study's current results of tiny\. `.*hilum deliver 2{32}` stores/);
    expect(waiting.code).toBe(1);
    expect(JSON.parse(waiting.stdout)).toMatchObject({
      runId: WAITING,
      deliver: 'none',
      message: expect.stringMatching(/waits for the tool/),
    });
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/has no run ffffffff…/) });
    expect(await received()).toEqual([]);
  });

  it('sends the current set to delivery, which the table knows of', async () => {
    const { code, stdout } = await hilum('deliver', MISSING.slice(0, 6), '--json');

    expect(JSON.parse(stdout)).toMatchObject({
      ...{ runId: MISSING, StudyInstanceUID: STUDY, deliver: 'sent', was: 'missing' },
      ...{ set: CURRENT.setId, answer: 'result', queue: 'return-live' },
    });
    expect(code).toBe(0);
    expect((await received()).map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { runId: MISSING, set: CURRENT.setId, answer: 'result', manifestKey: expect.stringMatching(/^live\/studies\//) },
    ]);
    const { study } = await sets.get({ StudyInstanceUID: STUDY, tool: 'tiny' });
    expect(study.sets.map(({ state }) => state)).toEqual(['superseded', 'converted']);
  });
});
