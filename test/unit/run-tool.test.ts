import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import {
  GeometryError,
  IntegrityError,
  ModelDigestError,
  NotEvaluableError,
  ToolFailedError,
  ToolTimeoutError,
} from '#core/errors.ts';
import type { InferenceEngine } from '#core/ports.ts';
import { runTool, type ToolRun } from '#core/run-tool.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inputDigestOf } from '#core/study/revision.ts';
import type { Finding, ImageProcessingTool, ResultContent } from '#core/tool.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { Dcm, Sct, Units } from '#dicom/codes.ts';
import { DicomReadError } from '#dicom/error.ts';
import { entry, INSTANCE, imageOf, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const image = imageOf(file);
const echo: InferenceEngine = { run: async (_model, inputs) => inputs };

/** A run of `tool` that has a minute, with whatever the test changes. */
const run = (tool: ImageProcessingTool, change: Partial<ToolRun> = {}) =>
  runTool({
    entry,
    tool,
    images: [image],
    read: async () => file,
    decoder: inProcessDecoder,
    engine: echo,
    clock: Date,
    deadlineMs: Date.now() + 60_000,
    ...change,
  });

const answering = (content: Partial<ResultContent>) =>
  makeTool(() => ({ ...nothingFound, outcome: 'result', ...content }) as ResultContent);

const finding: Finding = {
  id: 'one',
  summary: 'One',
  finding: Sct.dentalCaries,
  measurements: [],
  evaluations: [],
};

describe('a run of a tool', () => {
  it('hands back the tool’s answer with its identity and the time of each part', async () => {
    const tool = makeTool(async ({ engine }) => {
      await engine.run('model', {}, {});
      return nothingFound;
    });

    const { metadata } = await run(tool);

    expect(metadata).toMatchObject({ outcome: 'no-finding', inputDigest: inputDigestOf([image]), inputs: [INSTANCE] });
    expect(Object.keys(metadata.timingsMs).sort()).toEqual(['inference', 'load', 'process']);
  });

  it.each([
    new NotEvaluableError('motion', 'The patient moved'),
    new GeometryError('missing-slices', 'A slice is missing'),
    new DicomReadError('corrupt-pixel-data', 'The pixels cannot be decoded'),
  ])('answers with a non-result where the input cannot be evaluated: $name', async (error) => {
    const tool = makeTool(() => {
      throw error;
    });

    const { metadata, findings } = await run(tool);

    expect(metadata.outcome).toBe('not-evaluable');
    expect(metadata.reason).toEqual({ code: error.code, message: error.message });
    expect(findings).toEqual([]);
  });

  it('answers with a non-result where pixels are missing', async () => {
    const broken = makeRadiographFile({ Rows: 400 });

    const { metadata } = await run(
      makeTool(() => nothingFound),
      { images: [imageOf(broken)], read: async () => broken },
    );

    expect(metadata.outcome).toBe('not-evaluable');
  });

  it('answers with a non-result where the tool itself refuses the image', async () => {
    const reason = { code: 'too-small', message: 'The image is too small' };
    const tool = { ...makeTool(() => nothingFound), canProcessImage: () => ({ suitable: false, reason }) as const };

    const { metadata } = await run(tool);

    expect(metadata).toMatchObject({ outcome: 'not-evaluable', reason });
  });

  it('turns what a tool throws into a failure that does not quote it', async () => {
    const tool = makeTool(() => {
      throw new TypeError('Phantom^Tiny is undefined');
    });

    const failure = await run(tool).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(ToolFailedError);
    expect(failure).toHaveProperty('message', expect.not.stringContaining('Phantom'));
    expect(failure).toHaveProperty('cause', expect.any(TypeError));
  });

  it.each([
    ['read', { read: () => Promise.reject(new IntegrityError('The bytes differ')) }, IntegrityError],
    ['engine', { engine: { run: () => Promise.reject(new ModelDigestError('Another model')) } }, ModelDigestError],
  ])('passes on what the world around it throws: %s', async (_part, change, kind) => {
    const tool = makeTool(async ({ engine }) => {
      await engine.run('model', {}, {});
      return nothingFound;
    });

    await expect(run(tool, change)).rejects.toBeInstanceOf(kind);
  });
});

describe('a run on several images', () => {
  const blank = makeRadiographFile({ SOPInstanceUID: '2.25.1004', grey: 7 });
  const cut = makeRadiographFile({ SOPInstanceUID: '2.25.1005', Rows: 400 });
  const files = [blank, cut, file];
  const images = files.map(imageOf);
  const read: ToolRun['read'] = async ({ SOPInstanceUID }) =>
    files.find((one) => indexInstance(one).SOPInstanceUID === SOPInstanceUID) ?? file;
  const tool = makeTool(() => nothingFound);

  it('leaves out those that cannot be loaded, and says so', async () => {
    const { metadata } = await run(tool, { images, read });

    expect(metadata).toMatchObject({
      outcome: 'no-finding',
      inputs: [INSTANCE],
      inputDigest: inputDigestOf(images),
      leftOut: [
        { SOPInstanceUIDs: ['2.25.1004'], reason: { code: 'unsupported-pixel-format' } },
        { SOPInstanceUIDs: ['2.25.1005'], reason: { code: 'corrupt-pixel-data' } },
      ],
    });
    expect(metadata.summary).toMatch(/^Nothing found\. 1 of 3 images was not evaluated: /);
  });

  it('keeps what was left out where the tool cannot evaluate the others', async () => {
    const refusing = makeTool(() => {
      throw new NotEvaluableError('motion', 'The patient moved');
    });

    const { metadata } = await run(refusing, { images: [blank, file].map(imageOf), read });

    expect(metadata).toMatchObject({
      outcome: 'not-evaluable',
      reason: { code: 'motion' },
      inputs: [INSTANCE],
      leftOut: [{ SOPInstanceUIDs: ['2.25.1004'] }],
    });
  });

  it('answers with a non-result where none can be loaded, with the first reason', async () => {
    const { metadata } = await run(tool, { images: [blank, cut].map(imageOf), read });

    expect(metadata).toMatchObject({
      outcome: 'not-evaluable',
      reason: { code: 'unsupported-pixel-format' },
      inputs: ['2.25.1004', '2.25.1005'],
    });
    expect(metadata).not.toHaveProperty('leftOut');
  });

  it('refuses an answer about an image that was left out', async () => {
    const lying: ImageProcessingTool = {
      ...tool,
      process: async (given, context) => {
        const result = await tool.process(given, context);
        return { ...result, metadata: { ...result.metadata, inputs: ['2.25.1004'] } };
      },
    };

    await expect(run(lying, { images, read })).rejects.toBeInstanceOf(ToolFailedError);
  });

  it('is not about the images where one cannot be fetched', async () => {
    const unfetched: ToolRun['read'] = async (instance) => {
      if (instance.SOPInstanceUID === INSTANCE) throw new IntegrityError('The bytes differ');
      return read(instance);
    };

    await expect(run(tool, { images, read: unfetched })).rejects.toBeInstanceOf(IntegrityError);
  });

  it('becomes objects from the index of all of them', async () => {
    const result = await run(tool, { images, read });

    const [object] = await convertResult({ result, instances: files.map((one) => indexInstance(one)), read });

    expect(object?.kind).toBe('non-result');
  });
});

describe('the deadline of a run', () => {
  it('ends a tool that waits', async () => {
    const tool = makeTool(() => new Promise<never>(() => undefined));

    await expect(run(tool, { deadlineMs: Date.now() + 50 })).rejects.toBeInstanceOf(ToolTimeoutError);
  });

  it('ends a tool that computes, at its next call of the engine', async () => {
    let now = 0;
    let calls = 0;
    const tool = makeTool(async ({ engine }) => {
      for (;;) {
        calls += 1;
        now += 40_000;
        await engine.run('model', {}, {});
      }
    });

    await expect(run(tool, { clock: { now: () => now }, deadlineMs: 60_000 })).rejects.toBeInstanceOf(ToolTimeoutError);
    expect(calls).toBe(2);
  });

  it('is told to the tool by its signal', async () => {
    let told = false;
    const tool = makeTool(async ({ signal }) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      await sleep(500, undefined, { signal });
      return nothingFound;
    });

    await expect(run(tool, { deadlineMs: Date.now() + 20 })).rejects.toBeInstanceOf(ToolTimeoutError);
    expect(told).toBe(true);
  });
});

