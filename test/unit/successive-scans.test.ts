/** Two scans of one place in one series: values that grow tell them apart, where the stacks are whole and regular. */
import { describe, expect, it } from 'vitest';
import { splitMixed } from '#core/study/split-frames.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { slice } from '../fixtures/instances.ts';

type Change = (k: number) => Partial<InstanceIndex>;

/** Slices from `from` to `to`, 2 mm apart, each named by the scan and its place. */
const scan = (name: string, change: Change, { from = 0, to = 10 } = {}): readonly InstanceIndex[] =>
  Array.from({ length: to - from }, (_, i) => from + i).map((k) =>
    slice(k, { SOPInstanceUID: `${name}${k}`, SliceThickness: 2, ...change(k) }),
  );
/** The scans of which each part has slices, and how many. */
const partsOf = (slices: readonly InstanceIndex[]): readonly string[] =>
  splitMixed(slices).map((part) => {
    const names = new Set(part.map(({ SOPInstanceUID }) => SOPInstanceUID.replace(/\d+$/, '')));
    return `${[...names].toSorted().join('+')} ${part.length}`;
  });

const at =
  (start: number, step = 0): Change =>
  (k) => ({ acquisitionOffsetS: start + step * k });
/** 1 mm higher than the slices of the others. */
const between =
  (change: Change): Change =>
  (k) => ({ ...change(k), ImagePositionPatient: [-10, -20, 101 + 2 * k] });

describe('scans that follow each other in one series', () => {
  it.each<[string, readonly InstanceIndex[], readonly string[]]>([
    ['at two times', [...scan('a', at(0)), ...scan('b', at(60))], ['a 10', 'b 10']],
    ['each slice at its own time', [...scan('a', at(0, 1)), ...scan('b', at(10.1, 1))], ['a 10', 'b 10']],
    ['there and back', [...scan('a', at(0, 1)), ...scan('b', at(30, -1))], ['a 10', 'b 10']],
    ['one without a time', [...scan('a', () => ({})), ...scan('b', at(60))], ['a 10', 'b 10']],
    [
      'by the time after the R wave',
      [...scan('a', () => ({ TriggerTime: 100 })), ...scan('b', () => ({ TriggerTime: 130 }))],
      ['a 10', 'b 10'],
    ],
    [
      'by the time at which they were computed',
      [...scan('a', () => ({ contentOffsetS: 1 })), ...scan('b', () => ({ contentOffsetS: 2 }))],
      ['a 10', 'b 10'],
    ],
    [
      'by number',
      [...scan('a', (k) => ({ InstanceNumber: k })), ...scan('b', (k) => ({ InstanceNumber: 20 - k }))],
      ['a 10', 'b 10'],
    ],
    ['three of them', [...scan('a', at(0)), ...scan('b', at(5)), ...scan('c', at(60))], ['a 10', 'b 10', 'c 10']],
    [
      'the second of a part of the first',
      [...scan('a', at(0, 1)), ...scan('b', at(60, 1), { from: 4, to: 8 })],
      ['a 10', 'b 4'],
    ],
    ['a slice more, later', [...scan('a', at(0, 1)), ...scan('b', at(60), { from: 4, to: 5 })], ['a 10', 'b 1']],
    ['two that overlap', [...scan('a', at(0, 1)), ...scan('b', at(60, -1), { from: 7, to: 20 })], ['a 10', 'b 13']],
    [
      'of two kernels each',
      ['K', 'L'].flatMap((techniqueDigest) =>
        [0, 60].flatMap((start) => scan(`${techniqueDigest}${start} `, (k) => ({ ...at(start)(k), techniqueDigest }))),
      ),
      ['K0  10', 'K60  10', 'L0  10', 'L60  10'],
    ],
    ['half a slice apart', [...scan('a', at(0, 1)), ...scan('b', between(at(60, 1)))], ['a 10', 'b 10']],
    [
      'of two thicknesses',
      [
        ...scan('a', () => ({})),
        ...scan('b', (k) => ({ SliceThickness: 4, ImagePositionPatient: [-10, -20, 100 + 4 * k] })),
      ],
      ['a 10', 'b 10'],
    ],
    [
      'in two frames of reference',
      [...scan('a', () => ({})), ...scan('b', () => ({ FrameOfReferenceUID: '1.2.3.8' }))],
      ['a 10', 'b 10'],
    ],
  ])('%s', (_, slices, expected) => {
    expect(partsOf(slices)).toEqual(expected);
    expect(partsOf(slices.toReversed()).toSorted()).toEqual(expected.toSorted());
  });
});

describe('slices that stay together', () => {
  const lost = (k: number): number => (k < 5 ? k : k + 1);

  it.each<[string, readonly InstanceIndex[]]>([
    ['at one time', [...scan('a', at(0)), ...scan('b', at(0))]],
    ['numbered alike', [...scan('a', (k) => ({ InstanceNumber: k })), ...scan('b', (k) => ({ InstanceNumber: k }))]],
    [
      'whose times are mixed',
      [...scan('a', (k) => at(k % 3 === 0 ? 0 : 60)(k)), ...scan('b', (k) => at(k % 2 === 0 ? 0 : 60)(k))],
    ],
    ['of scans with fewer than eight slices', [...scan('a', at(0), { to: 5 }), ...scan('b', at(60), { to: 5 })]],
    [
      'of scans that both lack one',
      [0, 60].flatMap((start) =>
        scan(`s${start}`, (k) => ({ ...at(start)(k), ImagePositionPatient: [-10, -20, 100 + 2 * lost(k)] })),
      ),
    ],
    [
      'whose pauses are not clearly longer than the others',
      [...scan('a', at(0, 10)), ...scan('b', at(65, 10), { from: 4, to: 8 })],
    ],
    [
      'in turns, with tissue between those of each turn',
      [...scan('a', at(0, 1)), ...scan('b', between(at(60, 1)))].map((each) => ({ ...each, SliceThickness: 1 })),
    ],
    ['one sweep after the other', [...scan('a', at(0)), ...scan('b', at(60), { from: 10, to: 20 })]],
    ['with a slice lost between two sweeps', [...scan('a', at(0)), ...scan('b', at(60), { from: 11, to: 20 })]],
  ])('%s', (_, slices) => {
    expect(splitMixed(slices)).toEqual([slices]);
  });

  it('are those of scans without number whose times would need nine cuts', () => {
    const scans = Array.from({ length: 10 }, (_, n) =>
      scan(`${n} `, at(1000 * n), n === 0 ? {} : { from: n - 1, to: n }),
    ).flat();

    expect(splitMixed(scans)).toEqual([scans]);
  });
});
