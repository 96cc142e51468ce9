/** `hilum run` and the functions give one study one answer, byte for byte, whatever its series hold. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runStudy } from '#cli/run-study.ts';
import { parseResult } from '#core/results/result.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { readDicom } from '#dicom/read.ts';
import { makeHandler as makeConvert } from '#functions/convert/handler.ts';
import { makeHandler as makeInfer } from '#functions/infer/handler.ts';
import { makeHandler as makeRoute } from '#functions/route/handler.ts';
import { objectListKey, resultKey } from '#pipeline/keys.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import { notInView, type Series, seen, seriesFiles, volumeEntry, volumeTool } from '../fixtures/candidates.ts';
import { section } from '../fixtures/cross-sections.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';
import {
  createPipeline,
  echoEngine,
  minuteLeft,
  nothingFailed,
  s3Event,
  setFolder,
  sqsEvent,
  uploadFiles,
} from '../fixtures/pipeline.ts';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'hilum-both-'));
});
afterEach(() => rm(out, { recursive: true }));

/** No tissue in volumes of 20 slices. */
const tool = volumeTool((volume) => (volume.slices === 20 ? notInView : seen(volume)));
const lane = 'live';

/** @param storedAt the pipeline's time */
async function inThisProcess(files: readonly Uint8Array[], storedAt: string) {
  const { instances, read } = phantomStudy('both', files);
  const { StudyInstanceUID = '' } = instances[0] ?? {};
  const ready = { entry: volumeEntry, tool, decoder: inProcessDecoder, engine: echoEngine };
  const { reason, outcome, passedOver, joined, leftOut, objects } = await runStudy(
    { StudyInstanceUID, instances, read, refused: [] },
    ready,
    out,
    { content: storedAt, creation: storedAt, timeZone: 'UTC' },
  );
  return { outcome, reason, passedOver, joined, leftOut, sha256: objects.map((object) => object.sha256) };
}

async function inFunctions(files: readonly Uint8Array[]) {
  const pipeline = createPipeline();
  const { key } = await uploadFiles(pipeline, files, lane);
  const route = makeRoute({ ...pipeline, catalog: [volumeEntry] });
  expect(await route(sqsEvent('intake-live', [s3Event(key)]), minuteLeft)).toEqual(nothingFailed);
  const [message] = pipeline.sentTo({ step: 'infer', tool: volumeEntry.manifest.id, lane });
  if (message === undefined) throw new Error('No tool was asked');
  const dependencies = { ...pipeline, entry: volumeEntry, tool, decoder: inProcessDecoder, engine: echoEngine };
  const infer = makeInfer({ ...dependencies, toolTimeoutMs: 60_000 });
  expect(await infer(sqsEvent('infer-volumes-live', [message]), minuteLeft)).toEqual(nothingFailed);
  expect(await makeConvert(pipeline)(sqsEvent('convert-live', [message]), minuteLeft)).toEqual(nothingFailed);
  const bytesAt = async (at: string) => (await pipeline.objects.get(at)) ?? new Uint8Array();
  const { outcome, reason, passedOver, joined, leftOut, storedAt } = parseResult(
    await bytesAt(resultKey(message)),
  ).metadata;
  const list = parseObjectList(await bytesAt(objectListKey(setFolder(pipeline, message))));
  const sha256 = list.objects.map((object) => object.sha256);
  return { storedAt, answer: { outcome, reason, passedOver, joined, leftOut, sha256 } };
}

const elsewhere = { change: (k: number) => ({ position: [-10, -90, 100 + 2 * k] as const }) };
/** A series with the SOP Instance UIDs of series 1. */
const namesakes = (change: NonNullable<Series['change']>) =>
  Array.from({ length: 12 }, (_, k): Series => {
    const SOPInstanceUID = `2.25.51${String(k).padStart(3, '0')}`;
    return { number: 2, from: k, slices: 1, change, attributes: { SOPInstanceUID } };
  });

