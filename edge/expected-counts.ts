/**
 * How many images headers tell of. Writers do not agree on what they count, so a number counts only where nothing that is there
 * explains it, and it never refuses a study: it lets it wait.
 */
import type { InstanceIndex } from '#core/study/study-index.ts';

/** A number that a header tells, and what is there of it. */
export interface Count {
  readonly expected: number;
  readonly there: number;
}

/** What is there besides, which a number may count: instances of other series, and files that cannot be read. */
interface Besides {
  readonly leftOut: number;
  readonly unreadable: number;
}

/** All numbers that the headers tell. */
export function countsOf(instances: readonly InstanceIndex[], besides: Besides): readonly Count[] {
  const series = [...Map.groupBy(instances, ({ SeriesInstanceUID }) => SeriesInstanceUID).values()];
  return [
    ...series.flatMap((members) => countsOfSeries(members, besides)),
    ...countsOfConcatenations(instances, besides),
    ...countsOfAcquisitions(instances, besides),
    ...countsOfPhases(instances, besides),
  ];
}

/** Number of Series Related Instances (0020,1209), and Number of Slices (0054,0081) of a PET volume (PS3.3 C.8.9.1). */
function countsOfSeries(members: readonly InstanceIndex[], { unreadable }: Besides): readonly Count[] {
  const numbers = members.flatMap(({ NumberOfSeriesRelatedInstances = 0, NumberOfSlices = 0 }) => [
    NumberOfSeriesRelatedInstances,
    NumberOfSlices,
  ]);
  return counted(largest(numbers), members.length, unreadable);
}

/** In-concatenation Total Number (0020,9162; PS3.3 C.7.6.16.1). */
function countsOfConcatenations(instances: readonly InstanceIndex[], { unreadable }: Besides): readonly Count[] {
  const parts = Map.groupBy(instances, ({ ConcatenationUID = '' }) => ConcatenationUID);
  parts.delete('');
  return [...parts.values()].flatMap((members) =>
    counted(
      largest(members.map(({ InConcatenationTotalNumber = 0 }) => InConcatenationTotalNumber)),
      new Set(members.map(({ InConcatenationNumber }) => InConcatenationNumber)).size,
      unreadable,
    ),
  );
}

/**
 * Images in Acquisition (0020,1002; PS3.3 C.7.6.1): "the number of images that resulted from this acquisition". Some writers
 * count all reconstructions, some each by itself. It is taken for each series alone where another series of the same
 * thickness has exactly so many.
 */
function countsOfAcquisitions(instances: readonly InstanceIndex[], { leftOut, unreadable }: Besides): readonly Count[] {
  const stated = instances.filter(({ ImagesInAcquisition }) => ImagesInAcquisition !== undefined);
  const acquisitions = Map.groupBy(stated, (instance) =>
    JSON.stringify([instance.AcquisitionNumber, instance.ImagesInAcquisition]),
  );
  return [...acquisitions.values()].flatMap((members) => {
    const expected = members[0]?.ImagesInAcquisition ?? 0;
    const series = [...Map.groupBy(members, ({ SeriesInstanceUID }) => SeriesInstanceUID).values()];
    const whole = new Set(series.filter(({ length }) => length === expected).map(([first]) => first?.SliceThickness));
    const alone = series.filter(([first]) => whole.has(first?.SliceThickness));
    if (alone.length > 0) return alone.flatMap(({ length }) => counted(expected, length, unreadable));
    return counted(expected, members.length, leftOut + unreadable);
  });
}

/**
 * Number of Temporal Positions (0020,0105; PS3.3 C.8.3.1): as many volumes. Those of one series have as many slices each. They may lie in
 * a series each, and computed images (subtractions, say) repeat some of them.
 */
function countsOfPhases(instances: readonly InstanceIndex[], { leftOut, unreadable }: Besides): readonly Count[] {
  const dated = instances.filter(({ TemporalPositionIndex = 0 }) => TemporalPositionIndex > 0);
  const dynamics = Map.groupBy(dated, ({ NumberOfTemporalPositions = 0 }) => NumberOfTemporalPositions);
  return [...dynamics].flatMap(([positions, members]) => {
    if (positions < 2) return [];
    const series = [...Map.groupBy(members, ({ SeriesInstanceUID }) => SeriesInstanceUID).values()];
    const whole = series.filter((slices) => phasesOf(slices).length === positions);
    const inSeries = whole.flatMap((slices) => counted(positions * slicesPerPhase(slices), slices.length, unreadable));
    const [there, slices] = [phasesOf(members).length, largest(series.map(slicesPerPhase))];
    return [...inSeries, ...counted(positions * slices, there * slices, leftOut + unreadable)];
  });
}

const phasesOf = (slices: readonly InstanceIndex[]): readonly (readonly InstanceIndex[])[] => [
  ...Map.groupBy(slices, ({ TemporalPositionIndex }) => TemporalPositionIndex).values(),
];

const slicesPerPhase = (slices: readonly InstanceIndex[]): number =>
  largest(phasesOf(slices).map(({ length }) => length));

/** @param perhaps images of which nobody knows whether the number counts them */
function counted(expected: number, there: number, perhaps: number): readonly Count[] {
  if (expected === 0) return [];
  return [{ expected, there: there < expected ? Math.min(expected, there + perhaps) : there }];
}

const largest = (numbers: readonly number[]): number => numbers.reduce((most, number) => Math.max(most, number), 0);
