/** Tests of the spine tool's evaluation: copies of a CT, what is known of its vertebrae, and the figures about them. */
import { describe, expect, it } from 'vitest';
import { toLps, toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Finding, ImageProcessingTool, ProcessingResult } from '#core/tool.ts';
import { type Copy, copyOf, motionOf } from '#evaluation/vertebral-fracture/copy.ts';
import { byKind, copyMetrics, reasons, wrongAnswers } from '#evaluation/vertebral-fracture/copy-figures.ts';
import {
  chestCopies,
  interleaved,
  lumbarCopies,
  lumbarCuts,
  spread,
} from '#evaluation/vertebral-fracture/copy-lists.ts';
import { judgeCopy } from '#evaluation/vertebral-fracture/judge-copy.ts';
import {
  DISTANCES,
  ORIENTATIONS,
  PATIENTS,
  SHAPES,
  SLICES,
  told,
  VALUES,
} from '#evaluation/vertebral-fracture/lies.ts';
import { isInView, levelAt, movedTruth, truthOf } from '#evaluation/vertebral-fracture/truth.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';

const [COLUMNS, ROWS, SLICES_HIGH] = [20, 16, 24];
const size = COLUMNS * ROWS * SLICES_HIGH;
const at = (i: number, j: number, k: number): number => (k * ROWS + j) * COLUMNS + i;

/** Two blocks above each other in soft tissue: L2 in slices 4 to 9, L1 in slices 13 to 18. */
const labels = new Uint8Array(size);
for (let k = 0; k < SLICES_HIGH; k += 1) {
  const label = k >= 4 && k <= 9 ? 1 : k >= 13 && k <= 18 ? 2 : 0;
  for (let j = 5; j <= 10; j += 1) for (let i = 6; i <= 13; i += 1) labels[at(i, j, k)] = label;
}
const volume = volumeOf({
  columns: COLUMNS,
  rows: ROWS,
  slices: SLICES_HIGH,
  voxels: Int16Array.from(labels, (label) => (label > 0 ? 1000 : 0)),
  origin: [-20, -16, 100],
  spacingMm: [2, 2, 3],
});
const mask = { ...volume, labels, levels: ['L2', 'L1'] };
const truth = truthOf(mask, mask, ['L2', 'L1']);
const bodies = (voxels: ArrayLike<number>): number => Array.from(voxels).filter((hu) => hu > 500).length;
const copied = (copy: Omit<Copy, 'kind'>) => copyOf(volume, { kind: 'a copy', ...copy });
const motion = (copy: Omit<Copy, 'kind'>) => motionOf(volume, { kind: 'a copy', ...copy });

describe('a copy', () => {
  it('is the original without changes', () => {
    expect(copied({})).toBe(volume);
  });

  it('of the patient shifted by whole voxels has the same voxels elsewhere', () => {
    const copy = copied({ shiftVoxels: [1, -2, 3] });

    expect(copy.voxels[at(7, 3, 7)]).toBe(volume.voxels[at(6, 5, 4)]);
    expect(bodies(copy.voxels)).toBe(bodies(volume.voxels));
    expect(copy.origin).toEqual(volume.origin);
  });

  it('shifted by half a slice has the mean of two slices', () => {
    const copy = copied({ shiftVoxels: [0, 0, 0.5] });

    expect([3, 4, 5, 9, 10, 11].map((k) => copy.voxels[at(8, 8, k)])).toEqual([0, 500, 1000, 1000, 500, 0]);
  });

  it('turned by 90° and back is the original, where the picture holds both', () => {
    const there = copied({ turnDeg: [0, 0, 90] });
    const middle = there.voxels[at(9, 7, 6)];

    expect(middle).toBe(1000);
    expect(bodies(there.voxels) / bodies(volume.voxels)).toBeCloseTo(1, 0);
    // Turned to the left, what was on the patient's left is behind: 8 voxels wide, 6 deep.
    const wide = [4, 5, 6, 7, 8, 9, 10, 11].filter((j) => (there.voxels[at(9, j, 6)] ?? 0) > 500).length;
    expect(wide).toBe(8);
  });

  it('turned in the header alone keeps its voxels, and points keep their places in the patient', () => {
    const copy = copied({ turnDeg: [0, 30, 0], asHeader: true });

    expect(copy.voxels).toBe(volume.voxels);
    const known = movedTruth(truth, motion({ turnDeg: [0, 30, 0] }));
    const place = motion({ turnDeg: [0, 30, 0] }).toNew([-4, 0, 118]);
    expect(levelAt(truth, [-4, 0, 118])).toBe('L2');
    expect(levelAt(known, place)).toBe('L2');
    expect(Math.hypot(copy.columnDirection[0], copy.columnDirection[2])).toBeCloseTo(1);
    expect(copy.columnDirection[2]).toBeCloseTo(-0.5);
  });

  it('resampled covers the same field with other voxels', () => {
    const copy = copied({ spacingMm: [2, 2, 1.5] });

    expect([copy.columns, copy.rows, copy.slices]).toEqual([COLUMNS, ROWS, 47]);
    expect(copy.frames.length).toBe(47);
    expect(copy.voxels[at(8, 8, 8)]).toBe(1000);
    expect(bodies(copy.voxels) / bodies(volume.voxels)).toBeCloseTo(2, 0);
  });

  it.each([[['-x', '-y', '+z']], [['+y', '-z', '-x']], [['+x', '-z', '+y']]] as const)(
    'stored along %j has the same values at the same places, in a right-handed order',
    (axes) => {
      const marked = { ...volume, voxels: volume.voxels.map((_, index) => index) };
      const copy = copyOf(marked, { kind: 'a copy', axes });

      for (const [i, j, k] of [
        [0, 0, 0],
        [3, 5, 7],
        [19, 15, 23],
      ] as const) {
        const [a, b, c] = toVoxel(copy, toLps(volume, i, j, k)).map(Math.round) as [number, number, number];
        expect(copy.voxels[(c * copy.rows + b) * copy.columns + a]).toBe(at(i, j, k));
      }
      const [x, y, z] = copy.columnDirection;
      const [u, v, w] = copy.rowDirection;
      expect([y * w - z * v, z * u - x * w, x * v - y * u].map((value) => value + 0)).toEqual(
        copy.sliceDirection.map((value) => value + 0),
      );
    },
  );

  it('with noise has the noise that was asked for, the same for the same seed', () => {
    const [one, two] = [1, 1].map((seed) => copied({ noise: { deviationHu: 20, seed } })) as [Volume, Volume];

    expect(one.voxels).toEqual(two.voxels);
    const errors = Array.from(one.voxels, (hu, index) => hu - (volume.voxels[index] ?? 0));
    expect(Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length)).toBeCloseTo(20, 0);
  });

  it('cut keeps the places of its slices', () => {
    const copy = copied({ slices: [5, 24] });

    expect(copy.slices).toBe(19);
    expect(copy.origin).toEqual([-20, -16, 115]);
    expect(copy.frames[0]).toEqual(volume.frames[5]);
    expect(copy.voxels[at(8, 8, 0)]).toBe(volume.voxels[at(8, 8, 5)]);
  });
});

