/** Real CTs without a moderate fracture: the tool must report none, and grade the bodies that it is sure of. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { boundsOf, resample } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Finding } from '#core/tool.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { imagesForTool } from '../../evaluation/study-images.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const { entry, tool, context } = await toolUnderTest('vertebral-fracture');

async function volumeIn(folder: string): Promise<Volume> {
  const [image] = await imagesForTool(folder, entry);
  if (image?.kind !== 'volume') throw new Error(`${folder} holds no volume`);
  return image;
}

/** The same patient on a shifted grid, by linear interpolation. */
function shifted(volume: Volume, voxels: readonly [number, number, number]): Volume {
  const { min, max } = boundsOf(volume);
  const { spacingMm } = volume;
  const count = (axis: 0 | 1 | 2): number => Math.floor((max[axis] - min[axis]) / spacingMm[axis] - voxels[axis]) + 1;
  const at = (axis: 0 | 1 | 2): number => min[axis] + voxels[axis] * spacingMm[axis];
  const grid = {
    columns: count(0),
    rows: count(1),
    slices: count(2),
    spacingMm,
    origin: [at(0), at(1), at(2)] as const,
  };
  return volumeOf({ ...grid, voxels: Int16Array.from(resample(volume, grid, -1024), Math.round) });
}

async function gradesOf(volume: Volume) {
  const { findings, metadata } = await tool.process([volume], context);
  const grade = ({ evaluations }: Finding): number => Number(evaluations[0]?.value.value.replace('genant-', ''));
  const graded = findings.filter(({ evaluations }) => evaluations.length > 0);
  return {
    summary: metadata.summary,
    called: graded.filter((finding) => grade(finding) >= 2).map(({ summary }) => summary),
    graded: graded.length,
    lowest: findings[0],
    withheld: findings.filter((finding) => !graded.includes(finding)),
  };
}

function expectBenign({ summary, called, graded, lowest, withheld }: Awaited<ReturnType<typeof gradesOf>>) {
  expect(called).toEqual([]);
  expect(graded).toBeGreaterThanOrEqual(3);
  expect(lowest?.evaluations).toEqual([]);
  for (const { summary: words, measurements } of withheld) {
    expect(words).toContain(': no grade (');
    expect(measurements).toEqual([]);
  }
  expect(summary).toContain(`${graded} vertebral bodies graded`);
  expect(summary).toContain(`; ${withheld.length} not graded (`);
}

describeWith(['data'], 'a real CT without a moderate fracture', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'hilum-chest-'));
  afterAll(() => rmSync(scratch, { recursive: true }));

  it('of the chest, with more pieces than bodies', async () => {
    execFileSync('tar', ['-xJf', join(dataFolder(), 'real', 'ct-chest-lidc-0001', 'dicom.tar.xz'), '-C', scratch]);

    const said = await gradesOf(await volumeIn(scratch));

    expectBenign(said);
  });

  const halves = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [(n & 1) / 2, ((n >> 1) & 1) / 2, (n >> 2) / 2] as const);
  it.each(halves)('of the lumbar spine, shifted by %d, %d and %d voxels', async (...voxels) => {
    const volume = await volumeIn(join(dataFolder(), 'ct-spine-ref-dicom'));

    const said = await gradesOf(shifted(volume, voxels));

    expectBenign(said);
  });
});
