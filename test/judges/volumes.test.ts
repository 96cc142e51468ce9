/** Hilum's volumes must have the same values at the same positions as highdicom's, for series and enhanced objects, real and phantom. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { toLps } from '#core/image/resample.ts';
import { dot, subtract } from '#core/image/vectors.ts';
import type { Volume } from '#core/image/volume.ts';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { spinePhantomToEnhancedCt, spinePhantomToLegacyConvertedCt } from '#phantoms/enhanced-ct.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { loadVolume } from '../fixtures/enhanced-images.ts';
import { folderOf, python } from '../fixtures/judges.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { realFiles } from '../fixtures/real-data.ts';

type Point = readonly [number, number, number];
interface Answer {
  readonly shape: Point;
  readonly affine: readonly (readonly number[])[];
  readonly values: Float32Array;
}

/** highdicom's volume of each series. */
function judged(series: Readonly<Record<string, readonly Uint8Array[]>>): ReadonlyMap<string, Answer> {
  const [source, out] = [folderOf([]), folderOf([])];
  for (const [name, files] of Object.entries(series)) {
    mkdirSync(join(source, name));
    files.forEach((bytes, index) => {
      writeFileSync(join(source, name, `${String(index).padStart(4, '0')}.dcm`), bytes);
    });
  }
  const answers = python('read_volumes.py', source, out) as Readonly<Record<string, Omit<Answer, 'values'>>>;
  return new Map(
    Object.entries(answers).map(([name, answer]) => {
      const raw = readFileSync(join(out, `${name}.raw`));
      return [name, { ...answer, values: new Float32Array(new Uint8Array(raw).buffer) }];
    }),
  );
}

/** The index, in highdicom's array, of the voxel that lies at a point; its axes are at right angles. */
function indexAt({ affine, shape }: Answer, point: Point): number {
  const column = (n: number): Point => [affine[0]?.[n] ?? 0, affine[1]?.[n] ?? 0, affine[2]?.[n] ?? 0];
  const moved = subtract(point, column(3));
  const [k = 0, j = 0, i = 0] = [0, 1, 2].map((n) => dot(moved, column(n)) / dot(column(n), column(n)));
  expect(Math.max(...[k, j, i].map((index) => Math.abs(index - Math.round(index))))).toBeLessThan(0.02);
  return (Math.round(k) * shape[1] + Math.round(j)) * shape[2] + Math.round(i);
}

/** Checks that every voxel has highdicom's value at the same position. */
function expectSame(ours: Volume, theirs: Answer): void {
  const { columns, rows, slices, voxels } = ours;
  expect([slices, rows, columns]).toEqual(theirs.shape);
  let different = 0;
  for (let k = 0; k < slices; k += 1) {
    const first = indexAt(theirs, toLps(ours, 0, 0, k));
    const [right, down] = [
      indexAt(theirs, toLps(ours, 1, 0, k)) - first,
      indexAt(theirs, toLps(ours, 0, 1, k)) - first,
    ];
    expect(indexAt(theirs, toLps(ours, columns - 1, rows - 1, k))).toBe(
      first + (columns - 1) * right + (rows - 1) * down,
    );
    for (let at = 0; at < rows * columns; at += 1) {
      const theirValue = theirs.values[first + (at % columns) * right + Math.floor(at / columns) * down] ?? Number.NaN;
      if (Math.abs((voxels[k * rows * columns + at] ?? 0) - theirValue) > 1e-3) different += 1;
    }
  }
  expect(different).toBe(0);
}

describeWith(['judges'], 'volumes of phantoms', () => {
  it('are those that highdicom reads, whatever form they are in', async () => {
    const phantom = makeSpinePhantom({ seed: 9, columns: 64, rows: 48, spacingMm: [4, 5, 6], from: 'S', to: 'L1' });
    const slices = Array.from({ length: phantom.slices }, (_, k) => phantom.slices - 1 - k);
    const forms = {
      series: spinePhantomToDicom(phantom, { seed: 9 }),
      enhanced: [spinePhantomToEnhancedCt(phantom, { seed: 9, slices })],
      legacy: [spinePhantomToLegacyConvertedCt(phantom, { seed: 9 })],
    };

    const answers = judged(forms);

    for (const [name, files] of Object.entries(forms)) {
      const answer = answers.get(name);
      if (answer === undefined) throw new Error(`highdicom says nothing of ${name}`);
      expectSame(await loadVolume(files), answer);
    }
  });
});

describeWith(['judges', 'data'], 'volumes of real files', () => {
  it.each([
    ['an enhanced MR', 'enhanced/dcm_qa_enh__6_1'],
    ['a CT series', 'ct-spine-ref-dicom/'],
    ['a compressed CT series', 'ct-abdomen-20/'],
    ['an MR series', 'mr-t1-head/'],
  ])('are those that highdicom reads: %s', async (_, start) => {
    const files = realFiles()
      .filter(({ path }) => path.startsWith(start) && path.endsWith('.dcm'))
      .map(({ path }) => readFileSync(join(dataFolder(), path)));

    const answer = judged({ real: files }).get('real');

    if (answer === undefined) throw new Error('highdicom says nothing');
    expectSame(await loadVolume(files), answer);
  });
});