describe('the truth of a copy', () => {
  const inView = (copy: Omit<Copy, 'kind'>, known = truth) =>
    movedTruth(known, motion(copy))
      .bodies.filter((body) => isInView(body, copied(copy)))
      .map(({ level }) => level);

  it('says which bodies a cut copy shows completely', () => {
    expect(inView({})).toEqual(['L2', 'L1']);
    expect(inView({ slices: [4, 24] })).toEqual(['L2', 'L1']);
    expect(inView({ slices: [5, 24] })).toEqual(['L1']);
    expect(inView({ slices: [0, 18] })).toEqual(['L2']);
  });

  it('counts no body that the original shows in part', () => {
    expect(inView({}, truthOf(mask, mask, ['L1']))).toEqual(['L1']);
  });

  it('follows the patient out of the picture', () => {
    expect(inView({ shiftVoxels: [0, 0, 6] })).toEqual(['L2']);
  });
});

/** A tool that answers with one finding per block of voxels, as it is told. */
function toolThatSays(said: readonly { readonly finding: Partial<Finding>; readonly slices: readonly number[] }[]) {
  const result = {
    metadata: { outcome: 'result' },
    findings: said.map(({ finding }, index) => ({
      id: 'body-1',
      summary: '',
      measurements: [],
      evaluations: [],
      segmentNumber: index + 1,
      ...finding,
    })),
    segments: said.map(({ slices }, index) => ({
      number: index + 1,
      frames: slices.map((k) => {
        const bits = new Uint8Array(Math.ceil((COLUMNS * ROWS) / 8));
        for (const pixel of [at(8, 8, 0), at(9, 8, 0)]) bits[pixel >> 3] = (bits[pixel >> 3] ?? 0) | (1 << (pixel & 7));
        return { SOPInstanceUID: `2.25.4.${k + 1}`, bits };
      }),
    })),
  } as unknown as ProcessingResult;
  const tool = { process: () => Promise.resolve(result) } as unknown as ImageProcessingTool;
  return { tool, context: { inputDigest: '', signal: new AbortController().signal } as never };
}

const graded = (grade: number, lossPercent: number): Partial<Finding> => ({
  measurements: [{ name: { value: 'vb-height-loss' }, value: lossPercent }] as never,
  evaluations: [{ value: { value: `genant-${grade}` } }] as never,
});

