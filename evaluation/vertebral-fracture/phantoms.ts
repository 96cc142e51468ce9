/** The part with held-out phantoms: bodies found, heights, grades, and the influence of conditions. */
import type { Metric, Part, Summary } from '../evaluation.ts';
import { gallery, restoreTile, type StoredTile } from '../gallery.ts';
import { percentileOf, shareOf, statisticOf, told } from '../metrics.ts';
import { barsPlot } from '../plots/bars.ts';
import { blandAltmanPlot } from '../plots/bland-altman.ts';
import { confusionMatrixPlot } from '../plots/confusion-matrix.ts';
import { confusionMatrix, mean, quadraticKappa } from '../statistics.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { GRADES, MODERATE } from './grades.ts';
import { type BodyOutcome, type FoundBody, judgePhantom, type SpineOutcome } from './judge-phantom.ts';
import { badness, isFailure, tileOf } from './phantom-tiles.ts';
import { HELD_OUT } from './seeds.ts';
import { type Judged, withheldMetrics, withheldTable } from './withheld.ts';

interface PhantomOutcome extends SpineOutcome {
  readonly seed: number;
  /** Shows the worst failure of the phantom. */
  readonly tile?: StoredTile;
}

type Measured = NonNullable<FoundBody['measured']>;
interface MeasuredBody extends BodyOutcome {
  readonly measured: Measured;
}

const TILES = 12;

export const phantoms: Part<{ readonly seed: number }, PhantomOutcome> = {
  name: 'phantoms',
  title: 'Held-out phantoms',
  cases: () => HELD_OUT.map((seed) => ({ seed })),
  ciCases: 16,
  async run({ seed }, { tool, context }: ToolUnderEvaluation) {
    const outcome = await judgePhantom({ seed }, tool, context);
    const worst = outcome.bodies.filter(isFailure).toSorted((a, b) => badness(b) - badness(a))[0];
    return { seed, ...outcome, ...(worst && { tile: tileOf(seed, worst) }) };
  },
  summarise,
};

const complete = ({ bodies }: SpineOutcome): readonly BodyOutcome[] => bodies.filter((body) => body.complete);
const measuredBodies = (one: SpineOutcome): readonly MeasuredBody[] =>
  complete(one).flatMap((body) => {
    const measured = body.found?.measured;
    return measured === undefined ? [] : [{ ...body, measured }];
  });
const heightErrors = (one: SpineOutcome): readonly number[] =>
  measuredBodies(one).flatMap(({ heightsMm, measured }) =>
    heightsMm.map((height, n) => Math.abs((measured.heightsMm[n] ?? 0) - height)),
  );
const count = <T>(list: readonly T[], holds: (one: T) => boolean): readonly [number, number] => [
  list.filter(holds).length,
  list.length,
];
const isExact = ({ grade, measured }: MeasuredBody): boolean => grade === measured.grade;

/** The code of the tool's refusal of thick slices. Phantoms with any other refusal are counted. */
const REFUSED = 'slices-too-thick';

