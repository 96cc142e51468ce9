/** What a step stored is gone from the bucket: the run goes back to that step, by itself, and is delivered once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { makeHandler as convert } from '#functions/convert/handler.ts';
import { makeHandler as infer } from '#functions/infer/handler.ts';
import { makeHandler as deliver } from '#functions/return/handler.ts';
import { resultKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { createMemoryPacs, type MemoryPacs, opened } from '../fixtures/memory-archive.ts';
import {
  allFailed,
  createPipeline,
  echoEngine,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  sqsEvent,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const QUEUES = { infer: 'infer-tiny-live', convert: 'convert-live', return: 'return-live' } as const;
type Step = keyof typeof QUEUES;

describe('a run', () => {
  let pipeline: Pipeline;
  let message: RunMessage;
  let study: Awaited<ReturnType<typeof upload>>;
  let pacs: MemoryPacs;
  /** The message about the run's latest set. */
  const passedOn = (): RunMessage => pipeline.sentTo({ step: 'return', lane: 'live' }).at(-1) ?? message;
  const work = (step: Step, given = step === 'return' ? passedOn() : message) => {
    const tool = { entry, tool: makeTool(() => nothingFound), decoder: inProcessDecoder, engine: echoEngine };
    const handlers = {
      infer: infer({ ...pipeline, ...tool, toolTimeoutMs: 10_000 }),
      convert: convert(pipeline),
      return: deliver({ ...pipeline, archive: opened(pacs) }),
    };
    return handlers[step](sqsEvent(QUEUES[step], [given]), minuteLeft);
  };
  const run = () => pipeline.runs.get(message.runId);
  const lose = (part: string): void => {
    const gone = [...pipeline.objects.contents.keys()].filter((key) => key.includes(part));
    expect(gone).not.toEqual([]);
    for (const key of gone) pipeline.objects.contents.delete(key);
  };

  beforeEach(async () => {
    pacs = createMemoryPacs();
    pacs.add(file);
    pipeline = createPipeline();
    study = await upload(pipeline, file);
    message = runMessage(file, entry, study);
    expect(await work('infer')).toEqual(nothingFailed);
  });

  it('goes back to inference if its result is gone', async () => {
    lose('/result.json');

    expect(await work('convert')).toEqual(nothingFailed);

    expect(pipeline.queueNamed(QUEUES.infer).sent).toEqual([JSON.stringify(message)]);
    expect(pipeline.queueNamed(QUEUES.return).sent).toEqual([]);
    expect(await run()).toMatchObject({ state: 'inferred', reason: { code: 'missing-product' } });
    expect(pipeline.counted).toEqual(['Done', 'MadeAgain', 'Done']);
    expect(pipeline.ledger.entries.size).toBe(0);

    for (const step of ['infer', 'convert', 'return'] as const) expect(await work(step)).toEqual(nothingFailed);
    expect(await run()).toMatchObject({ state: 'delivered', reason: { code: 'nothing-there' } });
  });

  it.each(['/objects.json', '/objects/'])(
    'goes back to conversion if %s is gone, with the same bytes',
    async (part) => {
      await work('convert');
      const before = new Map(pipeline.objects.contents);
      lose(part);

      expect(await work('return')).toEqual(nothingFailed);

      expect(pacs.storedUids).toEqual([]);
      expect(pipeline.sentTo({ step: 'convert', lane: 'live' }).at(-1)).toEqual(passedOn());
      expect(await run()).toMatchObject({ state: 'converted', reason: { code: 'missing-product' } });
      expect(await work('convert')).toEqual(nothingFailed);
      expect(new Map(pipeline.objects.contents)).toEqual(before);
      expect(await work('return')).toEqual(nothingFailed);
      expect(await run()).toMatchObject({ state: 'delivered' });
    },
  );

  it('waits with the true cause for the edge if the whole bucket is empty, and goes on once the study is back', async () => {
    await work('convert');
    const before = new Map(pipeline.objects.contents);
    pipeline.objects.contents.clear();
    for (const step of ['return', 'convert'] as const) expect(await work(step)).toEqual(nothingFailed);

    expect(await work('infer')).toEqual(allFailed);
    expect(await run()).toMatchObject({ state: 'converted', reason: { code: 'missing-manifest' } });
    await pipeline.objects.put(study.key, before.get(study.key) ?? new Uint8Array());
    expect(await work('infer')).toEqual(allFailed);
    expect(await run()).toMatchObject({ state: 'converted', reason: { code: 'missing-chunk' } });

    for (const [key, bytes] of before) if (/^(chunks|identities)\//.test(key)) await pipeline.objects.put(key, bytes);
    for (const step of ['infer', 'convert', 'return'] as const) expect(await work(step)).toEqual(nothingFailed);
    const { objects = [] } = (await run()) ?? {};
    expect(await run()).toMatchObject({ state: 'delivered' });
    expect(pacs.storedUids).toEqual(objects);
  });

  it('keeps its own reason if it has failed, and only the object about the failure is made again', async () => {
    const failed = { state: 'failed', reason: { code: 'died', message: 'It died.' } } as const;
    await pipeline.runs.record({ ...message, ...failed });

    expect(await work('return', { ...message, answer: 'failure' })).toEqual(nothingFailed);
    expect(pipeline.queueNamed(QUEUES.convert).sent.at(-1)).toBe(JSON.stringify({ ...message, answer: 'failure' }));
    expect(await work('convert', { ...message, answer: 'failure' })).toEqual(allFailed);

    expect(await run()).toMatchObject(failed);
    expect(pipeline.queueNamed(QUEUES.infer).sent).toEqual([]);
    expect(pipeline.objects.contents.has(resultKey(message))).toBe(true);
  });
});
