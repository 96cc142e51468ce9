/** From tissue classes to bodies, heights, grades and names, on masks with a known answer. */
import { describe, expect, it } from 'vitest';
import { labelComponents } from '#core/image/components.ts';
import { type LpsGrid, resample, toLps, toVoxel } from '#core/image/resample.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpineLabels, makeSpinePhantom, type SpinePhantom } from '#phantoms/spine-ct.ts';
import { findBodies } from '#tools/vertebral-fracture/bodies.ts';
import { longestChain } from '#tools/vertebral-fracture/chain.ts';
import { gradeBodies, gradeOf } from '#tools/vertebral-fracture/grade.ts';
import { measureHeights } from '#tools/vertebral-fracture/heights.ts';
import { nameLevels } from '#tools/vertebral-fracture/levels.ts';
import { bodyFrames } from '#tools/vertebral-fracture/masks.ts';
import { partBodies } from '#tools/vertebral-fracture/part.ts';
import { SPACING_MM } from '#tools/vertebral-fracture/preprocess.ts';
import { type SpineMap, TISSUE } from '#tools/vertebral-fracture/segment.ts';

/** The answer of a perfect model for a phantom. */
function perfectMap(phantom: SpinePhantom, options: Parameters<typeof makeSpineLabels>[0]): SpineMap {
  const { columns, rows, slices, spacingMm, origin } = phantom;
  const grid: LpsGrid = {
    columns: 45,
    rows: Math.floor((rows * spacingMm[1]) / SPACING_MM[1]),
    slices: Math.floor((slices * spacingMm[2]) / SPACING_MM[2]),
    spacingMm: SPACING_MM,
    origin: [origin[0] + (columns * spacingMm[0]) / 2 - 45, origin[1], origin[2]],
  };
  const { labels } = makeSpineLabels(options, grid);
  const tissue = new Uint8Array(labels.length);
  for (let z = 0; z < grid.slices; z += 1) {
    for (let y = 0; y < grid.rows; y += 1) {
      for (let x = 0; x < grid.columns; x += 1) {
        tissue[(x * grid.slices + z) * grid.rows + y] = labels[(z * grid.rows + y) * grid.columns + x] ?? 0;
      }
    }
  }
  return {
    grid,
    shape: { columns: grid.rows, rows: grid.slices, slices: grid.columns },
    tissue,
    bodyProbability: tissue.map((value) => (value === TISSUE.body ? 255 : 0)),
  };
}

const options = {
  seed: 21,
  columns: 90,
  rows: 100,
  spacingMm: [2, 2, 2],
  from: 'S',
  to: 'T11',
  fractures: [{ level: 'L2', type: 'wedge', loss: 0.35 }],
} as const;
const extentOf = ({ origin, columns, rows, slices, spacingMm }: SpinePhantom) => ({
  min: origin,
  max: [
    origin[0] + (columns - 1) * spacingMm[0],
    origin[1] + (rows - 1) * spacingMm[1],
    origin[2] + (slices - 1) * spacingMm[2],
  ] as const,
});

