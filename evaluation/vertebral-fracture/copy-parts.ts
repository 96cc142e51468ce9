/** The parts with copies of two real CTs: one patient each, so that every copy has the same true answer. */
import type { Metric, Part, Summary, Table } from '../evaluation.ts';
import { withoutIntervals } from '../metrics.ts';
import { type Copy, copyOf, motionOf } from './copy.ts';
import { byKind, copyMetrics, gradedIn, type NamedOutcome, reasons, wrongAnswers } from './copy-figures.ts';
import { chestCopies, lumbarCopies, lumbarCuts } from './copy-lists.ts';
import { judgeCopy } from './judge-copy.ts';
import { type CtName, knownCt } from './known-cts.ts';
import { referenceBodies } from './reference.ts';
import { movedTruth } from './truth.ts';

interface Outcome extends NamedOutcome {
  readonly copy: Copy;
  /** The heights of the reference mask, of the original only. */
  readonly reference?: readonly { readonly level: string; readonly heightsMm: readonly number[] }[];
}

type CopyPart = Part<Copy, Outcome>;

function copyPart(
  ct: CtName,
  {
    summary,
    ...part
  }: Pick<CopyPart, 'name' | 'title' | 'cases' | 'ciCases'> & {
    readonly summary: (outcomes: readonly Outcome[]) => Pick<Summary, 'remarks'> & {
      readonly metrics: Readonly<Record<string, Metric | undefined>>;
    };
  },
): CopyPart {
  return {
    ...part,
    needs: 'data',
    async run(copy, tool) {
      const { volume, truth, bodies } = await knownCt(ct, tool);
      const outcome = await judgeCopy(copyOf(volume, copy), movedTruth(truth, motionOf(volume, copy)), tool);
      const named = { copy, kind: copy.kind, name: nameOf(copy), ...outcome };
      if (copy.kind !== 'itself') return named;
      const reference = referenceBodies(bodies).flatMap(({ level, heights }) =>
        heights === undefined
          ? []
          : [{ level, heightsMm: [heights.anteriorMm, heights.middleMm, heights.posteriorMm] }],
      );
      return { ...named, reference };
    },
    summarise(outcomes) {
      const { metrics, remarks = [] } = summary(outcomes);
      return {
        metrics: withoutIntervals(metrics),
        remarks,
        tables: [byKind(outcomes), reasons(outcomes), ...wrongAnswers(outcomes), ...heightsTable(outcomes)],
      };
    },
  };
}

function nameOf({ kind, turnDeg, shiftVoxels, spacingMm, axes, noise, slices }: Copy): string {
  const list = (values: readonly number[]): string => values.map((value) => Number(value.toFixed(2))).join(' ');
  return [
    kind,
    ...(turnDeg ? [`${list(turnDeg)}°`] : []),
    ...(shiftVoxels ? [`${list(shiftVoxels)} voxels`] : []),
    ...(spacingMm ? [`${list(spacingMm)} mm`] : []),
    ...(axes ? [axes.join(' ')] : []),
    ...(noise ? [`${noise.deviationHu} HU`] : []),
    ...(slices ? [`slices ${slices.join(' to ')}`] : []),
  ].join(', ');
}

/** The largest loss of a height against the largest of the three: what a reader of the mask alone would see. */
function heightsTable(outcomes: readonly Outcome[]): readonly Table[] {
  const rows = outcomes.flatMap(({ reference = [] }) =>
    reference.map(({ level, heightsMm }) => [
      level,
      heightsMm.map((height) => height.toFixed(1)).join(' · '),
      (100 * (1 - Math.min(...heightsMm) / Math.max(...heightsMm))).toFixed(0),
    ]),
  );
  return rows.length === 0
    ? []
    : [{ title: 'The reference mask', header: ['level', 'heights, mm', 'least below greatest, %'], rows }];
}

const HOW =
  'A finding belongs to the vertebra of the reference mask in which most of its voxels lie. A name that another vertebra has, or none, is a wrong name. A grade of 2 or 3 anywhere is a false one.';

export const lumbarCopiesPart = copyPart('lumbar', {
  name: 'lumbar-copies',
  title: 'Copies of a real lumbar CT',
  cases: lumbarCopies,
  ciCases: 7,
  summary: (outcomes) => ({
    metrics: copyMetrics(outcomes, { mostWithheld: 0.15 }),
    remarks: [
      `The CT of part \`real-ct\`, shifted by parts of a voxel, turned, resampled, with added noise, all of these at once, and the same voxels stored in other orders. ${HOW} The reference is the mask of another program: its heights show no moderate fracture (L1 is lower in front by a sixth, within the range of normal). L1 to L5 are completely in view. All copies come from one patient.`,
    ],
  }),
});

/** The slices of the lumbar CT, and their distance. */
const LUMBAR = { slices: 112, sliceMm: 3 } as const;

export const lumbarCutsPart = copyPart('lumbar', {
  name: 'lumbar-cuts',
  title: 'A real lumbar CT, cut at every slice',
  cases: () => lumbarCuts(LUMBAR.slices, LUMBAR.sliceMm),
  ciCases: 6,
  summary: (outcomes) => ({
    metrics: copyMetrics(outcomes),
    remarks: [`The CT without its lowest or its uppermost slices, at each possible place. ${HOW}`],
  }),
});

export const chestCopiesPart = copyPart('chest', {
  name: 'chest-copies',
  title: 'A real CT of the chest, and copies of it',
  cases: chestCopies,
  ciCases: 1,
  summary: (outcomes) => {
    const whole = outcomes.filter(({ copy }) => copy.slices === undefined);
    return {
      metrics: {
        ...copyMetrics(outcomes),
        ...(whole.length > 0 && {
          gradedFewest: { value: Math.min(...whole.map(gradedIn)), n: whole.length, goal: { atLeast: 6 } },
        }),
      },
      remarks: [
        `LIDC-IDRI-0001: contrast medium, kyphosis, narrow discs, no sacrum, so every name is wrong that is not the one of the mask (T1 to L1 are complete). ${HOW} The reference is an automatic mask; its heights show no moderate fracture. \`gradedFewest\` is the number of graded vertebrae in the copy with the fewest, without the copies that are cut.`,
      ],
    };
  },
});
