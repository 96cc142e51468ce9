/** Which slices and frames belong together, and what splits them. */
import { describe, expect, it } from 'vitest';
import { splitFrames, splitMixed } from '#core/study/split-frames.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { slice } from '../fixtures/instances.ts';

type Change = Partial<InstanceIndex> & { readonly StackID?: string; readonly ComplexImageComponent?: string };

/** A slice at `z` (2 mm per step), named by its InstanceNumber from then on. */
const numbered = (changes: readonly (Change & { readonly z?: number })[]) =>
  changes.map(({ z, ...change }, index) => ({ ...slice(z ?? index, change), InstanceNumber: index }));

const numbers = (groups: readonly (readonly { readonly InstanceNumber?: number | undefined }[])[]) =>
  groups.map((group) => group.map(({ InstanceNumber }) => InstanceNumber));

const SAGITTAL = [0, 1, 0, 0, 0, -1] as [number, number, number, number, number, number];

describe('slices of a series', () => {
  it.each<[string, readonly (Change & { readonly z?: number })[], readonly (readonly number[])[]]>([
    ['that lie side by side', [{}, {}, {}], [[0, 1, 2]]],
    [
      'of acquisitions one after the other',
      [{ AcquisitionNumber: 1 }, { AcquisitionNumber: 1 }, { AcquisitionNumber: 2 }, { AcquisitionNumber: 2 }],
      [[0, 1, 2, 3]],
    ],
    [
      'of two acquisitions of one place',
      [
        { z: 0, AcquisitionNumber: 1 },
        { z: 1, AcquisitionNumber: 1 },
        { z: 0, AcquisitionNumber: 2 },
        { z: 1, AcquisitionNumber: 2 },
      ],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [
      'of two acquisitions in turns',
      [
        { z: 0, AcquisitionNumber: 1 },
        { z: 0.5, AcquisitionNumber: 2 },
        { z: 1, AcquisitionNumber: 1 },
        { z: 1.5, AcquisitionNumber: 2 },
      ],
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['of one place that nothing tells apart', [{ z: 0 }, { z: 1 }, { z: 0 }, { z: 1 }], [[0, 1, 2, 3]]],
    [
      'of one place, each of an acquisition of its own',
      [
        { z: 0, AcquisitionNumber: 1 },
        { z: 0, AcquisitionNumber: 2 },
      ],
      [[0, 1]],
    ],
    [
      'of two echoes',
      [
        { z: 0, EffectiveEchoTime: 10 },
        { z: 1, EffectiveEchoTime: 10 },
        { z: 0, EffectiveEchoTime: 90 },
        { z: 1, EffectiveEchoTime: 90 },
      ],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [
      'of a volume and one slice more of it',
      [
        { z: 0, AcquisitionNumber: 1 },
        { z: 1, AcquisitionNumber: 1 },
        { z: 1, AcquisitionNumber: 2 },
      ],
      [[0, 1], [2]],
    ],
    [
      'that an acquisition does not explain',
      [
        { z: 0, AcquisitionNumber: 1 },
        { z: 0, AcquisitionNumber: 1 },
        { z: 1, AcquisitionNumber: 2 },
        { z: 2, AcquisitionNumber: 2 },
      ],
      [[0, 1, 2, 3]],
    ],
    ['a hundredth of a millimetre apart', [{ z: 0 }, { z: 0.005 }, { z: 1 }], [[0, 1, 2]]],
    [
      'without positions',
      [
        { ImagePositionPatient: undefined, ImageOrientationPatient: undefined },
        { ImagePositionPatient: undefined, ImageOrientationPatient: undefined },
      ],
      [[0, 1]],
    ],
    ['of one place in two directions', [{ z: 0 }, { z: 0, ImageOrientationPatient: SAGITTAL }], [[0, 1]]],
    ['none', [], [[]]],
  ])('%s', (_, changes, groups) => {
    expect(numbers(splitMixed(numbered(changes)))).toEqual(groups);
  });

  it.each<[string, (part: number) => Change]>([
    ['Image Type', (part) => ({ ImageType: ['ORIGINAL', 'PRIMARY', part === 0 ? 'M' : 'P'] })],
    ['component', (part) => ({ ComplexImageComponent: part === 0 ? 'MAGNITUDE' : 'PHASE' })],
    ['time', (part) => ({ TemporalPositionIndex: part })],
    ['echo', (part) => ({ EffectiveEchoTime: part })],
    ['units', (part) => ({ RescaleType: part === 0 ? 'HU' : 'Z_EFF' })],
    ['b-value', (part) => ({ DiffusionBValue: part })],
    ['direction of diffusion', (part) => ({ DiffusionGradientOrientation: [part, 0, 1] }) as Change],
    ['phase of the heart', (part) => ({ NominalPercentageOfCardiacPhase: part }) as Change],
  ])('are told apart by %s', (_, of) => {
    const changes = [0, 1].flatMap((part) => [0, 1, 2].map((z) => ({ z, ...of(part) })));

    expect(numbers(splitMixed(numbered(changes)))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(numbers(splitFrames(numbered(changes)))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('are told apart by a dimension that says what they show, and by none that says where they are', () => {
    const of = (pointer: string) =>
      numbered(
        [0, 1].flatMap((part) =>
          [0, 1].map((z) => ({
            z,
            DimensionIndexPointers: ['InStackPositionNumber', pointer],
            DimensionIndexValues: [z, part],
          })),
        ),
      );

    expect(numbers(splitMixed(of('TriggerTime')))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    for (const where of ['StackID', 'InStackPositionNumber', 'ImagePositionPatient', 'ImageOrientationPatient'])
      expect(numbers(splitMixed(of(where)))).toEqual([[0, 1, 2, 3]]);
  });
});

describe('acquisitions of one sweep', () => {
  /** Two rotations, the second farther along the patient, then the first place again. */
  const sweep = (second: Change) =>
    numbered([
      ...[0, 1].map((z) => ({ z, AcquisitionNumber: 1 })),
      ...[2, 3].map((z) => ({ z, AcquisitionNumber: 2, ...second })),
      ...[0, 1].map((z) => ({ z, AcquisitionNumber: 3 })),
    ]);

  it.each<[string, Change, readonly (readonly number[])[]]>([
    [
      'are together where they show the same',
      {},
      [
        [0, 1, 2, 3],
        [4, 5],
      ],
    ],
    [
      'are apart where they show something else',
      { RescaleType: 'Z_EFF' },
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ],
  ])('%s', (_, second, groups) => {
    expect(numbers(splitMixed(sweep(second)))).toEqual(groups);
  });
});

describe('frames of an object', () => {
  const directions = (count: number) =>
    numbered(
      Array.from({ length: count }, (_, k) => {
        const angle = (k * Math.PI) / 180;
        return {
          ImageOrientationPatient: [1, 0, 0, 0, Math.cos(angle), Math.sin(angle)] as [
            number,
            number,
            number,
            number,
            number,
            number,
          ],
        };
      }),
    );

  it.each<[string, readonly (Change & { readonly z?: number })[], readonly (readonly number[])[]]>([
    ['leave localizers out', [{}, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }, {}], [[0, 2]]],
    ['are taken without an Image Type', [{ ImageType: undefined }, { ImageType: undefined }], [[0, 1]]],
    [
      'are their stacks',
      [{ StackID: '1' }, { StackID: '2' }, { StackID: '1' }, { StackID: '2' }],
      [
        [0, 2],
        [1, 3],
      ],
    ],
    [
      'stay in their stack in whatever direction',
      [{ StackID: '1' }, { StackID: '1', ImageOrientationPatient: SAGITTAL }],
      [[0, 1]],
    ],
    [
      'are their directions without stacks',
      [{}, { ImageOrientationPatient: SAGITTAL }, {}, { ImageOrientationPatient: SAGITTAL }],
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['are parallel to a thousandth', [{}, { ImageOrientationPatient: [1, 0, 0.0009, 0, 1, 0] }], [[0, 1]]],
    ['are not parallel beyond it', [{}, { ImageOrientationPatient: [1, 0, 0, 0, 1, 0.0011] }], [[0], [1]]],
    [
      'have no direction together',
      [{ ImageOrientationPatient: undefined }, {}, { ImageOrientationPatient: undefined }],
      [[0, 2], [1]],
    ],
  ])('%s', (_, changes, groups) => {
    expect(numbers(splitFrames(numbered(changes)))).toEqual(groups);
  });

  it('are split into up to 64 directions', () => {
    expect(splitFrames(directions(64))).toHaveLength(64);
    expect(splitFrames(directions(65))).toHaveLength(1);
  });
});
