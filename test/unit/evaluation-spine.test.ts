/** Tests of the spine tool's evaluation: measuring reference masks, and known compressions. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nearestIn, readNifti } from '#evaluation/nifti.ts';
import { referenceBodies } from '#evaluation/vertebral-fracture/reference.ts';
import { compress, compressedHeights } from '#evaluation/vertebral-fracture/warp.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpineLabels, makeSpinePhantom } from '#phantoms/spine-ct.ts';

const options = {
  seed: 21,
  columns: 90,
  rows: 100,
  spacingMm: [1.5, 1.5, 1.5],
  from: 'L5',
  to: 'L1',
  fractures: [],
  plain: true,
  noiseHu: 0,
} as const;
const phantom = makeSpinePhantom(options);
const volume = volumeOf(phantom);
const { bodies: labels } = makeSpineLabels(options, phantom);
const levels = ['L5', 'L4', 'L3', 'L2', 'L1', 'T12', 'T11'];
const references = referenceBodies({ ...volume, labels, levels });

describe('a reference mask', () => {
  it('has the heights that the phantom was drawn with', () => {
    for (const { level, heightsMm, complete } of phantom.truth.vertebrae) {
      if (!complete) continue;
      const heights = references.find((one) => one.level === level)?.heights;

      expect(Math.abs((heights?.anteriorMm ?? 0) - heightsMm.anterior), level).toBeLessThan(1);
      expect(Math.abs((heights?.middleMm ?? 0) - heightsMm.middle), level).toBeLessThan(1);
      expect(Math.abs((heights?.posteriorMm ?? 0) - heightsMm.posterior), level).toBeLessThan(1);
    }
  });
});

describe('a known compression', () => {
  const heights = references.find(({ level }) => level === 'L3')?.heights;

  it.each([
    ['wedge', 0.4],
    ['biconcave', 0.4],
    ['crush', 0.3],
  ] as const)('makes a %s of a body, and leaves its neighbours alone', (type, loss) => {
    if (heights === undefined) throw new Error('L3 was not measured');
    // The mask as a picture, so that it is warped as the CT is.
    const painted = { ...volume, voxels: Int16Array.from(labels, (label) => (label === 3 ? 1000 : 0)) };

    const warped = compress(painted, heights, 60, { type, loss });

    const mask = Uint8Array.from(warped.voxels, (value, at) =>
      value > 500 ? 3 : labels[at] === 3 ? 0 : (labels[at] ?? 0),
    );
    const after = referenceBodies({ ...volume, labels: mask, levels });
    const measured = after.find(({ level }) => level === 'L3')?.heights;
    const expected = compressedHeights(heights, { type, loss });
    expect(Math.abs((measured?.anteriorMm ?? 0) - expected[0])).toBeLessThan(2);
    expect(Math.abs((measured?.middleMm ?? 0) - expected[1])).toBeLessThan(2);
    expect(Math.abs((measured?.posteriorMm ?? 0) - expected[2])).toBeLessThan(2);
    const ct = compress(volume, heights, 60, { type, loss });
    const l4 = labels.indexOf(2);
    expect(ct.voxels[l4]).toBe(volume.voxels[l4]);
    expect(ct.voxels).not.toEqual(volume.voxels);
  });
});

describe('NIfTI', () => {
  it('is read in LPS, for any direction of its axes', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'hilum-')), 'mask.nii.gz');
    const bytes = Buffer.alloc(352 + 2 * 3 * 4);
    for (const [n, size] of [3, 2, 3, 4].entries()) bytes.writeInt16LE(size, 40 + 2 * n);
    bytes.writeInt16LE(2, 70);
    bytes.writeFloatLE(352, 108);
    // x runs along the second axis backwards, y along the first, z along the third.
    const rows = [
      [0, -3, 0, 10],
      [2, 0, 0, -20],
      [0, 0, 4, 5],
    ];
    for (const [row, values] of rows.entries())
      for (const [n, value] of values.entries()) bytes.writeFloatLE(value, 280 + 16 * row + 4 * n);
    bytes[352 + (2 * 3 + 1) * 2 + 1] = 7; // (1, 1, 2)
    writeFileSync(path, gzipSync(bytes));

    const volume = readNifti(path);

    // RAS (10 − 3, −20 + 2, 5 + 8) is LPS (−7, 18, 13).
    expect(nearestIn(volume)([-7, 18, 13])).toBe(7);
    expect(nearestIn(volume)([-7, 18, 9])).toBe(0);
    expect(volume.spacingMm).toEqual([2, 3, 4]);
  });

  it('refuses unsupported data types', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'hilum-')), 'complex.nii.gz');
    const bytes = Buffer.alloc(352);
    bytes.writeInt16LE(32, 70);
    writeFileSync(path, gzipSync(bytes));

    expect(() => readNifti(path)).toThrow(RangeError);
  });
});
