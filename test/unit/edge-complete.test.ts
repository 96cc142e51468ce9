/** When the edge lets a study be judged: what counts and gaps show, what they must not hold back, and for how long a study waits. */
import { describe, expect, it } from 'vitest';
import { groupImages } from '#core/study/images.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { type Arrival, judgeCompleteness } from '#edge/complete.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 1, 12);
const JUST_STABLE: Arrival = { deadlineMs: 30 * MINUTE, holdMs: 10 * MINUTE, now: NOW, stableAt: NOW };

/** A slice at this height, mm. */
const slice = (number: number, height: number, change: Partial<InstanceIndex> = {}): InstanceIndex => ({
  ...{ SOPInstanceUID: `2.25.1.${number}`, SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', StudyInstanceUID: '2.25.1' },
  ...{ SeriesInstanceUID: '2.25.2', TransferSyntaxUID: '1.2.840.10008.1.2.1', FrameOfReferenceUID: '2.25.3' },
  ...{ Modality: 'CT', AcquisitionNumber: 1, InstanceNumber: number, SliceThickness: 2, Rows: 512, Columns: 512 },
  ...{ PixelSpacing: [0.5, 0.5], ImagePositionPatient: [0, 0, height], ImageOrientationPatient: [1, 0, 0, 0, 1, 0] },
  ...{ sha256: '0'.repeat(64), sizeBytes: 1 },
  ...change,
});
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);
const scan = (count: number, change: Partial<InstanceIndex> = {}, mm = 2): readonly InstanceIndex[] =>
  upTo(count).map((number) => slice(number, number * mm, change));
const without = (slices: readonly InstanceIndex[], ...numbers: readonly number[]): readonly InstanceIndex[] =>
  slices.filter(({ InstanceNumber = 0 }) => !numbers.includes(InstanceNumber));

function judge(
  instances: readonly InstanceIndex[],
  arrival: Partial<Arrival> = {},
  { leftOut = 0, unreadable = 0 } = {},
) {
  const images = groupImages({ StudyInstanceUID: '2.25.1', instances });
  return judgeCompleteness({ instances, images, leftOut, unreadable }, { ...JUST_STABLE, ...arrival });
}
const why = (...given: Parameters<typeof judge>): string | undefined => {
  const judgement = judge(...given);
  return judgement.complete ?? judgement.reason.message.replace(/ The edge waits.*/, '');
};

const series = (uid: string, slices: readonly InstanceIndex[], change: Partial<InstanceIndex> = {}) =>
  slices.map((one) => ({
    ...one,
    ...{ SOPInstanceUID: `${uid}.${one.InstanceNumber}`, SeriesInstanceUID: uid },
    ...change,
  }));

