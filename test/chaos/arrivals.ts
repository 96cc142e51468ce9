/** How a study arrives at Orthanc, in many ways, and an Orthanc in simulated time that it arrives at. */

import type { OrthancClient, OrthancSeries, OrthancStudy } from '#adapters/orthanc/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { readDicom } from '#dicom/read.ts';
import { createRandom } from '#phantoms/random.ts';
import { ctSeries } from '../fixtures/edge.ts';
import { noFiles } from '../fixtures/edge-orthanc.ts';

const MINUTE_S = 60;
/** Orthanc's default. */
const STABLE_AGE_S = 60;

/** A slice as the modality sends it. */
interface Sent {
  readonly atS: number;
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly bytes: Uint8Array;
}
export interface Pattern {
  readonly name: string;
  readonly StudyInstanceUID: string;
  readonly sent: readonly Sent[];
  /** All slices that the modality has of each series, in order, whether it sends them or not. */
  readonly whole: ReadonlyMap<string, readonly string[]>;
  /** Whether headers tell the number of slices. */
  readonly isCounted: boolean;
}

const PACES = ['steady', 'jitter', 'pause', 'pauses', 'trickle'] as const;
const ORDERS = ['in order', 'reversed', 'out of order'] as const;
const LATER = [
  'none',
  'late slices',
  'lost slice',
  'lost end',
  'sent twice',
  'second series',
  'both series',
  'in turns',
] as const;

