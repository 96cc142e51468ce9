/**
 * What the tool finds in phantoms that its model was not trained on, and in a real CT. The floors are measured figures
 * with a margin (see the model's CARD.md); they may only rise.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { inProcessDecoder } from '#core/dicom/codecs/in-process.ts';
import { NotEvaluableError } from '#core/errors.ts';
import type { PointLps } from '#core/image/geometry.ts';
import { runTool } from '#core/run-tool.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { type Comparison, compare, measured, volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom, type SpinePhantom, type SpinePhantomOptions } from '#phantoms/spine-ct.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const { entry, tool, engine, context } = await toolUnderTest('vertebral-fracture');

/** Seeds below 1000 were held out of the training. */
const HELD_OUT: readonly SpinePhantomOptions[] = [
  {
    seed: 7,
    columns: 160,
    rows: 160,
    spacingMm: [1.8, 1.8, 2],
    from: 'S',
    to: 'T11',
    fractures: [{ level: 'L2', type: 'wedge', loss: 0.35 }],
  },
  { seed: 12, columns: 160, rows: 160, spacingMm: [2, 2, 3], from: 'S', to: 'T12', fractures: [] },
  {
    seed: 31,
    columns: 200,
    rows: 200,
    spacingMm: [1.5, 1.5, 1.5],
    from: 'L3',
    to: 'T6',
    fractures: [
      { level: 'L1', type: 'biconcave', loss: 0.5 },
      { level: 'T11', type: 'wedge', loss: 0.45 },
    ],
  },
];

describe('held-out phantoms', () => {
  const answers: { phantom: SpinePhantom; result: ProcessingResult; comparison: Comparison }[] = [];
  beforeAll(async () => {
    for (const options of HELD_OUT) {
      const phantom = makeSpinePhantom(options);
      const result = await tool.process([volumeOf(phantom)], context);
      answers.push({ phantom, result, comparison: compare(result, phantom.truth.vertebrae) });
    }
  });

  it('nearly all complete bodies are found, and nothing else', () => {
    const found = answers.flatMap(({ comparison }) => comparison.pairs);
    const missed = answers.flatMap(({ comparison }) => comparison.missed);

    expect(found.length / (found.length + missed.length)).toBeGreaterThanOrEqual(0.9);
    expect(answers.flatMap(({ comparison }) => comparison.spurious)).toEqual([]);
  });

  it('heights are right within a voxel or so', () => {
    const errors = answers
      .flatMap(({ comparison }) => comparison.pairs)
      .filter(({ finding }) => finding.measurements.length > 0)
      .flatMap(({ truth, finding }) => [
        Math.abs(measured(finding, 'vb-height-ant') - truth.heightsMm.anterior),
        Math.abs(measured(finding, 'vb-height-mid') - truth.heightsMm.middle),
        Math.abs(measured(finding, 'vb-height-post') - truth.heightsMm.posterior),
      ])
      .sort((a, b) => a - b);

    expect(errors[errors.length >> 1]).toBeLessThan(1);
    expect(errors[Math.floor(errors.length * 0.95)]).toBeLessThan(5);
  });

  it('every clear fracture is found, and few sound bodies are called fractured', () => {
    const pairs = answers.flatMap(({ comparison }) => comparison.pairs);
    const fractured = pairs.filter(({ truth }) => truth.grade >= 2);
    const sound = pairs.filter(({ truth }) => truth.lossPercent < 10);
    const isCalled = ({ finding }: (typeof pairs)[number]): boolean => measured(finding, 'vb-height-loss') >= 20;

    expect(fractured.length).toBeGreaterThanOrEqual(2);
    expect(fractured.filter(isCalled).length / fractured.length).toBeGreaterThanOrEqual(0.66);
    expect(sound.filter(isCalled).length / sound.length).toBeLessThanOrEqual(0.1);
  });

  it('levels are named from the sacrum up, or not at all', () => {
    const named = answers
      .flatMap(({ comparison }) => comparison.pairs)
      .filter(({ finding }) => !finding.id.startsWith('body-'));

    expect(named.length).toBeGreaterThan(5);
    for (const { truth, finding } of named) expect(finding.id).toBe(truth.level);
  });

  it('every finding has its mask, and its outline on a source slice', () => {
    for (const { result } of answers) {
      for (const finding of result.findings) {
        const segment = result.segments[(finding.segmentNumber ?? 0) - 1];
        const [region] = finding.regions ?? [];

        expect(segment?.frames.map(({ SOPInstanceUID }) => SOPInstanceUID)).toContain(region?.SOPInstanceUID);
        expect(region?.points.length).toBeGreaterThan(5);
      }
    }
  });
});