it.each<[string, readonly Series[], object]>([
  [
    'one scan in two series',
    [
      { number: 1, slices: 9 },
      { number: 2, from: 8, slices: 9 },
    ],
    {
      ...{ outcome: 'result', joined: [['2.25.21', '2.25.22']] },
      leftOut: [{ SOPInstanceUIDs: ['2.25.52008'], reason: { code: 'pixel-twin' } }],
    },
  ],
  [
    'two pieces that nothing joins',
    [
      { number: 1, slices: 12 },
      { number: 2, from: 14, slices: 9 },
    ],
    { outcome: 'result', passedOver: [{ SeriesInstanceUID: '2.25.22', images: 9 }] },
  ],
  [
    'a series without the organ before one that shows it',
    [
      { number: 1, slices: 20 },
      { number: 2, slices: 18, ...elsewhere },
    ],
    { outcome: 'result', passedOver: [{ SeriesInstanceUID: '2.25.21', reason: { code: 'no-organ' } }] },
  ],
  [
    'a copy of a series with the same UIDs',
    [{ number: 1, slices: 12 }, ...namesakes(() => ({}))],
    { outcome: 'result', passedOver: [{ SeriesInstanceUID: '2.25.22', reason: { code: 'copied-series' } }] },
  ],
  [
    'another series with the same UIDs',
    [{ number: 1, slices: 12 }, ...namesakes((k) => ({ stored: section(k + 40).stored }))],
    { outcome: 'not-evaluable', reason: { code: 'duplicate-uid' } },
  ],
  [
    'an odd image',
    [
      { number: 1, slices: 12 },
      { number: 1, from: 90, slices: 1, change: () => ({ orientation: [0, 1, 0, 0, 0, -1] }) },
    ],
    { outcome: 'result', leftOut: [{ reason: { code: 'odd-image' } }] },
  ],
])('%s', async (_, series, expected) => {
  const files = series.flatMap(seriesFiles);

  const { answer: other, storedAt = '' } = await inFunctions(files.toReversed());
  const one = await inThisProcess(files, storedAt);

  expect(one).toMatchObject(expected);
  expect(other).toEqual(one);
  expect(one.sha256.length).toBeGreaterThan(0);
});

it('an answer of hilum run names the series that the tool does not take', async () => {
  const head: Series = { number: 2, slices: 30, ...elsewhere, attributes: { BodyPartExamined: 'HEAD' } };
  const { instances, read } = phantomStudy('both', [{ number: 1, slices: 12 }, head].flatMap(seriesFiles));

  const report = await runStudy(
    { StudyInstanceUID: '2.25.1', instances, read, refused: [] },
    { entry: volumeEntry, tool, decoder: inProcessDecoder, engine: echoEngine },
    out,
  );

  expect(report).toMatchObject({
    outcome: 'result',
    outOfScope: [{ SeriesNumber: 2, images: 30, reason: { message: 'It is a head' } }],
  });
  expect(report).not.toHaveProperty('passedOver');
});

it('an answer about joined series has one mask over both, and says so in SR and PDF', async () => {
  const files = [
    { number: 1, slices: 9 },
    { number: 2, from: 9, slices: 9 },
    { number: 3, slices: 8, ...elsewhere },
  ].flatMap(seriesFiles);
  const { instances, read } = phantomStudy('both', files);
  const study = { StudyInstanceUID: '2.25.1', instances, read, refused: [] };

  const { objects } = await runStudy(
    study,
    { entry: volumeEntry, tool, decoder: inProcessDecoder, engine: echoEngine },
    out,
  );

  const written = await Promise.all(objects.map(async ({ kind, path }) => ({ kind, bytes: await readFile(path) })));
  const [mask, ...others] = written
    .filter(({ kind }) => kind === 'segmentation')
    .map(({ bytes }) => readDicom(bytes).dataset);
  expect(others).toEqual([]);
  expect(mask?.number('NumberOfFrames')).toBe(18);
  expect(
    mask?.items('ReferencedSeriesSequence').map((item) => item.items('ReferencedInstanceSequence').length),
  ).toEqual([9, 9]);
  const [pdf] = written.filter(({ kind }) => kind === 'pdf').map(({ bytes }) => bytes.toString('latin1'));
  expect(pdf).toContain('2 series that adjoin were evaluated as one volume');
  expect(pdf).toContain('Not evaluated: CT series 3, 8 images.');
});
