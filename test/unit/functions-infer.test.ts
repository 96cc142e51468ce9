import { describe, expect, it, vi } from 'vitest';
import { ModelDigestError, NotEvaluableError } from '#core/errors.ts';
import { parseResult } from '#core/results/result.ts';
import { toolVersion } from '#core/tool-manifest.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { type InferDependencies, makeHandler } from '#functions/infer/handler.ts';
import { readyModels } from '#functions/infer/ready.ts';
import { resultKey, runIdOf } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import {
  allFailed,
  createPipeline,
  echoEngine,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  sqsEvent,
  stored,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const PATIENT = /Phantom\^Tiny|PHANTOM-1/;

async function prepare() {
  const pipeline = createPipeline();
  const study = await upload(pipeline, file);
  return { pipeline, study, message: runMessage(file, entry, study) };
}

const infer = (
  pipeline: Pipeline,
  message: RunMessage | string,
  change: Partial<InferDependencies> = {},
  left = minuteLeft,
) =>
  makeHandler({
    ...pipeline,
    entry,
    tool: makeTool(() => nothingFound),
    decoder: inProcessDecoder,
    engine: echoEngine,
    toolTimeoutMs: 10_000,
    ...change,
  })(sqsEvent('infer-tiny-live', [message]), left);

const toConvert = { step: 'convert', lane: 'live' } as const;

describe('infer', () => {
  it('runs the tool, keeps its answer and passes the run on', async () => {
    const { pipeline, message } = await prepare();

    expect(await infer(pipeline, message)).toEqual(nothingFailed);

    const result = parseResult((await pipeline.objects.get(resultKey(message))) ?? new Uint8Array());
    const storedAt = new Date(pipeline.clock.now()).toISOString();
    expect(result.metadata).toMatchObject({ outcome: 'no-finding', version: toolVersion(entry), storedAt });
    expect(pipeline.objects.contentTypes.get(resultKey(message))).toBe('application/json');
    expect(pipeline.sentTo(toConvert)).toEqual([message]);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'inferred', outcome: 'no-finding' });
  });

  it('keeps a run in its lane', async () => {
    const { pipeline, message } = await prepare();
    const slow: RunMessage = { ...message, lane: 'backfill' };

    await infer(pipeline, slow);

    expect(pipeline.sentTo({ ...toConvert, lane: 'backfill' })).toEqual([slow]);
    expect(pipeline.sentTo(toConvert)).toEqual([]);
  });

  it('records no text of the tool before the output gate has checked it', async () => {
    const { pipeline, message } = await prepare();
    const words = { reason: { code: 'none', message: 'None in Phantom^Tiny' }, summary: 'None in Phantom^Tiny' };

    await infer(pipeline, message, { tool: makeTool(() => ({ ...nothingFound, ...words })) });

    const record = await pipeline.runs.get(message.runId);
    expect(record).toMatchObject({ state: 'inferred' });
    expect(JSON.stringify([record, pipeline.logged, pipeline.sentTo(toConvert)])).not.toContain('Phantom');
  });

  it('computes a run once, even if its message is repeated', async () => {
    const { pipeline, message } = await prepare();
    const look = vi.fn(() => nothingFound);

    await infer(pipeline, message, { tool: makeTool(look) });
    await infer(pipeline, message, { tool: makeTool(look) });

    expect(look).toHaveBeenCalledTimes(1);
    expect(pipeline.sentTo(toConvert)).toEqual([message, message]);
  });

  it('uses the answer that was stored first if two were computed at once', async () => {
    const { pipeline, message } = await prepare();
    const other = makeTool(() => {
      throw new NotEvaluableError('no-teeth', 'The other one was first.');
    });
    const tool = makeTool(async () => {
      await infer(pipeline, message, { tool: other });
      return nothingFound;
    });

    await infer(pipeline, message, { tool });

    expect(await stored(pipeline, resultKey(message))).toMatchObject({
      metadata: { outcome: 'not-evaluable', reason: { message: 'The other one was first.' } },
    });
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ outcome: 'not-evaluable' });
  });

  it('reads back an answer only if another was stored first', async () => {
    const { pipeline, message } = await prepare();
    const reads: string[] = [];
    const objects = {
      ...pipeline.objects,
      get: (...asked: Parameters<typeof pipeline.objects.get>) => {
        reads.push(asked[0]);
        return pipeline.objects.get(...asked);
      },
    };

    expect(await infer(pipeline, message, { objects })).toEqual(nothingFailed);

    expect(reads.filter((key) => key === resultKey(message))).toHaveLength(1);
  });

  it('retries if the answer that was stored first has disappeared', async () => {
    const { pipeline, message } = await prepare();
    const objects = { ...pipeline.objects, put: async () => 'exists' as const };

    expect(await infer(pipeline, message, { objects })).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'routed', reason: { code: 'integrity' } });
    expect(pipeline.sentTo(toConvert)).toEqual([]);
  });

  it('computes nothing if the manifest does not match the run’s input digest', async () => {
    const { pipeline, message } = await prepare();
    const look = vi.fn(() => nothingFound);
    const inputDigest = '0'.repeat(64);
    const other: RunMessage = { ...message, inputDigest, runId: runIdOf({ ...message, inputDigest }) };

    expect(await infer(pipeline, other, { tool: makeTool(look) })).toEqual(allFailed);

    expect(look).not.toHaveBeenCalled();
    expect(await pipeline.runs.get(other.runId)).toMatchObject({ reason: { code: 'integrity' } });
  });

  it('retries an unreadable stored answer, so that the run does not end silently', async () => {
    const { pipeline, message } = await prepare();
    await pipeline.objects.put(resultKey(message), Buffer.from('{"format": "hilum.result/0"}'));

    expect(await infer(pipeline, message)).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'routed', reason: { code: 'integrity' } });
  });

  it('passes on a not-evaluable answer with its reason', async () => {
    const { pipeline, message } = await prepare();
    const tool = makeTool(() => {
      throw new NotEvaluableError('no-teeth', 'There are no teeth in the image.');
    });

    expect(await infer(pipeline, message, { tool })).toEqual(nothingFailed);

    expect(await stored(pipeline, resultKey(message))).toMatchObject({
      metadata: { outcome: 'not-evaluable', reason: { code: 'no-teeth' } },
    });
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'inferred', outcome: 'not-evaluable' });
    expect(pipeline.sentTo(toConvert)).toHaveLength(1);
  });

  it('retries a tool that throws, and records a reason without its message', async () => {
    const { pipeline, message } = await prepare();
    const tool = makeTool(() => {
      throw new TypeError('no such key for Phantom^Tiny');
    });

    expect(await infer(pipeline, message, { tool })).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'routed', reason: { code: 'tool-failed' } });
    expect(pipeline.objects.contents.has(resultKey(message))).toBe(false);
    expect(pipeline.sentTo(toConvert)).toEqual([]);
    expect(pipeline.logged.join()).toMatch(/ToolFailedError.*TypeError/);
    expect(pipeline.logged.join()).not.toMatch(PATIENT);
  });

  it('retries a tool that runs out of time', async () => {
    const { pipeline, message } = await prepare();
    const tool = makeTool(async ({ signal }) => {
      pipeline.clock.advance(11_000);
      signal.throwIfAborted();
      await echoEngine.run('m', {}, {});
      return await new Promise(() => undefined);
    });

    expect(await infer(pipeline, message, { tool, toolTimeoutMs: 50 })).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ reason: { code: 'tool-timeout' } });
  });

  it.each([
    { what: 'a second before an invocation ends', leftMs: 6_000, toolTimeoutMs: 10_000 },
    { what: 'at its own limit, where the invocation has longer', leftMs: 60_000, toolTimeoutMs: 1_000 },
  ])('ends a tool $what, with five seconds left to record it', async ({ leftMs, toolTimeoutMs }) => {
    const { pipeline, message } = await prepare();
    const usedMs = (ms: number) =>
      makeTool(async ({ engine }) => {
        pipeline.clock.advance(ms);
        await engine.run('m', {}, {});
        return nothingFound;
      });
    const left = { getRemainingTimeInMillis: () => leftMs };

    expect(await infer(pipeline, message, { tool: usedMs(1_000), toolTimeoutMs }, left)).toEqual(allFailed);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({
      state: 'routed',
      reason: { code: 'tool-timeout' },
    });
    expect(pipeline.objects.contents.has(resultKey(message))).toBe(false);

    expect(await infer(pipeline, message, { tool: usedMs(999), toolTimeoutMs }, left)).toEqual(nothingFailed);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'inferred' });
  });

  it('halts if a model’s digest differs from its card', async () => {
    const { pipeline, message } = await prepare();
    const engine = {
      run: async () => {
        throw new ModelDigestError('The model differs from its card');
      },
    };
    const tool = makeTool(async ({ engine: given }) => {
      await given.run('m', {}, {});
      return nothingFound;
    });

    expect(await infer(pipeline, message, { tool, engine })).toEqual(allFailed);

    expect(pipeline.counted).toEqual(['Halted']);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({
      state: 'routed',
      reason: { code: 'model-digest-mismatch' },
    });
  });

  it('refuses bytes that differ from the manifest’s digest', async () => {
    const { pipeline, study, message } = await prepare();
    const chunk = (await pipeline.objects.get(study.chunk)) ?? new Uint8Array();
    chunk[200] = (chunk[200] ?? 0) ^ 1;
    await pipeline.objects.put(study.chunk, chunk);

    expect(await infer(pipeline, message)).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ reason: { code: 'integrity' } });
  });

  it.each([
    ['chunk', 'missing-chunk'],
    ['key', 'missing-manifest'],
  ] as const)('retries if the study’s %s is missing', async (part, code) => {
    const { pipeline, study, message } = await prepare();
    pipeline.objects.contents.delete(study[part]);

    expect(await infer(pipeline, message)).toEqual(allFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'routed', reason: { code } });
  });

  it('answers with the deployed version, and records this at the replaced run', async () => {
    const { pipeline, message } = await prepare();
    const old: RunMessage = { ...message, version: '0.9.0+r1', runId: runIdOf({ ...message, version: '0.9.0+r1' }) };

    expect(await infer(pipeline, old)).toEqual(nothingFailed);

    expect(await pipeline.runs.get(old.runId)).toMatchObject({
      state: 'rejected',
      reason: { code: 'version-replaced' },
    });
    expect(await pipeline.runs.get(message.runId)).toMatchObject({
      state: 'inferred',
      stages: { received: expect.any(String), routed: expect.any(String) },
    });
    expect(pipeline.sentTo(toConvert)).toEqual([message]);
  });

  it('gives up a message for another tool at once', async () => {
    const { pipeline, message } = await prepare();
    const strayed = { ...message, tool: 'other' };

    expect(await infer(pipeline, strayed)).toEqual(nothingFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ reason: { code: 'invalid-message' } });
    expect(pipeline.queueNamed('infer-live-dead').sent).toEqual([JSON.stringify(strayed)]);
  });

  it('lets a message of a newer format wait for the code that knows it', async () => {
    const { pipeline } = await prepare();

    expect(await infer(pipeline, '{"format": "hilum.run/2"}')).toEqual(allFailed);
    pipeline.clock.advance(15 * 60_000);
    expect(await infer(pipeline, '{"format": "hilum.run/2"}')).toEqual(allFailed);

    // Only a deployment that is not over after a quarter of an hour needs a person.
    expect(pipeline.counted).toEqual(['Retried', 'Halted']);
    expect(pipeline.objects.contents.has('dead-letters/infer-tiny-live/message-0.json')).toBe(false);
  });

  it('keeps an invalid message as a dead letter', async () => {
    const { pipeline } = await prepare();

    expect(await infer(pipeline, '{"format": "hilum.run/0"}')).toEqual(nothingFailed);

    expect(await stored(pipeline, 'dead-letters/infer-tiny-live/message-0.json')).toMatchObject({
      reason: { code: 'invalid-message' },
    });
  });
});

describe('the start of infer', () => {
  it('continues if a model cannot be loaded, and loads the others', async () => {
    const { observer, logged, counted } = createPipeline();
    const asked: string[] = [];
    const prepare = async (id: string): Promise<void> => {
      asked.push(id);
      if (id === 'first') throw new ModelDigestError('The model differs from its card');
    };

    await readyModels([{ id: 'first' }, { id: 'second' }], { prepare }, observer);

    expect(asked).toEqual(['first', 'second']);
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ event: 'model-not-ready', model: 'first', code: 'model-digest-mismatch' }),
    ]);
    // The message that needs the model halts, once per message.
    expect(counted).toEqual([]);
  });
});
