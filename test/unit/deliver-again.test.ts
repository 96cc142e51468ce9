/** `hilum deliver`: the current results of a study are stored again where the PACS does not have them; no others are. */
import { beforeEach, describe, expect, it } from 'vitest';
import { deliverAgain } from '#pipeline/deliver-again.ts';
import { findRuns } from '#pipeline/find-run.ts';
import type { RunRecord, RunUpdate } from '#pipeline/ports.ts';
import { runWork } from '#pipeline/work.ts';
import { deliveryInWords } from '../../cli/commands/deliver.ts';
import { createPipeline, type Pipeline } from '../fixtures/pipeline.ts';
import { createReconciler } from '../fixtures/reconciler.ts';
import { createLife, images } from '../fixtures/results-life.ts';

async function delivered() {
  const life = createLife();
  await life.arrives(images(2));
  await life.settles();
  const run = async (): Promise<RunRecord> => (await life.runs())[0] ?? wrong();
  /** Types the command, and lets the pipeline work. */
  const deliver = async (one?: RunRecord) => {
    const named = one ?? (await run());
    const done = await deliverAgain(life.pipeline, named);
    const stored = life.pacs.storedUids.length;
    await life.settles();
    return { ...done, words: deliveryInWords(named, done), stored: life.pacs.storedUids.slice(stored) };
  };
  const uids = [...life.pacs.storedUids];
  const [uid = ''] = uids;
  return { life, run, deliver, uids, uid };
}

const wrong = (): never => {
  throw new Error('There is no run');
};

describe('the current results', () => {
  it('that a person removed are stored again, under the same UIDs', async () => {
    const { life, deliver, uid } = await delivered();
    const before = life.pacs.held.get(uid);
    life.pacs.held.delete(uid);

    expect(await deliver()).toMatchObject({ kind: 'again', was: 'delivered', queue: 'return-live', stored: [uid] });

    expect(life.pacs.held.get(uid)).toEqual(before);
    expect(life.sets()).toMatchObject([{ state: 'delivered', sequence: 1 }]);
    expect(await life.states()).toEqual(['delivered']);
  });

  it('that are missing are delivered, and say so', async () => {
    const { life, deliver, uid } = await delivered();
    const reconciler = createReconciler(life.pipeline);
    life.pacs.held.delete(uid);
    await reconciler.pass(6 * 3600);
    await life.work('return-backfill');
    life.pipeline.clock.advance(600_000);
    await life.work('return-backfill');
    expect(await life.states()).toEqual(['missing']);

    expect(await deliver()).toMatchObject({ kind: 'again', was: 'missing', stored: [uid] });

    expect(life.sets()[0]).not.toHaveProperty('missedAt');
    expect(await life.states()).toEqual(['delivered']);
  });

  it('that the PACS has are left as they are, however often', async () => {
    const { life, deliver } = await delivered();
    for (let times = 0; times < 2; times++) expect(await deliver()).toMatchObject({ kind: 'again', stored: [] });

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    // The study is uploaded once more, and what comes after it is current.
    await life.arrives(images(3));
    await life.settles();
    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
  });

  it('are stored once, if the command is typed twice at once, or ends between its two acts', async () => {
    const { life, run, uids, uid } = await delivered();
    life.pacs.held.delete(uid);
    const refusing = { ...life.pipeline, queueNamed: () => ({ send: () => Promise.reject(new Error('killed')) }) };
    await expect(deliverAgain(refusing, await run())).rejects.toThrow('killed');
    const twice = await Promise.all([
      deliverAgain(life.pipeline, await run()),
      deliverAgain(life.pipeline, await run()),
    ]);
    await life.settles();

    expect(twice).toMatchObject([{ was: 'converted' }, { was: 'converted' }]);
    expect(deliveryInWords(await run(), twice[0])).toMatch(/^its results were on their way already; they were sent to/);
    expect(life.pacs.storedUids).toEqual([...uids, uid]);
    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
  });

  it('whose objects the bucket has lost, too, are made again', async () => {
    const { life, deliver, uid } = await delivered();
    const before = life.pacs.held.get(uid);
    life.pacs.held.delete(uid);
    for (const key of life.pipeline.objects.contents.keys())
      if (key.includes('/objects')) life.pipeline.objects.contents.delete(key);

    expect(await deliver()).toMatchObject({ stored: [uid] });
    expect(life.pacs.held.get(uid)).toEqual(before);
  });

  it('that a PACS did not take for a week have their whole time again', async () => {
    const { life, run, deliver } = await delivered();
    const work = runWork('return', { runId: (await run()).runId, answer: 'result' });
    await life.pipeline.ledger.begin(work);
    await deliver();

    expect(life.pipeline.ledger.entries.size).toBe(0);
  });
});

