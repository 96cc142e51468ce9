/** `hilum rerun`: what is not computed yet is computed, what is goes on where it stands, and one set stays current. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ToolFailedError } from '#core/errors.ts';
import { toolVersion } from '#core/tool-manifest.ts';
import { deliverAgain } from '#pipeline/deliver-again.ts';
import { newestUpload, rerun } from '#pipeline/rerun.ts';
import { rerunInWords } from '../../cli/commands/rerun.ts';
import { createLife, images } from '../fixtures/results-life.ts';
import { entry } from '../fixtures/tiny-radiograph.ts';

const STUDY = '2.25.1001';
const OLD = toolVersion(entry);

let life: ReturnType<typeof createLife>;
beforeEach(() => {
  life = createLife();
});

/** Types the command, and lets the pipeline work. */
async function again(versions: ReadonlyMap<string, string> = new Map([['tiny', life.version()]])) {
  const upload = await newestUpload(life.pipeline.objects, STUDY);
  if (upload === undefined) throw new Error('There is no upload');
  const done = await rerun(life.pipeline, upload, versions);
  await life.settles();
  return done.map((one) => ({ ...one, words: rerunInWords(one) }));
}
const setStates = () => life.sets().map(({ state }) => state);
const stateOf = async (version: string) => (await life.runs()).find((run) => run.version === version)?.state;
const sent = (name: string): number => life.pipeline.queueNamed(name).sent.length;

describe('the same version', () => {
  it('computes and stores nothing twice: the PACS is asked whether it has the results', async () => {
    await life.arrives(images(2));
    await life.settles();
    const before = new Map(life.pipeline.objects.contents);
    const held = new Map(life.pacs.held);

    const [done] = await again();
    await life.work('return-backfill');
    await life.settles();

    expect(done).toMatchObject({
      end: 'looked-for',
      queue: 'return-backfill',
      words: expect.stringMatching(/has its result, which stays what it is/),
    });
    expect(life.pipeline.objects.contents).toEqual(before);
    expect(life.pacs.held).toEqual(held);
    expect(setStates()).toEqual(['delivered']);
    expect([sent('intake-live'), sent('infer-tiny-live')]).toEqual([1, 1]);
  });

  it('finds out what a person removed, and does not bring it back', async () => {
    await life.arrives(images(2));
    await life.settles();
    const [uid = ''] = life.pacs.storedUids;
    life.pacs.held.delete(uid);
    await again();
    await life.work('return-backfill');
    life.pipeline.clock.advance(600_000);
    await life.work('return-backfill');

    expect(await life.states()).toEqual(['missing']);
    expect((await again())[0]).toMatchObject({ end: 'looked-for' });
    expect(life.pacs.held.has(uid)).toBe(false);
    const [run] = await life.runs();
    if (run !== undefined) await deliverAgain(life.pipeline, run);
    await life.settles();
    expect(life.pacs.held.has(uid)).toBe(true);
  });

  it('tries anew what failed, and the result takes the place of the failure', async () => {
    life.deploys('1.0.0', () => {
      throw new ToolFailedError('It fails.');
    });
    await life.arrives(images(2));
    await life.settles();
    const [failed] = await life.runs();
    await life.pipeline.runs.record({
      ...failed,
      ...(failed ?? wrong()),
      state: 'failed',
      gaveUp: { step: 'infer', cause: 'fault' },
    });
    life.deploys('1.0.0');

    expect(await again()).toMatchObject([{ end: 'tried-again', queue: 'infer-tiny-live' }]);

    expect(await life.states()).toEqual(['delivered']);
    expect(setStates().filter((state) => state === 'delivered')).toHaveLength(1);
  });

  it('begins a run anew that was rejected without saying who gave it up', async () => {
    await life.arrives(images(2));
    await life.settles('intake-live');
    const [run] = await life.runs();
    await life.pipeline.runs.record({ ...(run ?? wrong()), state: 'rejected' });
    for (const { receiptHandle } of await life.pipeline.queueNamed('infer-tiny-live').receive())
      await life.pipeline.queueNamed('infer-tiny-live').delete(receiptHandle);

    expect(await again()).toMatchObject([{ end: 'tried-again', queue: 'intake-live' }]);
    expect(await life.states()).toEqual(['delivered']);
  });

  it.each([
    ['at work', async () => await life.settles('intake-live'), 'under-way', 'delivered'],
    [
      'withdrawn',
      async () => {
        await life.settles('convert-live');
        life.deleted();
        await life.settles();
      },
      'withdrawn',
      'withdrawn',
    ],
  ] as const)('leaves a run alone that is %s', async (_, until, end, state) => {
    await life.arrives(images(2));
    await until();
    const before = life.pipeline.queueNamed('intake-live').sent.length;

    expect(await again()).toMatchObject([{ end }]);
    expect(sent('intake-live')).toBe(before);
    expect(await life.states()).toEqual([state]);
  });

  it('leaves a study alone that the tool does not take', async () => {
    await life.arrives(images(2));
    await life.settles('intake-live');
    const [run] = await life.runs();
    const reason = { code: 'no-image', message: 'It has no image.' };
    await life.pipeline.runs.record({ ...(run ?? wrong()), state: 'not-applicable', reason });

    expect(await again()).toMatchObject([
      { end: 'not-applicable', words: expect.stringMatching(/\(no-image\), and the same version would say so again/) },
    ]);
    expect(sent('intake-live')).toBe(1);
  });

  it('has its sets again if the table has lost them, and the PACS no second objects', async () => {
    await life.arrives(images(2));
    await life.settles();
    life.pipeline.sets.items.clear();
    const held = new Set(life.pacs.held.keys());

    expect(await again()).toMatchObject([{ end: 'routed-again', queue: 'intake-live' }]);
    expect(setStates()).toEqual(['delivered']);
    expect(new Set(life.pacs.held.keys())).toEqual(held);
    expect(await life.states()).toEqual(['delivered']);
  });
});

