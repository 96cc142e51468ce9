/** Slices of one series that do not share a Frame of Reference UID: one scan where the UIDs say nothing, else refused. */
import { describe, expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import { runTool } from '#core/run-tool.ts';
import { selectImages } from '#core/study/selection.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { readDicom } from '#dicom/read.ts';
import type { Attributes } from '#dicom/write.ts';
import { type Series, seen, seriesFiles, volumeEntry, volumeTool } from '../fixtures/candidates.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';

/** A series whose slices have these attributes. */
const seriesOf = (
  of: (k: number) => Attributes,
  { slices = 12, change }: Pick<Partial<Series>, 'slices' | 'change'> = {},
): readonly Uint8Array[] =>
  Array.from({ length: slices }, (_, k) => k).flatMap((k) =>
    seriesFiles({ number: 1, from: k, slices: 1, attributes: of(k), ...(change && { change }) }),
  );
const own = (k: number): Attributes => ({ FrameOfReferenceUID: `2.25.7${String(k).padStart(2, '0')}` });

async function answerTo(files: readonly Uint8Array[]) {
  const { images, instances, read } = phantomStudy('frames', files);
  const { selected } = selectImages(volumeEntry.manifest.selection, images);
  const result = await runTool({
    ...{ entry: volumeEntry, tool: volumeTool(seen), images: selected, read, decoder: inProcessDecoder, clock: Date },
    engine: { run: () => Promise.reject(new Error('no model is asked')) },
    deadlineMs: Date.now() + 60_000,
  });
  return { result, objects: await convertResult({ result, instances, read }) };
}

describe('slices of one scan', () => {
  it.each<[string, readonly Uint8Array[], string, RegExp]>([
    ['each in a frame of reference of its own', seriesOf(own), '2.25.700', /no Frame of Reference UID .* in common/],
    [
      'each in one of its own, from the head to the feet',
      seriesOf(own, { change: (k) => ({ position: [-10, -20, 100 - 2 * k] }) }),
      '2.25.711',
      /in common.*the lowest image/,
    ],
    [
      'each in one of its own, or none',
      seriesOf((k) => (k < 2 ? { FrameOfReferenceUID: undefined } : own(k))),
      '2.25.702',
      /in common.*the lowest image/,
    ],
    [
      'of which some give none',
      seriesOf((k) => (k % 3 === 0 ? { FrameOfReferenceUID: undefined } : {})),
      '2.25.3',
      /^4 of 12 images of the series give no Frame of Reference UID.*the others give/,
    ],
    [
      'of which one gives none',
      seriesOf((k) => (k === 3 ? { FrameOfReferenceUID: undefined } : {})),
      '2.25.3',
      /^1 of 12 images of the series gives no/,
    ],
  ])('%s are evaluated, and results lie in one frame of reference', async (_, files, uid, note) => {
    const { result, objects } = await answerTo(files);
    const [image] = phantomStudy('frames', files).images;

    expect(new Set(image?.instances.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID))).toEqual(new Set([uid]));
    expect(result.metadata).toMatchObject({ outcome: 'result', summary: '12 slices' });
    expect(result.metadata.notes).toMatchObject([
      { code: 'frames-of-reference', message: expect.stringMatching(note) },
    ]);
    const mask = objects.find(({ kind }) => kind === 'segmentation');
    const { dataset } = readDicom(mask?.bytes ?? new Uint8Array());
    expect(dataset.text('FrameOfReferenceUID')).toBe(uid);
    expect(dataset.items('PerFrameFunctionalGroupsSequence')).toHaveLength(12);
    expect(objects.filter(({ kind }) => kind === 'segmentation')).toHaveLength(1);
  });

  it('that share one have no note', async () => {
    const { result } = await answerTo(seriesOf(() => ({})));

    expect(result.metadata).toMatchObject({ outcome: 'result' });
    expect(result.metadata.notes).toBeUndefined();
  });

  it('keep the odd image without a frame of reference out, and need no note', async () => {
    const odd = seriesFiles({
      ...{ number: 1, from: 90, slices: 1, attributes: { FrameOfReferenceUID: undefined } },
      change: () => ({ orientation: [0, 1, 0, 0, 0, -1] }),
    });

    const { result } = await answerTo([...seriesOf(() => ({})), ...odd]);

    expect(result.metadata).toMatchObject({
      summary: expect.stringMatching(/^12 slices\b/),
      leftOut: [{ reason: { code: 'odd-image' } }],
    });
    expect(result.metadata.notes).toBeUndefined();
  });
});

describe('slices that are refused', () => {
  it.each<[string, readonly Uint8Array[], string]>([
    ['two positions of the patient', seriesOf((k) => own(k < 6 ? 0 : 1)), 'missing-geometry'],
    ['two that share one among others of their own', seriesOf((k) => own(Math.max(1, k))), 'missing-geometry'],
    ['none that gives one', seriesOf(() => ({ FrameOfReferenceUID: undefined })), 'missing-geometry'],
    ['of two acquisitions', seriesOf((k) => ({ ...own(k), AcquisitionNumber: k < 6 ? 1 : 2 })), 'missing-geometry'],
    [
      'of two kernels',
      seriesOf((k) => ({ ...own(k), ConvolutionKernel: k < 6 ? 'B30f' : 'B70f' })),
      'missing-geometry',
    ],
    [
      'with one lost',
      seriesOf(own, { change: (k) => ({ position: [-10, -20, 2 * (k < 6 ? k : k + 1)] }) }),
      'missing-slices',
    ],
  ])('%s', async (_, files, code) => {
    const { result } = await answerTo(files);

    expect(result.metadata).toMatchObject({ outcome: 'not-evaluable', reason: { code } });
  });

  it('are fewer than eight', () => {
    const { images } = phantomStudy('few', seriesOf(own, { slices: 7 }));

    expect(images).toMatchObject([{ instances: Array(7).fill({}) }]);
    expect(images[0]).not.toHaveProperty('notes');
  });
});