/** One pattern: a pace, an order and something that happens besides, all by the seed. */
export function patternOf(seed: number): Pattern {
  const random = createRandom(seed);
  const pick = <T>(from: readonly [T, ...T[]]): T => from[random.int(0, from.length - 1)] ?? from[0];
  const [pace, order, any] = [pick(PACES), pick(ORDERS), pick(LATER)];
  // What comes minutes later, after a trickle, is a third thing to judge.
  const isLate = any === 'late slices' || any === 'second series';
  const later = isLate && pace !== 'steady' && pace !== 'jitter' ? 'none' : any;
  const isCounted = random.int(0, 3) === 0;
  const StudyInstanceUID = `2.25.9${seed}`;
  const whole = new Map<string, readonly string[]>();
  const seriesOf = (number: number): readonly Omit<Sent, 'atS'>[] => {
    const slices = random.int(5, 11);
    const count = isCounted ? { ImagesInAcquisition: slices, AcquisitionNumber: number } : {};
    const files = ctSeries({ seed: 2 * seed + number, slices, attributes: { StudyInstanceUID, ...count } });
    const made = files.map((bytes) => {
      const { SOPInstanceUID, SeriesInstanceUID } = indexInstance(bytes);
      return { SOPInstanceUID, SeriesInstanceUID, bytes };
    });
    whole.set(
      made[0]?.SeriesInstanceUID ?? '',
      made.map(({ SOPInstanceUID }) => SOPInstanceUID),
    );
    return made;
  };
  const ordered = <T>(items: readonly T[]): readonly T[] => {
    if (order === 'in order') return items;
    if (order === 'reversed') return items.toReversed();
    return items
      .map((item) => ({ item, at: random.int(0, 1_000_000) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  };

  const first = ordered(seriesOf(1));
  const pausesAt = new Set(Array.from({ length: pace === 'pauses' ? 3 : 1 }, () => random.int(1, first.length - 1)));
  let nowS = 0;
  const step = (index: number): number => {
    if (pace === 'steady') nowS += 1;
    else if (pace === 'trickle') nowS += random.int(20, 100);
    else if (pace === 'jitter') nowS += random.int(0, STABLE_AGE_S - 5);
    else nowS += pausesAt.has(index) ? random.int(STABLE_AGE_S / 2, 4 * STABLE_AGE_S) : random.int(0, 3);
    return nowS;
  };
  const paced = (slices: readonly Omit<Sent, 'atS'>[]): Sent[] => slices.map((one, i) => ({ ...one, atS: step(i) }));
  const inTurns = (): Sent[] => {
    const second = ordered(seriesOf(2));
    const both = first.flatMap((one, i) => [one, ...(second[i] === undefined ? [] : [second[i]])]);
    return paced([...both, ...second.slice(first.length)]);
  };
  const sent = later === 'in turns' ? inTurns() : paced(first);
  const number = random.int(1, first.length - 2);
  const without = (from: number, to: number): readonly Sent[] => {
    const uids = new Set([...whole.values()][0]?.slice(from, to));
    return sent.filter(({ SOPInstanceUID }) => !uids.has(SOPInstanceUID));
  };
  const endS = sent.at(-1)?.atS ?? 0;
  const happens: Readonly<Record<(typeof LATER)[number], () => readonly Sent[]>> = {
    none: () => sent,
    'in turns': () => sent,
    'late slices': () => {
      const atS = endS + random.int(STABLE_AGE_S, 40 * MINUTE_S);
      const late = new Set(without(number, number + random.int(1, 3)));
      return sent.map((one) => (late.has(one) ? one : { ...one, atS }));
    },
    'lost slice': () => without(number, number + 1),
    'lost end': () => without(first.length - 1, first.length),
    'sent twice': () => {
      const againS = endS + random.int(1, 20) * MINUTE_S;
      return [...sent, ...sent.map((one, i) => ({ ...one, atS: againS + i }))];
    },
    'second series': () => {
      nowS = endS + 5 * MINUTE_S;
      return [...sent, ...paced(ordered(seriesOf(2)))];
    },
    'both series': () => [...sent, ...paced(ordered(seriesOf(2)))],
  };
  const name = `${pace}, ${order}, ${later}${isCounted ? ', counted' : ''}`;
  return { name, StudyInstanceUID, sent: happens[later](), whole, isCounted };
}

/** What Orthanc has of the pattern's study at a time, and its events until then. Times are seconds since `startMs`. */
export function orthancFor({ StudyInstanceUID, sent }: Pattern, nowS: () => number, firstSeq: number) {
  const arrivals = sent.toSorted((a, b) => a.atS - b.atS);
  const arrived = () => arrivals.filter(({ atS }) => atS <= nowS());
  const lastS = (among: readonly Sent[]): number => among.at(-1)?.atS ?? 0;
  const dateOf = (s: number): string => `2026T${String(s).padStart(9, '0')}`;
  const stableTimes = arrivals.flatMap(({ atS }, i) => {
    const next = arrivals[i + 1]?.atS ?? Number.POSITIVE_INFINITY;
    return next - atS > STABLE_AGE_S ? [atS + STABLE_AGE_S] : [];
  });
  const study = (): OrthancStudy => ({
    ...{ id: StudyInstanceUID, StudyInstanceUID, PatientID: '', lastUpdate: dateOf(lastS(arrived())) },
    stable: nowS() - lastS(arrived()) >= STABLE_AGE_S,
  });
  const changes = () =>
    stableTimes
      .filter((atS) => atS <= nowS())
      .map((atS, i) => ({ seq: firstSeq + i, type: 'StableStudy', id: StudyInstanceUID, date: dateOf(atS) }));
  const orthanc: OrthancClient = {
    system: async () => ({ version: '1.12.7' }),
    lastChange: async () => changes().at(-1),
    changes: async (since) => {
      const later = changes().filter(({ seq }) => seq > since);
      return { changes: later, last: later.at(-1)?.seq ?? since, done: true };
    },
    studies: async () => [],
    // Studies that arrived earlier are in Orthanc no more.
    study: async (id) => (id === StudyInstanceUID ? study() : undefined),
    findStudies: async (uid) => (uid === StudyInstanceUID ? [study()] : []),
    filesOf: noFiles,
    async series(id) {
      if (id !== StudyInstanceUID) return undefined;
      const series = Map.groupBy(arrived(), ({ SeriesInstanceUID }) => SeriesInstanceUID);
      return [...series].map(
        ([SeriesInstanceUID, members]): OrthancSeries => ({
          ...{ SeriesInstanceUID, Modality: 'CT', Manufacturer: 'Phantom', lastUpdate: dateOf(lastS(members)) },
          instances: new Set(members.map(({ SOPInstanceUID }) => SOPInstanceUID)).size,
        }),
      );
    },
  };
  return {
    orthanc,
    stableTimes,
    archive: {
      async *retrieveSeries({ SeriesInstanceUID }: { readonly SeriesInstanceUID: string }) {
        const members = arrived().filter((one) => one.SeriesInstanceUID === SeriesInstanceUID);
        yield* new Map(members.map(({ SOPInstanceUID, bytes }) => [SOPInstanceUID, bytes])).values();
      },
      async retrieveHeader({ SOPInstanceUID }: { readonly SOPInstanceUID: string }) {
        const found = arrived().find((one) => one.SOPInstanceUID === SOPInstanceUID);
        return found && readDicom(found.bytes, { stopBeforePixels: true });
      },
      async *searchStudies() {
        yield* [];
      },
    },
  };
}