describe('a new version', () => {
  beforeEach(async () => {
    await life.arrives(images(2));
    await life.settles();
    life.deploys('2.0.0');
  });

  it('begins a run, whose results replace the older; typed twice, there is one set more', async () => {
    const first = await again();
    const second = await again();

    expect(first).toMatchObject([{ end: 'new-run', version: life.version(), queue: 'intake-live' }]);
    expect(second).toMatchObject([{ end: 'looked-for' }]);
    expect(setStates()).toEqual(['superseded', 'delivered']);
    expect([await stateOf(OLD), await stateOf(life.version())]).toEqual(['superseded', 'delivered']);
    expect(life.patients()).toHaveLength(1);
  });

  it('of one tool asks no other tool', async () => {
    await again(new Map([['other', '1.0.0']]));

    expect(await stateOf(life.version())).toBeUndefined();
    expect(setStates()).toEqual(['delivered']);
  });

  it('that is taken back gives way to the older one, whose results are not computed again', async () => {
    await again();
    const [older] = life.sets();
    life.deploys('1.0.0');
    const inferred = sent('infer-tiny-live');

    expect(await again()).toMatchObject([{ end: 'made-current', queue: 'convert-live' }]);

    expect(sent('infer-tiny-live')).toBe(inferred);
    expect(setStates()).toEqual(['superseded', 'superseded', 'delivered']);
    expect(life.sets().at(-1)).toMatchObject({ runId: older?.runId });
    expect(await stateOf(OLD)).toBe('delivered');
    expect(life.patients()).toHaveLength(1);
    expect(await again()).toMatchObject([{ end: 'looked-for' }]);
  });

  it('is asked about the newest upload', async () => {
    await life.arrives(images(3));
    const { key } = (await newestUpload(life.pipeline.objects, STUDY)) ?? { key: '' };
    await life.settles();
    await life.pipeline.objects.put(key.replace(/\/[0-9a-f]{64}\//, `/${'0'.repeat(64)}/`), new Uint8Array(3));

    expect((await newestUpload(life.pipeline.objects, STUDY))?.key).toBe(key);
    expect(await newestUpload(life.pipeline.objects, '2.25.7')).toBeUndefined();
    expect(await again()).toMatchObject([{ end: 'looked-for', run: { version: life.version() } }]);
  });
});

const wrong = (): never => {
  throw new Error('There is no run');
};