describe('the bodies of a spine', () => {
  const phantom = makeSpinePhantom(options);
  const map = perfectMap(phantom, options);
  const spine = findBodies(map, extentOf(phantom));

  it('are all found, named from the sacrum up', () => {
    const complete = phantom.truth.vertebrae.filter((truth) => truth.complete);

    const names = nameLevels(spine);

    for (const truth of complete) {
      const index = spine.bodies.findIndex(
        ({ centre }) => Math.hypot(...centre.map((value, n) => value - (truth.centre[n] ?? 0))) < 6,
      );
      expect(names[index]?.level, truth.level).toBe(truth.level);
    }
  });

  it('are as high as the truth says, within the grid', () => {
    for (const truth of phantom.truth.vertebrae.filter(({ complete }) => complete)) {
      const body = spine.bodies.find(({ centre }) => Math.abs(centre[2] - truth.centre[2]) < 6);
      const heights = body && measureHeights(map, spine, body);

      expect(Math.abs((heights?.anteriorMm ?? 0) - truth.heightsMm.anterior), truth.level).toBeLessThan(2);
      expect(Math.abs((heights?.middleMm ?? 0) - truth.heightsMm.middle), truth.level).toBeLessThan(1.5);
      expect(Math.abs((heights?.posteriorMm ?? 0) - truth.heightsMm.posterior), truth.level).toBeLessThan(2);
    }
  });

  it('are as high as the truth says in the upper thorax, where bodies are hardly higher than deep', () => {
    const upper = {
      seed: 500_012,
      columns: 90,
      rows: 110,
      spacingMm: [2, 2, 2],
      from: 'T9',
      to: 'C7',
      fractures: [],
    } as const;
    const small = makeSpinePhantom(upper);
    const above = perfectMap(small, upper);
    const found = findBodies(above, extentOf(small));

    for (const { level, centre, heightsMm } of small.truth.vertebrae.filter(({ complete }) => complete)) {
      const body = found.bodies.find((one) => Math.abs(one.centre[2] - centre[2]) < 6);
      const heights = body && measureHeights(above, found, body);

      expect(Math.abs((heights?.anteriorMm ?? 0) - heightsMm.anterior), level).toBeLessThan(2);
      expect(Math.abs((heights?.posteriorMm ?? 0) - heightsMm.posterior), level).toBeLessThan(2);
    }
  });

  it('are graded, the fractured one alone', () => {
    const names = nameLevels(spine);
    const measured = spine.bodies.flatMap((body, index) => {
      const heights = body.complete ? measureHeights(map, spine, body) : undefined;
      return heights === undefined ? [] : [{ heights, level: names[index]?.level ?? '' }];
    });

    const gradings = gradeBodies(measured);

    const fractured = measured.filter((_, index) => (gradings[index]?.grade ?? 0) > 0).map(({ level }) => level);
    expect(fractured).toEqual(['L2']);
    expect(gradings[measured.findIndex(({ level }) => level === 'L2')]).toMatchObject({ grade: 2, deformity: 'wedge' });
  });

  it('become masks on the source slices, as large as they are', () => {
    const volume = volumeOf(phantom);
    const [lowest] = spine.bodies;
    if (lowest === undefined) throw new Error('There is no body');

    const frames = bodyFrames(volume, map, spine, lowest);

    const voxels = frames
      .flatMap(({ bits }) => [...bits])
      .reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    const ml = (voxels * 2 * 2 * 2) / 1000;
    expect(Math.abs(ml / lowest.volumeMl - 1)).toBeLessThan(0.1);
  });

  it('are still two where the model connects them', () => {
    const [l5, l4] = spine.bodies;
    if (l5 === undefined || l4 === undefined) throw new Error('Two bodies are needed');
    const bridged = map.tissue.slice();
    const between = (l5.centre[2] + l4.centre[2]) / 2;
    const { grid, shape } = map;
    for (let plane = 0; plane < shape.slices; plane += 1) {
      for (let z = 0; z < shape.rows; z += 1) {
        if (Math.abs(grid.origin[2] + z * SPACING_MM[2] - between) > 9) continue;
        for (let y = 0; y < shape.columns; y += 1) {
          const at = (plane * shape.rows + z) * shape.columns + y;
          const dy = grid.origin[1] + y * SPACING_MM[1] - (l5.centre[1] + l4.centre[1]) / 2;
          if (bridged[at] === TISSUE.disc && Math.abs(dy) < 5) bridged[at] = TISSUE.body;
        }
      }
    }

    const apart = findBodies({ ...map, tissue: bridged }, extentOf(phantom));

    expect(apart.bodies).toHaveLength(spine.bodies.length);
  });
});

describe('connected bodies', () => {
  /** Two blocks of 20 mm with a weak layer between, like a thin disc on this grid. */
  const shape = { columns: 24, rows: 40, slices: 16 };
  const weak = (at: number): boolean => Math.floor(at / shape.columns) % shape.rows === 19;
  const size = shape.columns * shape.rows * shape.slices;
  const inside = (at: number): boolean => {
    const [y, z, x] = [
      at % shape.columns,
      Math.floor(at / shape.columns) % shape.rows,
      Math.floor(at / (shape.columns * shape.rows)),
    ];
    return y > 2 && y < 21 && z > 5 && z < 34 && x > 2 && x < 13;
  };
  const tissue = Uint8Array.from({ length: size }, (_, at) => (inside(at) ? TISSUE.body : TISSUE.background));
  const grid: LpsGrid = { columns: 16, rows: 24, slices: 40, spacingMm: SPACING_MM, origin: [0, 0, 0] };

  it('are split at a layer of low probability', () => {
    const bodyProbability = tissue.map((value, at) => (value === 0 ? 0 : weak(at) ? 140 : 250));

    const { components, labels } = partBodies({ grid, shape, tissue, bodyProbability });

    expect(components.map(({ size: voxels }) => voxels).sort()).toHaveLength(2);
    expect(labels.filter((label) => label > 0)).toHaveLength(tissue.filter((value) => value > 0).length);
  });

  it('are one where nothing separates them, and where the uncertain layer runs from side to side', () => {
    const sure = tissue.map((value) => (value === 0 ? 0 : 250));
    const split = tissue.map((value, at) => (value === 0 ? 0 : at % shape.columns === 11 ? 140 : 250));

    for (const bodyProbability of [sure, split]) {
      expect(partBodies({ grid, shape, tissue, bodyProbability }).components).toHaveLength(1);
    }
  });
});