describe('nothing is stored', () => {
  it('of a run whose results are replaced, and the newer run is named', async () => {
    const { life, run, deliver } = await delivered();
    const older = await run();
    await life.arrives(images(3));
    await life.settles();
    const newer = (await life.runs()).find(({ state }) => state === 'delivered');
    const before = life.sets();

    const done = await deliver(older);

    expect(done).toMatchObject({ kind: 'superseded', stored: [] });
    expect(done.words).toBe(
      `Nothing is stored: run ${newer?.runId} gives the study's current results of tiny. \`hilum deliver ${newer?.runId}\` stores those again.`,
    );
    expect(life.sets()).toEqual(before);
  });

  it('of a run that a newer upload follows', async () => {
    const { life, deliver, run } = await delivered();
    const older = await run();
    await life.arrives(images(3));
    await life.settles('intake-live');

    const done = await deliverAgain(life.pipeline, older);

    expect(done).toMatchObject({ kind: 'outrun' });
    expect(deliveryInWords(older, done)).toMatch(
      /^Nothing is stored: a newer upload of the study is on its way, as run /,
    );
    expect(await deliver(older)).toMatchObject({ kind: 'outrun' });
    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
  });

  it('of a run whose images are gone', async () => {
    const { life, deliver } = await delivered();
    await life.arrives(images(3));
    await life.settles('convert-live');
    life.deleted();
    await life.settles();
    const withdrawn = (await life.runs()).find(({ state }) => state === 'withdrawn');

    const done = await deliver(withdrawn);

    expect(done).toMatchObject({ kind: 'withdrawn', stored: [] });
    expect(done.words).toMatch(/does not have the images of run .*; `hilum edge resend 2\.25\.1001`/);
    expect(life.sets().at(-1)).toMatchObject({ state: 'withdrawn' });
  });

  describe('of a run without an answer', () => {
    const BASE: Omit<RunUpdate, 'state'> = {
      ...{ runId: '1'.repeat(32), StudyInstanceUID: '1.2', revision: 'a'.repeat(64), inputDigest: 'b'.repeat(64) },
      ...{ tool: 'tiny', version: '1.0.0', lane: 'live' },
    };
    const reason = { code: 'no-image', message: 'It has no image.' };
    let pipeline: Pipeline;
    beforeEach(() => {
      pipeline = createPipeline();
    });

    it.each([
      [
        { state: 'routed' },
        /no answer that is converted: it waits for the tool, or the tool is running\. `hilum status 1\.2`/,
      ],
      [{ state: 'not-applicable', reason }, /the tool does not take this study \(no-image\)\./],
      [{ state: 'failed', reason }, /has no answer: every attempt failed \(no-image\)\. `hilum redrive --study 1\.2`/],
      [{ state: 'superseded' }, /a newer upload .* gives the current results\. `hilum status 1\.2` shows which/],
      [{ state: 'delivered' }, /does not know the run's results any more\. `hilum rerun 1\.2 --tool tiny`/],
    ] as const)('%j', async (change, words) => {
      await pipeline.runs.record({ ...BASE, ...change });
      const run = (await pipeline.runs.get(BASE.runId)) ?? wrong();

      const done = await deliverAgain(pipeline, run);

      expect(done).toEqual({ kind: 'none' });
      expect(deliveryInWords(run, done)).toMatch(words);
      expect(pipeline.queueNamed('return-live').sent).toEqual([]);
    });

    it('and without what its message needs', async () => {
      const { inputDigest: _, ...older } = BASE;
      await pipeline.runs.record({ ...older, state: 'delivered' });
      const run = (await pipeline.runs.get(BASE.runId)) ?? wrong();

      expect(deliveryInWords(run, await deliverAgain(pipeline, run))).toMatch(
        /by an older version\. `hilum rerun 1\.2/,
      );
    });

    it('is found by the beginning of its id, if no other begins so', async () => {
      for (const digit of ['1', '2', '3']) {
        await pipeline.runs.record({ ...BASE, runId: `ab${digit}`.padEnd(32, '0'), state: 'delivered' });
        await pipeline.runs.record({ ...BASE, runId: `${digit}`.padEnd(32, '0'), state: 'failed' });
      }
      const found = async (text: string) => (await findRuns(pipeline.runs, text)).map(({ runId }) => runId);

      expect(await found('ab2')).toEqual(['ab2'.padEnd(32, '0')]);
      expect(await found('2'.padEnd(32, '0'))).toEqual(['2'.padEnd(32, '0')]);
      expect(await found('4'.padEnd(32, '0'))).toEqual([]);
      expect(await found('ff')).toEqual([]);
      expect((await found('ab')).toSorted()).toEqual(['1', '2', '3'].map((digit) => `ab${digit}`.padEnd(32, '0')));
    });
  });
});