function summarise(all: readonly PhantomOutcome[]): Summary {
  const outcomes = all.filter(({ answer }) => answer !== REFUSED);
  const bodies = outcomes.flatMap(measuredBodies);
  const grades = gradeMatrix(bodies);
  const tiles = outcomes.flatMap(({ tile }) => tile ?? []).slice(0, TILES);
  return {
    metrics: told({
      ...findingMetrics(outcomes),
      heightErrorMedianMm: percentileOf(outcomes, heightErrors, 50, { unit: 'mm', goal: { atMost: 0.6 } }),
      heightErrorP95Mm: percentileOf(outcomes, heightErrors, 95, { unit: 'mm', goal: { atMost: 2 } }),
      gradeExact: shareOf(outcomes, (one) => count(measuredBodies(one), isExact), { goal: { atLeast: 0.88 } }),
      gradeKappa: statisticOf(outcomes, measuredBodies, (pool) => quadraticKappa(gradeMatrix(pool)), {
        goal: { atLeast: 0.9 },
      }),
      ...moderateMetrics(outcomes),
      ...withheldMetrics(outcomes, judged),
      levelsRight: shareOf(outcomes, (one) =>
        count(
          complete(one).filter(({ found }) => found !== undefined && !found.id.startsWith('body-')),
          ({ level, found }) => found?.id === level,
        ),
      ),
      named: shareOf(outcomes, (one) =>
        count(complete(one), ({ found }) => found !== undefined && !found.id.startsWith('body-')),
      ),
      evaluated: shareOf(outcomes, ({ answer }) => [Number(answer === 'result'), 1]),
      refusedForThickness: shareOf(all, ({ answer }) => [Number(answer === REFUSED), 1]),
    }),
    remarks: [
      'A body counts as found if a finding lies within 8 mm of its centre, and as graded if that finding has heights and a grade. The tool never grades the lowest body, nor a body that does not fit its neighbours. Bodies that are cut by the border of the picture do not count. Precision is computed over graded findings.',
      'A complete body without a grade is withheld: `withheldSound` is their share among bodies of grade 0, `withheldFractured` among those of grade 2 and 3, `withheldRatio` the second divided by the first. `calledFrom30` is the share of bodies with a loss of 30 % or more that got grade 2 or 3, `lossSeenFrom30` of those that got grade 1 or more; those withheld count as not called. `levelsRight` is computed over named bodies, whose share is `named`.',
      'A fracture of a body without a grade counts as missed in `moderateSensitivity`; `moderateSensitivityGraded` counts only graded bodies. Heights, grades and specificity are computed over graded bodies.',
      `The figures are computed from the ${outcomes.length} phantoms with slices of up to 3 mm. The other ${all.length - outcomes.length} have slices of 5 mm and were refused (\`${REFUSED}\`).`,
      'Sensitivity and specificity are for "moderate or worse" (Genant grades 2 and 3).',
    ],
    tables: [conditionsTable(outcomes), fractureTable(outcomes), withheldTable(outcomes, judged)],
    figures: [
      {
        name: 'grades',
        caption: 'Genant grade: truth and tool',
        svg: confusionMatrixPlot(grades, { title: 'Genant grade, held-out phantoms' }),
      },
      {
        name: 'heights',
        caption: 'Heights at 15, 50 and 85 % of the depth: tool against truth',
        svg: blandAltmanPlot(
          bodies.flatMap(({ heightsMm, measured }) =>
            heightsMm.map((reference, n) => ({ reference, measured: measured.heightsMm[n] ?? 0 })),
          ),
          { title: 'Heights, held-out phantoms', quantity: 'height', unit: 'mm' },
        ),
      },
      {
        name: 'conditions-found',
        caption: 'Complete bodies found, by condition',
        svg: barsPlot(bars(outcomes, foundShare), {
          title: 'Bodies found by condition',
          axis: 'share of complete bodies found',
          range: [0.8, 1],
          goal: 0.98,
        }),
      },
      {
        name: 'conditions-heights',
        caption: '95th percentile of the height error, by condition',
        svg: barsPlot(
          bars(outcomes, (some) => percentileOf(some, heightErrors, 95)),
          { title: 'Height error by condition', axis: '95th percentile of the error, mm', range: [0, 5], goal: 2 },
        ),
      },
    ],
    ...(tiles.length > 0 && {
      pictures: [
        {
          name: 'failures',
          caption:
            'Failures, in the mid-sagittal plane: missed bodies, moderate fractures without a grade, merged bodies, and bodies graded wrongly by two grades or by more than 8 % of height loss (captions show the truth)',
          png: gallery(tiles.map(restoreTile), { perRow: 4, side: 180 }),
        },
      ],
    }),
  };
}

/** Complete bodies, with what the tool says of their height. */
const judged = (one: SpineOutcome): readonly Judged[] =>
  complete(one).map(({ grade, lossPercent, found }) => ({
    grade,
    lossPercent,
    ...(found?.measured && { given: found.measured.grade }),
    reason: found?.withheld ?? (one.answer === 'result' ? 'not found' : `all: ${one.answer}`),
  }));

function findingMetrics(outcomes: readonly PhantomOutcome[]): Readonly<Record<string, Metric | undefined>> {
  return {
    recall: foundShare(outcomes, { goal: { atLeast: 0.98 } }),
    graded: shareOf(outcomes, (one) => count(complete(one), ({ found }) => found?.measured !== undefined)),
    precision: shareOf(outcomes, ({ findings, spurious }) => [findings - spurious, findings], {
      goal: { atLeast: 0.98 },
    }),
    merged: shareOf(outcomes, (one) => count(complete(one), ({ found }) => found?.merged === true), {
      goal: { atMost: 0.01 },
    }),
    dice: statisticOf(
      outcomes,
      (one) => measuredBodies(one).map(({ found }) => found?.dice ?? 0),
      (pool) => mean(pool),
      { goal: { atLeast: 0.94 } },
    ),
  };
}