describe('the names of levels', () => {
  const at = (z: number) => ({ label: 1, centre: [0, 0, z] as const, volumeMl: 30, complete: true, probability: 1 });
  const namesOf = (heights: readonly number[], onSacrum: boolean) =>
    nameLevels({ bodies: heights.map(at), onSacrum }).map(({ id }) => id);

  it('are counted up from the sacrum', () => {
    expect(namesOf([0, 36, 71, 105, 138, 169], true)).toEqual(['L5', 'L4', 'L3', 'L2', 'L1', 'T12']);
  });

  it('are unknown without it', () => {
    expect(namesOf([0, 36, 71], false)).toEqual(['body-1', 'body-2', 'body-3']);
  });

  it('end where a body is missing', () => {
    expect(namesOf([0, 36, 71, 141, 174, 205], true)).toEqual(['L5', 'L4', 'L3', 'body-4', 'body-5', 'body-6']);
  });
});

describe('the longest chain', () => {
  const vertebra = (label: number, x: number, z: number, volumeMl = 30) => ({
    label,
    centre: [x, 0, z] as const,
    volumeMl,
  });

  it('follows the spine and leaves out what is beside it', () => {
    const spine = [0, 34, 68, 101].map((z, n) => vertebra(n + 1, 0, z));
    const beside = [vertebra(9, 60, 40, 12), vertebra(10, -70, 70, 5)];

    const chain = longestChain([...beside, ...spine]);

    expect(chain.map(({ label }) => label)).toEqual([1, 2, 3, 4]);
  });

  it('is empty where there is nothing', () => {
    expect(longestChain([])).toEqual([]);
  });
});

it.each([
  [0, 0],
  [19.9, 0],
  [20, 1],
  [25, 2],
  [40, 2],
  [41, 3],
])('a loss of %d % is Genant grade %d', (loss, grade) => {
  expect(gradeOf(loss)).toBe(grade);
});

describe('components', () => {
  it('separate regions that touch only at corners', () => {
    const mask = Uint8Array.from([1, 0, 0, 0, 1, 1, 0, 0, 1]);
    const shape = { columns: 3, rows: 3, slices: 1 };

    expect(labelComponents(mask, shape).components).toHaveLength(2);
    expect(labelComponents(mask, shape, 'corner').components).toMatchObject([
      { size: 4, min: [0, 0, 0], max: [2, 2, 0], centroid: [1.25, 1, 0] },
    ]);
  });

  it('refuse a mask of another size', () => {
    expect(() => labelComponents(new Uint8Array(3), { columns: 2, rows: 2, slices: 1 })).toThrow(RangeError);
  });
});

describe('resampling', () => {
  // A volume on its side: its columns run to the head, its rows to the right, its slices to anterior.
  const oblique = {
    columns: 4,
    rows: 5,
    slices: 6,
    origin: [30, 20, -10],
    columnDirection: [0, 0, 1],
    rowDirection: [-1, 0, 0],
    sliceDirection: [0, -1, 0],
    spacingMm: [2, 3, 4],
  } as const;

  it('finds voxels and points again', () => {
    const point = toLps(oblique, 1, 2, 3);

    expect(point).toEqual([24, 8, -8]);
    expect(toVoxel(oblique, point)).toEqual([1, 2, 3]);
  });

  it('is exact for values that are linear in space, whatever the orientation', () => {
    const voxels = new Float32Array(4 * 5 * 6);
    const linear = ([x, y, z]: readonly [number, number, number]): number => 2 * x - y + 3 * z;
    for (let k = 0; k < 6; k += 1)
      for (let j = 0; j < 5; j += 1)
        for (let i = 0; i < 4; i += 1) voxels[(k * 5 + j) * 4 + i] = linear(toLps(oblique, i, j, k));
    const grid: LpsGrid = { columns: 2, rows: 2, slices: 2, spacingMm: [1, 1, 1], origin: [22, 5, -8] };

    const values = resample({ ...oblique, voxels }, grid, -1);

    expect(values[0]).toBeCloseTo(linear([22, 5, -8]), 3);
    expect(values[7]).toBeCloseTo(linear([23, 6, -7]), 3);
  });

  it('says so where there is no volume', () => {
    const grid: LpsGrid = { columns: 1, rows: 1, slices: 1, spacingMm: [1, 1, 1], origin: [500, 0, 0] };

    expect(resample({ ...oblique, voxels: new Float32Array(120) }, grid, -1024)[0]).toBe(-1024);
  });
});