describe('what holds no spine to measure', () => {
  it('is an answer without findings', async () => {
    const phantom = makeSpinePhantom({ seed: 7, columns: 100, rows: 100, spacingMm: [3, 3, 5], from: 'L5', to: 'L1' });
    const water = {
      ...volumeOf(phantom),
      voxels: phantom.voxels.map((_, at) => (at % 100 > 20 && at % 100 < 80 ? 40 : -1000)),
    };

    const result = await tool.process([water], context);

    expect(result.metadata).toMatchObject({ outcome: 'no-finding', reason: { code: 'no-spine' } });
    expect(result.findings).toEqual([]);
  });

  it('is refused where it is too short for one body', async () => {
    const phantom = makeSpinePhantom({
      seed: 7,
      columns: 60,
      rows: 60,
      slices: 5,
      spacingMm: [4, 4, 5],
      from: 'L4',
      to: 'L3',
    });

    await expect(tool.process([volumeOf(phantom)], context)).rejects.toThrow(NotEvaluableError);
  });
});

describeWith(['data'], 'the real lumbar CT', () => {
  it('gives at least five of six bodies where the reference has them', async () => {
    const files = readFolder(join(dataFolder() ?? '', 'ct-spine-ref-dicom'));
    const [image] = groupImages({
      StudyInstanceUID: files[0]?.instance.StudyInstanceUID ?? '',
      instances: files.map(({ instance }) => instance),
    });
    if (image === undefined) throw new Error('There is no image');
    const labelAt = referenceLabels(
      join(dataFolder() ?? '', 'ct-spine-ref', 'test_result__totalseg_vertebrae_pp_refined.nii.gz'),
    );

    const result = await runTool({
      entry,
      tool,
      images: [image],
      read: async ({ SOPInstanceUID }) =>
        files.find(({ instance }) => instance.SOPInstanceUID === SOPInstanceUID)?.bytes ?? new Uint8Array(),
      decoder: inProcessDecoder,
      engine,
      clock: Date,
      deadlineMs: Date.now() + 150_000,
    });

    expect(result.metadata.outcome).toBe('result');
    const vertebrae = result.findings.map(({ position = [0, 0, 0] }) => labelAt(position));
    expect(new Set(vertebrae.filter((label) => label !== 0)).size).toBeGreaterThanOrEqual(5);
    expect(result.findings.filter(({ measurements }) => measurements.length > 0).length).toBeGreaterThanOrEqual(5);
    expect(vertebrae.filter((label) => label === 0).length).toBeLessThanOrEqual(1);
    expect(new Set(vertebrae).size).toBe(vertebrae.length);
  });
});

function readFolder(folder: string): readonly { readonly instance: InstanceIndex; readonly bytes: Uint8Array }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      return { instance: indexInstance(bytes), bytes };
    });
}

/** The label at a point (LPS) of a NIfTI-1 label volume of bytes, its axes along RAS (its affine is a scaling and a shift). */
function referenceLabels(path: string): (point: PointLps) => number {
  const bytes = gunzipSync(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [nx = 0, ny = 0] = [42, 44].map((at) => view.getInt16(at, true));
  const start = view.getFloat32(108, true);
  // Rows of the sform affine: the diagonal scales, the last column shifts.
  const axis = (row: number) => ({
    scale: view.getFloat32(280 + 20 * row, true),
    shift: view.getFloat32(292 + 16 * row, true),
  });
  return ([x, y, z]) => {
    const [i = 0, j = 0, k = 0] = [-x, -y, z].map((mm, row) => Math.round((mm - axis(row).shift) / axis(row).scale));
    return bytes[start + (k * ny + j) * nx + i] ?? 0;
  };
}
