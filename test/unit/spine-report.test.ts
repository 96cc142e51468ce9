/** What the tool says of bodies with known heights; figures beside the limits of grades; which images its picture shows. */
import { describe, expect, it } from 'vitest';
import type { Volume } from '#core/image/volume.ts';
import { type Deformity, gradeOf } from '#tools/vertebral-fracture/grade.ts';
import { spinePicture } from '#tools/vertebral-fracture/picture.ts';
import { type Assessment, findingsOf, reportOf, summaryOf } from '#tools/vertebral-fracture/report.ts';

const centre = [0, 0, 0] as const;

function assessed(id: string, lossPercent: number, deformity: Deformity = 'wedge'): Assessment {
  const grade = gradeOf(lossPercent);
  const heights = {
    ...{ anteriorMm: 20, middleMm: 25, posteriorMm: 27, depthMm: 34, widthMm: 45, centre, endpoints: [] },
    axes: { lateral: [1, 0, 0], depth: [0, 1, 0], up: [0, 0, 1] } as const,
  };
  return {
    body: { label: 1, centre, volumeMl: 30, complete: true, probability: 0.9 },
    name: { id, level: id },
    frames: [],
    position: centre,
    graded: { heights, grading: { lossPercent, grade, ...(grade > 0 && { deformity }) } },
  };
}

const SIDE = 60;
/** 180 mm a side, in axial slices. */
const VOLUME: Volume = {
  ...{ kind: 'volume', Modality: 'CT', StudyInstanceUID: '1', SeriesInstanceUID: '1', FrameOfReferenceUID: '1' },
  ...{ rows: SIDE, columns: SIDE, slices: SIDE, spacingMm: [3, 3, 3], voxels: new Int16Array(SIDE ** 3) },
  ...{ origin: [0, 0, 0], columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], sliceDirection: [0, 0, 1] },
  frames: Array.from({ length: SIDE }, (_, index) => ({ SOPInstanceUID: `1.${index + 1}` })),
};

describe('fractures', () => {
  it('are told from the greatest loss, within a grade as well, with the numbers of their segments', () => {
    const assessments = [
      ['L5', 3],
      ['L4', 50],
      ['L3', 8],
      ['L2', 30],
      ['L1', 64],
    ] as const;
    const bodies = assessments.map(([id, loss]) => assessed(id, loss));

    expect(findingsOf(bodies, VOLUME).map(({ id, segmentNumber }) => [id, segmentNumber])).toEqual([
      ...[
        ['L1', 5],
        ['L4', 2],
        ['L2', 4],
        ['L5', 1],
        ['L3', 3],
      ],
    ]);
    expect(summaryOf(bodies)).toContain('L1 grade 3, L4 grade 3, L2 grade 2');
  });
});

describe('a loss of height', () => {
  const saidOf = (lossPercent: number, body = assessed('L1', lossPercent)) => {
    const [finding] = findingsOf([body], VOLUME);
    const report = reportOf([body], true);
    return {
      label: finding?.label ?? '',
      summary: finding?.summary,
      measured: finding?.measurements[3]?.value,
      cell: report.kind === 'page' ? report.table?.rows[0]?.[4] : undefined,
    };
  };

  it.each([
    [50.4, '50', 50.4],
    [40.3, '40.3', 40.3],
    [40.04, '40.04', 40.04],
    [40, '40', 40],
    [24.7, '24.7', 24.7],
    [20, '20', 20],
  ])('of %d %% is printed on its side of the limits', (loss, printed, measured) => {
    const said = saidOf(loss);

    expect(said).toMatchObject({ label: `L1 wedge, ${printed} %`, measured, cell: printed });
    expect(said.summary).toContain(`loss of height ${printed} % (`);
  });

  it('below the least grade stays below it in the table', () => expect(saidOf(19.6).cell).toBe('19.6'));

  it('has room in the label of a body without a level', () => {
    const { level: _, ...name } = { ...assessed('body-12', 40.3).name, id: 'body-12' };

    const { label } = saidOf(40.3, { ...assessed('body-12', 40.3, 'biconcave'), name });

    expect(label).toBe('Body 12 from below: biconcave, 40.3 %');
    expect(label.length).toBeLessThanOrEqual(40);
  });
});

describe('the picture of the spine', () => {
  const grid = { columns: SIDE, rows: SIDE, slices: SIDE, spacingMm: [3, 3, 3], origin: [0, 0, 0] } as const;
  const map = {
    ...{ grid, shape: { columns: SIDE, rows: SIDE, slices: SIDE } },
    ...{ tissue: new Uint8Array(0), bodyProbability: new Uint8Array(0) },
  };
  const body = (label: number, y: number, z: number) => ({
    ...{ label, centre: [90, y, z] as const, volumeMl: 30, complete: true, probability: 0.9 },
  });
  const bodies = [body(1, 90, 60), body(2, 92, 100)];
  const spine = { labels: new Uint8Array(SIDE ** 3), occupancy: new Uint8Array(0), bodies, onSacrum: false };
  const sourcesOf = (volume: Volume) => {
    const numbers = spinePicture(volume, map, spine, []).sources.map((uid) => Number(uid.slice(2)));
    return [Math.min(...numbers), Math.max(...numbers), numbers.length];
  };

  it('names all images that it shows, of axial and of coronal ones', () => {
    const rowDirection = [0, 0, -1] as const;
    const coronal: Volume = { ...VOLUME, origin: [0, 0, 177], rowDirection, sliceDirection: [0, 1, 0] };

    // From 45 mm below the lowest middle to 45 mm above the highest; from 65 mm before the first to 80 mm behind the last.
    expect(sourcesOf(VOLUME)).toEqual([6, 49, 44]);
    expect(sourcesOf(coronal)).toEqual([9, 58, 50]);
  });
});