describe('an answer about a copy', () => {
  const answer = toolThatSays([
    { finding: { id: 'L2', summary: 'L2: no grade (at 12.5 mm)' }, slices: [5, 6] },
    { finding: { id: 'L2', ...graded(3, 59) }, slices: [14, 15] },
    { finding: { id: 'body-7', ...graded(0, 3) }, slices: [0, 1, 2, 3, 4] },
  ]);

  it('is told for each vertebra, with findings in none', async () => {
    const outcome = await judgeCopy(volume, truth, answer);

    expect(outcome).toEqual({
      answer: 'result',
      bodies: [
        { level: 'L2', inView: true, said: [{ id: 'L2', withheld: 'at n mm' }] },
        { level: 'L1', inView: true, said: [{ id: 'L2', grade: 3, lossPercent: 59 }] },
      ],
      strays: [{ id: 'body-7', grade: 0, lossPercent: 3 }],
    });
  });

  it('is counted as a wrong name, a false fracture and a grade that is withheld', async () => {
    const outcome = { kind: 'shifted', name: 'shifted', ...(await judgeCopy(volume, truth, answer)) };
    const metrics = copyMetrics([outcome], { mostWithheld: 0.15 });

    expect(metrics['wrongNames']).toMatchObject({ value: 1, n: 2 });
    expect(metrics['falseModerate']).toMatchObject({ value: 1, n: 2 });
    expect(metrics['withheldShare']).toMatchObject({ value: 0.5, n: 2, goal: { atMost: 0.15 } });
    expect(metrics['namedShare']).toMatchObject({ value: 0.5 });
    expect(byKind([outcome]).rows).toEqual([['shifted', '1', '2', '1', '1', '1', '1']]);
    expect(reasons([outcome]).rows).toEqual([['at n mm', '1']]);
    expect(wrongAnswers([outcome]).flatMap(({ rows }) => rows)).toEqual([['shifted', 'L1', 'L2', '3', '59']]);
  });

  it('counts a copy that is refused as withheld, for its reason', () => {
    const refused = {
      answer: 'no-complete-body',
      bodies: [{ level: 'L2', inView: true, said: [] }],
      strays: [],
    };

    expect(copyMetrics([refused])['withheldShare']).toMatchObject({ value: 1, n: 1 });
    expect(reasons([refused]).rows).toEqual([['all: no-complete-body', '1']]);
  });
});

describe('the lists of copies', () => {
  it('hold each copy once, and begin with different kinds', () => {
    for (const list of [lumbarCopies(), lumbarCuts(112, 3), chestCopies()]) {
      expect(new Set(list.map((copy) => JSON.stringify(copy))).size).toBe(list.length);
      expect(new Set(list.slice(0, 4).map(({ kind }) => kind)).size).toBe(4);
    }
  });

  it('cut at every slice that leaves 30 mm', () => {
    const cuts = lumbarCuts(112, 3);
    const from = cuts.filter(({ kind }) => kind === 'cut from below').map(({ slices = [0, 0] }) => slices[0]);

    expect(from.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 102 }, (_, index) => index + 1));
  });

  it('are interleaved and spread without loss', () => {
    expect(interleaved([[1, 2, 3], [4], [5, 6]])).toEqual([1, 4, 5, 2, 6, 3]);
    expect(spread([1, 2, 3, 4, 5, 6, 7]).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(spread([1, 2, 3, 4, 5, 6, 7])[0]).not.toBe(1);
  });
});

describe('a lie', () => {
  const lieOf = (name: string) => {
    const lie = [ORIENTATIONS, DISTANCES, PATIENTS, VALUES, SLICES, SHAPES].flat().find((one) => one.name === name);
    if (lie === undefined) throw new Error(name);
    return told(volume, lie);
  };

  it('turns the picture but not its header, and knows where each voxel was', () => {
    const { volume: lie, source } = lieOf('upside down');

    expect(lie.origin).toEqual(volume.origin);
    expect(source([3, 4, 0])).toEqual([3, 4, SLICES_HIGH - 1]);
    expect(lie.voxels[at(8, 8, 0)]).toBe(volume.voxels[at(8, 8, SLICES_HIGH - 1)]);
    expect(lie.voxels[at(8, 8, 19)]).toBe(1000);
  });

  it('changes values or distances alone', () => {
    expect(lieOf('300 HU too high').volume.voxels[at(8, 8, 5)]).toBe(1300);
    expect(lieOf('a child: all distances times 0.5').volume.spacingMm).toEqual([1, 1, 1.5]);
  });

  it('shows two patients, or less of one', () => {
    const { volume: two, source } = lieOf('two patients side by side');

    expect([two.columns, two.slices]).toEqual([2 * COLUMNS, SLICES_HIGH]);
    expect(bodies(two.voxels)).toBe(2 * bodies(volume.voxels));
    expect(source([COLUMNS + 3, 1, 2])).toEqual([3, 1, 2]);
    expect(lieOf('20 mm are missing at a half').volume.slices).toBe(SLICES_HIGH - 7);
    expect(lieOf('slices in the order of their names as text').source([0, 0, 2])).toEqual([0, 0, 10]);
  });

  it('draws shapes in a trunk with air around', () => {
    const { volume: water } = lieOf('nothing but water');

    expect(water.voxels[0]).toBe(-1000);
    expect(Math.max(...water.voxels.subarray(0, 100_000))).toBeLessThan(100);
  });
});