describe('a gap between slices', () => {
  const random = [1, 2, 4, 5, 6, 9, 13, 14, 16, 17, 21, 30];
  it.each([
    { what: 'one slice', slices: without(scan(20), 9), said: '1 slice is missing between others.' },
    { what: 'slices in two places', slices: without(scan(20), 4, 9, 10), said: '3 slices are missing between others.' },
    {
      what: 'most of the slices, in any order',
      slices: scan(30).filter(({ InstanceNumber = 0 }) => random.includes(InstanceNumber)),
      said: '18 slices are missing between others.',
    },
    {
      what: 'many slices in one place, beyond which one lies alone',
      slices: without(scan(40), 2, 3, 4, 5, 6, 7, 8),
      said: '7 slices are missing between others.',
    },
    {
      what: 'every second slice',
      slices: scan(20).filter(({ InstanceNumber = 0 }) => InstanceNumber % 2 === 1),
      said: '9 slices are missing between others.',
    },
    {
      what: 'slices between the few that are there',
      slices: scan(20).filter(({ InstanceNumber = 0 }) => [3, 5, 8, 10].includes(InstanceNumber)),
      said: '4 slices are missing between others.',
    },
    {
      what: 'slices of an echo',
      slices: upTo(20).flatMap((number) => {
        const echo = slice(number, 4 * Math.ceil(number / 2), { EffectiveEchoTime: number % 2 ? 2 : 4 });
        return number === 8 ? [] : [echo];
      }),
      said: '1 slice is missing between others.',
    },
    {
      what: 'slices of a scan without Instance Numbers',
      slices: without(scan(20), 9).map((one) => ({ ...one, InstanceNumber: undefined })),
      said: '1 slice is missing between others.',
    },
    {
      what: 'slices of a scan in turns, the last ones of which are to come',
      // The even places were scanned first, and then the odd ones.
      slices: upTo(16).map((number) => slice(number, number <= 11 ? 4 * number : 4 * (number - 11) + 2)),
      said: '5 slices are missing between others.',
    },
    {
      what: 'a slice, in positions that were rounded to 1 mm',
      slices: without(scan(20, {}, 2.5), 9).map((one) => ({
        ...one,
        ImagePositionPatient: [0, 0, Math.round(one.ImagePositionPatient?.[2] ?? 0)] as const,
      })) as readonly InstanceIndex[],
      said: '1 slice is missing between others.',
    },
  ])('shows that $what are missing', ({ slices, said }) => {
    expect(why(slices)).toBe(said);
  });

  it.each([
    { what: 'a scan', slices: scan(40) },
    { what: 'a scan with gaps between its slices', slices: scan(20, { SliceThickness: 4 }, 5.5) },
    { what: 'a scan whose numbers begin in the middle', slices: without(scan(40), ...upTo(12)) },
    { what: 'a scan whose first number is missing', slices: without(scan(20), 1) },
    {
      what: 'thin slices of the base and thick ones above, numbered through',
      slices: [...scan(10), ...upTo(8).map((number) => slice(10 + number, 20 + 4 * number))],
    },
    {
      what: 'two stacks with a distance between them, numbered through',
      slices: [...scan(10), ...upTo(10).map((number) => slice(10 + number, 80 + 2 * number))],
    },
    {
      what: 'a scan with changing distances',
      slices: [0, 2, 4.1, 6.5, 9.6, 13.1, 15, 18.3].map((height, i) => slice(i + 1, height)),
    },
    {
      what: 'a scan acquired in turns',
      slices: upTo(15).map((number) => slice(number, number <= 8 ? 4 * number : 4 * (number - 8) + 2)),
    },
    {
      what: 'two echoes in turns',
      slices: upTo(20).map((number) =>
        slice(number, 4 * Math.ceil(number / 2), { EffectiveEchoTime: number % 2 ? 2 : 4, Modality: 'MR' }),
      ),
    },
    {
      what: 'a scan that is numbered in steps, without gaps between its slices',
      slices: upTo(10).map((number) => slice(2 * number, 2 * number)),
    },
    { what: 'a slice', slices: scan(1) },
    { what: 'two slices', slices: without(scan(9), 2, 3, 4, 5, 6, 7, 8) },
    {
      what: 'three slices of one place',
      slices: upTo(3).map((number) => slice(number, 2)),
    },
    {
      what: 'radiographs of which one was deleted',
      slices: without(scan(4, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1' }), 2),
    },
    {
      what: 'frames of one object',
      slices: [
        slice(1, 0, {
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
          frames: [0, 2, 4, 10].map((height) => ({ ImagePositionPatient: [0, 0, height] })),
        }),
      ],
    },
    { what: 'slices without positions', slices: without(scan(9), 4).map(({ ImagePositionPatient: _, ...one }) => one) },
  ])('is not found in $what', ({ slices }) => {
    expect(why(slices)).toBe('stable');
  });

  it('is explained by a file that cannot be read', () => {
    expect(why(without(scan(20), 9), {}, { unreadable: 1 })).toBe('stable');
    expect(why(without(scan(20), 9, 11), {}, { unreadable: 1 })).toBe('1 slice is missing between others.');
  });
});

describe('a count in the headers', () => {
  const thin = series('2.25.5', scan(20, { ImagesInAcquisition: 20 }));
  const thick = series('2.25.6', scan(5, { ImagesInAcquisition: 20, SliceThickness: 8 }, 8));
  const phase = (TemporalPositionIndex: number, slices = scan(4)) =>
    series(`2.25.7.${TemporalPositionIndex}`, slices, { TemporalPositionIndex, NumberOfTemporalPositions: 3 });
  const inOne = (one: InstanceIndex): InstanceIndex => ({ ...one, SeriesInstanceUID: '2.25.7' });
  const parts = upTo(3).map((number) =>
    slice(number, 0, { ConcatenationUID: '2.25.8', InConcatenationNumber: number, InConcatenationTotalNumber: 3 }),
  );
  const tells = (expected: number, there: number) =>
    `Its headers tell of ${expected} images, and ${there} ${there === 1 ? 'is' : 'are'} there.`;

  it.each([
    { what: 'an acquisition', slices: scan(60, { ImagesInAcquisition: 112 }), said: tells(112, 60) },
    { what: 'a radiograph of two', slices: scan(1, { ImagesInAcquisition: 2 }), said: tells(2, 1) },
    { what: 'one of two reconstructions', slices: scan(20, { ImagesInAcquisition: 40 }), said: tells(40, 20) },
    {
      what: 'the second of two series of one kind',
      slices: [...thin, ...series('2.25.9', scan(7, { ImagesInAcquisition: 20 }))],
      said: tells(20, 7),
    },
    { what: 'a series', slices: scan(6, { NumberOfSeriesRelatedInstances: 7 }), said: tells(7, 6) },
    { what: 'a PET volume', slices: scan(6, { NumberOfSlices: 9, Modality: 'PT' }), said: tells(9, 6) },
    { what: 'a concatenation', slices: parts.slice(1), said: tells(3, 2) },
    { what: 'phases', slices: [...phase(1), ...phase(3)], said: tells(12, 8) },
    {
      what: 'the last phase',
      slices: [...phase(1), ...phase(2), ...phase(3, scan(3))].map(inOne),
      said: tells(12, 11),
    },
  ])('holds back a part of $what', ({ slices, said }) => {
    expect(why(slices)).toBe(said);
  });

  it.each([
    { what: 'a scan', slices: scan(20, { ImagesInAcquisition: 20 }) },
    { what: 'more images than it tells', slices: scan(20, { ImagesInAcquisition: 1 }) },
    { what: 'a thin and a thick reconstruction, whatever it counts', slices: [...thin, ...thick] },
    {
      what: 'two reconstructions of which it counts the sum',
      slices: [...thick, ...series('2.25.9', scan(15, { ImagesInAcquisition: 20 }))],
    },
    { what: 'a concatenation', slices: parts },
    { what: 'phases', slices: upTo(3).flatMap((index) => phase(index)) },
    {
      what: 'phases of one series',
      slices: upTo(3)
        .flatMap((index) => phase(index))
        .map(inOne),
    },
    {
      what: 'phases and the differences from the first',
      slices: [...[1, 2, 3].flatMap((index) => phase(index)).map(inOne), ...phase(2), ...phase(3)],
    },
    { what: 'a phase of another thickness', slices: [...phase(1, scan(3)), ...phase(2), ...phase(3)] },
  ])('lets $what pass', ({ slices }) => {
    expect(why(slices)).toBe('counted');
  });

  it('may count a series that no tool takes, and a file that cannot be read', () => {
    const slices = scan(20, { ImagesInAcquisition: 40 });

    expect(why(slices, {}, { leftOut: 18, unreadable: 2 })).toBe('counted');
    expect(why(slices, {}, { leftOut: 18 })).toBe(tells(40, 38));
  });
});

describe('a study', () => {
  const part = without(scan(20), 9);

  it('waits for missing images until the deadline after its last instance, and says so', () => {
    const stableAt = NOW - 29 * MINUTE;

    expect(judge(part, { stableAt })).toEqual({
      reason: {
        code: 'incomplete',
        message: '1 slice is missing between others. The edge waits for more until 2026-01-01T12:01:00Z.',
      },
      untilMs: NOW + MINUTE,
    });
    expect(judge(part, { stableAt: NOW - 30 * MINUTE })).toEqual({ complete: 'deadline' });
    expect(judge(part, { deadlineMs: 0 })).toEqual({ complete: 'deadline' });
  });

  it('waits after a revision', () => {
    expect(judge(scan(20), { revisedAt: NOW - 9 * MINUTE })).toEqual({
      reason: {
        code: 'revised-lately',
        message: 'It was judged lately and has changed since. The edge waits for more until 2026-01-01T12:01:00Z.',
      },
      untilMs: NOW + MINUTE,
    });
    expect(judge(scan(20), { revisedAt: NOW - 10 * MINUTE })).toEqual({ complete: 'stable' });
    expect(judge(part, { revisedAt: NOW - 9 * MINUTE, stableAt: 0 })).toMatchObject({ untilMs: NOW + MINUTE });
  });

  it('that trickles in waits until three minutes after its last instance, or until the deadline after its revision', () => {
    const trickling = (agoMinutes: number, quietMinutes: number) => {
      const judgement = judge(scan(20), {
        ...{ isTrickling: true, revisedAt: NOW - agoMinutes * MINUTE, stableAt: NOW - quietMinutes * MINUTE },
      });
      return judgement.complete ?? (judgement.untilMs - NOW) / MINUTE;
    };

    expect([trickling(5, 0), trickling(12, 1), trickling(29, 1)]).toEqual([5, 2, 1]);
    expect([trickling(12, 3), trickling(30, 1)]).toEqual(['stable', 'stable']);
  });

  it('does not wait for ever if the clock was set back', () => {
    const later = NOW + 86_400_000;

    expect(judge(part, { stableAt: later })).toEqual({ complete: 'deadline' });
    expect(judge(scan(20), { revisedAt: later })).toEqual({ complete: 'stable' });
  });

  it('is judged as it is if a person asks for it', () => {
    const images = groupImages({ StudyInstanceUID: '2.25.1', instances: part });

    expect(judgeCompleteness({ instances: part, images, leftOut: 0, unreadable: 0 }, undefined)).toEqual({
      complete: 'deadline',
    });
  });
});