describe('an answer that breaks the contract', () => {
  const bits = (byte: number) => new Uint8Array([byte, byte]);
  const segment = {
    number: 1,
    label: 'One',
    category: Sct.toothStructure,
    type: Sct.toothStructure,
    frames: [{ SOPInstanceUID: INSTANCE, bits: bits(1) }],
  };

  it('is accepted where it keeps to it', async () => {
    const region = { SOPInstanceUID: INSTANCE, graphicType: 'POINT' as const, points: [[1, 1] as const] };
    const tool = answering({
      findings: [{ ...finding, certainty: 0.5, segmentNumber: 1, regions: [region] }],
      segments: [segment],
      keyImages: [{ title: 'k', rows: 1, columns: 2, rgb: new Uint8Array(6), sources: [INSTANCE] }],
      report: { kind: 'page', title: 'r', paragraphs: [], pictures: [0], table: { header: ['a'], rows: [['b']] } },
    });

    await expect(run(tool)).resolves.toMatchObject({ metadata: { outcome: 'result' } });
  });

  const measured = (value: number) => ({
    ...finding,
    measurements: [{ name: Dcm.finding, value, unit: Units.percent }],
  });
  const drawn = (SOPInstanceUID: string, points: readonly (readonly [number, number])[]) => ({
    ...finding,
    regions: [{ SOPInstanceUID, graphicType: 'POLYLINE' as const, points }],
  });
  it.each<[string, Partial<ResultContent>]>([
    ['a number that is not finite', { findings: [measured(Number.NaN)] }],
    ['an infinite number', { findings: [measured(Number.POSITIVE_INFINITY)] }],
    ['certainty above 1', { findings: [{ ...finding, certainty: 1.1 }] }],
    ['certainty that is no number', { findings: [{ ...finding, certainty: Number.NaN }] }],
    ['two findings of one name', { findings: [finding, finding] }],
    ['a finding of a segment that is not there', { findings: [{ ...finding, segmentNumber: 1 }] }],
    ['a finding of segment 0', { findings: [{ ...finding, segmentNumber: 0 }], segments: [segment] }],
    ['a region on an unknown instance', { findings: [drawn('2.25.9', [[1, 1]])] }],
    ['a region without points', { findings: [drawn(INSTANCE, [])] }],
    ['a region that leaves the image', { findings: [drawn(INSTANCE, [[1, 4.5]])] }],
    ['segments not numbered in sequence', { segments: [{ ...segment, number: 2 }] }],
    ['a segment without frames', { segments: [{ ...segment, frames: [] }] }],
    ['an empty frame', { segments: [{ ...segment, frames: [{ SOPInstanceUID: INSTANCE, bits: bits(0) }] }] }],
    [
      'a mask of another size',
      { segments: [{ ...segment, frames: [{ SOPInstanceUID: INSTANCE, bits: new Uint8Array([1]) }] }] },
    ],
    [
      'a mask on an unknown instance',
      { segments: [{ ...segment, frames: [{ SOPInstanceUID: '2.25.9', bits: bits(1) }] }] },
    ],
    [
      'a picture whose bytes do not fit its size',
      { keyImages: [{ title: 'k', rows: 2, columns: 2, rgb: new Uint8Array(6), sources: [] }] },
    ],
    [
      'a report of a picture that is not there',
      { report: { kind: 'page', title: 'r', paragraphs: [], pictures: [0] } },
    ],
    [
      'the outcome no-finding without a reason',
      { outcome: 'no-finding', reason: undefined } as unknown as Partial<ResultContent>,
    ],
    ['findings beside no-finding', { outcome: 'no-finding', findings: [finding] }],
  ])('is a failure of the tool: %s', async (_what, content) => {
    await expect(run(answering(content))).rejects.toBeInstanceOf(ToolFailedError);
  });

  it.each([
    [{ findings: undefined }, 'findings: Invalid input: expected array'],
    [{ findings: [{ ...finding, finding: undefined }] }, 'findings.0.finding: Invalid input: expected object'],
    [{ summary: ' ' }, 'summary: says nothing'],
    [{ outcome: 'yes' }, 'outcome: Invalid option'],
    [
      { segments: [{ ...segment, frames: [{ SOPInstanceUID: INSTANCE }] }] },
      'segments.0.frames.0.bits: is not a Uint8',
    ],
    [{ report: { kind: 'docx' } }, 'report.kind: Invalid'],
  ])('names the field of another shape than the compiler would have asked for: %j', async (content, says) => {
    await expect(run(answering(content as unknown as Partial<ResultContent>))).rejects.toThrow(`be used: ${says}`);
  });

  it.each([
    ['another version', { version: '9.9.9' }],
    ['another input', { inputDigest: '0'.repeat(64) }],
    ['inputs it was not given', { inputs: ['2.25.9'] }],
    ['no inputs', { inputs: [] }],
  ])('is a failure of the tool where it names %s', async (_what, metadata) => {
    const honest = makeTool(() => nothingFound);
    const tool: ImageProcessingTool = {
      ...honest,
      process: async (images, context) => {
        const result = await honest.process(images, context);
        return { ...result, metadata: { ...result.metadata, ...metadata } };
      },
    };

    await expect(run(tool)).rejects.toBeInstanceOf(ToolFailedError);
  });
});