function moderateMetrics(outcomes: readonly PhantomOutcome[]): Readonly<Record<string, Metric | undefined>> {
  const isCalled = ({ found }: BodyOutcome): boolean => (found?.measured?.grade ?? 0) >= MODERATE;
  const fractured = (one: SpineOutcome) => complete(one).filter(({ grade }) => grade >= MODERATE);
  const others = (one: SpineOutcome) => measuredBodies(one).filter(({ grade }) => grade < MODERATE);
  return {
    moderateSensitivity: shareOf(outcomes, (one) => count(fractured(one), isCalled), { goal: { atLeast: 0.95 } }),
    moderateSensitivityGraded: shareOf(outcomes, (one) =>
      count(
        fractured(one).filter(({ found }) => found?.measured !== undefined),
        isCalled,
      ),
    ),
    moderateSpecificity: shareOf(outcomes, (one) => count(others(one), (body) => !isCalled(body)), {
      goal: { atLeast: 0.97 },
    }),
  };
}

function foundShare(outcomes: readonly SpineOutcome[], options: Pick<Metric, 'goal'> = {}): Metric | undefined {
  return shareOf(outcomes, (one) => count(complete(one), ({ found }) => found !== undefined), options);
}

function gradeMatrix(bodies: readonly MeasuredBody[]) {
  return confusionMatrix(
    bodies.map(({ grade, measured }) => ({ truth: String(grade), found: String(measured.grade) })),
    GRADES,
  );
}

/** Conditions that make a phantom easier or harder. */
const CONDITIONS: Readonly<Record<string, (one: SpineOutcome) => boolean>> = {
  'slices under 2 mm': ({ sliceMm }) => sliceMm < 2,
  'slices of 2 to 3 mm': ({ sliceMm }) => sliceMm >= 2 && sliceMm <= 3,
  'noise over 30 HU': ({ conditions }) => conditions.noiseHu > 30,
  'marrow under 90 HU': ({ conditions }) => conditions.coreHu < 90,
  'contrast medium': ({ conditions }) => conditions.contrast,
  'sharp kernel': ({ conditions }) => conditions.sharpness > 0,
  'narrow field of view': ({ conditions }) => conditions.fieldMm < 300,
  'scoliosis over 10 mm': ({ conditions }) => conditions.lateralMm > 10,
  'bridges of bone': ({ conditions }) => conditions.bridges,
  screws: ({ conditions }) => conditions.screws,
  cement: ({ conditions }) => conditions.cement,
  'arms in the picture': ({ conditions }) => conditions.arms,
};

function bars(outcomes: readonly PhantomOutcome[], metric: (some: readonly PhantomOutcome[]) => Metric | undefined) {
  return Object.entries({ all: () => true, ...CONDITIONS }).flatMap(([label, holds]) => {
    const value = metric(outcomes.filter(holds));
    return value === undefined ? [] : [{ label, metric: value }];
  });
}

const shown = (metric: Metric | undefined, digits: number): string => metric?.value.toFixed(digits) ?? '';

function conditionsTable(outcomes: readonly PhantomOutcome[]) {
  return {
    title: 'By condition',
    header: ['condition', 'phantoms', 'found', 'height error median, mm', '95th percentile, mm', 'grade exact'],
    rows: Object.entries({ all: () => true, ...CONDITIONS }).map(([label, holds]) => {
      const some = outcomes.filter(holds);
      return [
        label,
        String(some.length),
        shown(foundShare(some), 3),
        shown(percentileOf(some, heightErrors, 50), 2),
        shown(percentileOf(some, heightErrors, 95), 2),
        shown(
          shareOf(some, (one) => count(measuredBodies(one), isExact)),
          3,
        ),
      ];
    }),
  };
}

function fractureTable(outcomes: readonly PhantomOutcome[]) {
  const bodies = outcomes.flatMap(complete);
  return {
    title: 'Fractures by type and grade: called moderate or worse / called any grade / graded / all',
    header: ['type', 'mild', 'moderate', 'severe'],
    rows: ['wedge', 'biconcave', 'crush'].map((type) => [
      type,
      ...[1, 2, 3].map((grade) => {
        const some = bodies.filter((body) => body.type === type && body.grade === grade);
        const called = (least: number): number =>
          some.filter(({ found }) => (found?.measured?.grade ?? -1) >= least).length;
        return `${called(MODERATE)} / ${called(1)} / ${called(0)} / ${some.length}`;
      }),
    ]),
  };
}
