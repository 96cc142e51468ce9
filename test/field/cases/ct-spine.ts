/** Spines that are hard to judge: nothing wrong may be said of them. What cannot be judged is withheld. */
import { join } from 'node:path';
import { dataFolder } from '../../../localstack/parts.mjs';
import { bytesIn, once, realSpine, type SpineTruth, spine, unpacked } from '../bases.ts';
import type { Expected, FieldCase } from '../case.ts';
import { bytesOf } from '../edit.ts';
import { spineHolds } from '../holds.ts';
import { onGrid } from '../made-ct.ts';
import { type Change, DEPARTMENTS, OURS, REAL, spineCase, VENDORS } from './spine-case.ts';

type Options = Parameters<typeof spine>[0];

/** A phantom, of which so many bodies must be graded. Names are required where a sacrum is in view. */
function phantom(
  name: string,
  source: string,
  options: Options,
  graded: number,
  names: 'given' | 'any' | 'none',
): FieldCase {
  const base = once(() => spine(options));
  return {
    ...{ name, source, made: 'phantom', tool: 'vertebral-fracture' },
    files: () => base().files.map(bytesOf),
    expected: told(() => base().truth, graded, names),
  };
}

/** Codes of a spine of which nothing can be told. */
const TOO_LITTLE = ['no-spine', 'no-complete-body', 'too-few-bodies', 'no-body-graded', 'too-little-in-view'];

/** Where no body need be graded, the study may be refused, too. */
function told(truth: () => SpineTruth, graded: number, names: 'given' | 'any' | 'none'): Expected {
  const holds = spineHolds({ truth, graded, names });
  return graded > 0 ? holds : { ...holds, refused: TOO_LITTLE, because: /vertebral|bod/ };
}

const crushed = (
  levels: readonly ('L4' | 'L3' | 'L2' | 'L1' | 'T12' | 'T11' | 'T10' | 'T9')[],
  type: 'wedge' | 'biconcave' | 'crush',
  loss: number,
) => levels.map((level) => ({ level, type, loss }));

const PHANTOMS: readonly FieldCase[] = [
  phantom('no sacrum in view', OURS, { from: 'L3', to: 'T6' }, 3, 'none'),
  phantom('only the thorax in view', OURS, { from: 'T12', to: 'T3' }, 0, 'none'),
  phantom('one severe wedge', 'none: an ordinary study', { fractures: crushed(['L2'], 'wedge', 0.5) }, 3, 'given'),
  phantom('one biconcave fracture of 56 %', OURS, { fractures: crushed(['L2'], 'biconcave', 0.56) }, 2, 'any'),
  phantom(
    'eight crushed neighbours',
    OURS,
    { to: 'T7', fractures: crushed(['L4', 'L3', 'L2', 'L1', 'T12', 'T11', 'T10', 'T9'], 'crush', 0.45) },
    0,
    'any',
  ),
  phantom(
    'screws, cement and bridges of bone as patients have them',
    DEPARTMENTS,
    { seed: 41, plain: false },
    0,
    'any',
  ),
  phantom('noise of 60 HU', VENDORS, { noiseHu: 60 }, 0, 'any'),
];

const realCopy = (name: string, change: Change, graded: number): FieldCase =>
  spineCase(
    `a real CT ${name}`,
    OURS,
    change,
    told(() => realSpine().truth, graded, 'any'),
    REAL,
  );

const NATIVE = [3, 3, 3] as const;
const COPIES: readonly FieldCase[] = [
  realCopy('shifted by half a slice', (files) => onGrid(files, NATIVE, [0, 0, 0.5]), 3),
  realCopy('shifted by half a voxel in all directions', (files) => onGrid(files, NATIVE, [0.5, 0.5, 0.5]), 3),
  realCopy('in slices of 2 mm', (files) => onGrid(files, [3, 3, 2]), 3),
  realCopy('cut below the 7th slice from the feet', (files) => files.slice(7), 0),
  realCopy('cut below the 19th slice from the feet', (files) => files.slice(19), 0),
  realCopy('cut above the 60th slice from the feet', (files) => files.slice(0, 60), 0),
];

/** A lay eye saw no severe fracture. */
const CHEST: FieldCase = {
  ...{ name: 'a real chest CT with contrast', source: OURS, made: 'real', tool: 'vertebral-fracture', needs: 'data' },
  files: () => unpacked('ct-chest-lidc-0001'),
  expected: spineHolds({ truth: () => CHEST_BODIES, graded: 6, names: 'none' }),
};
/** The middles of the bodies, from the vertebra mask that comes with the CT. */
const CHEST_BODIES: SpineTruth = (
  [
    ['L2', 23, 24, -309],
    ['L1', 22, 37, -281],
    ['T12', 17, 50, -254],
    ['T11', 12, 60, -228],
    ['T10', 7, 67, -206],
    ['T9', 3, 72, -184],
    ['T8', 0, 76, -162],
    ['T7', 0, 77, -141],
    ['T6', -1, 73, -120],
    ['T5', 1, 66, -101],
    ['T4', 1, 58, -84],
    ['T3', -1, 46, -68],
    ['T2', -3, 33, -53],
    ['T1', -4, 20, -39],
  ] as const
).map(([level, x, y, z]) => ({ level, centre: [x, y, z], grade: 0 }));

const PARTS: readonly FieldCase[] = [
  ...(['LIDC-IDRI-0002', 'LIDC-IDRI-0003'] as const).map(
    (patient, n): FieldCase => ({
      ...{
        name: `${12 - n} slices of a real chest`,
        source: DEPARTMENTS,
        made: 'real',
        tool: 'vertebral-fracture',
        needs: 'data',
      },
      files: () => unpacked('ct-chest-slabs', patient),
      expected: {
        refused: TOO_LITTLE,
        because: /vertebral|bod/,
      },
    }),
  ),
  {
    ...{
      name: 'twenty slices of a real abdomen',
      source: DEPARTMENTS,
      made: 'real',
      tool: 'vertebral-fracture',
      needs: 'data',
    },
    files: () => bytesIn(join(dataFolder(), 'ct-abdomen-20')),
    expected: {
      refused: TOO_LITTLE,
      because: /vertebral|bod/,
    },
  },
];

export const CT_SPINE: readonly FieldCase[] = [...PHANTOMS, ...COPIES, CHEST, ...PARTS];
