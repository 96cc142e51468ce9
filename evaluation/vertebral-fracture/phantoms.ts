/** The part with held-out phantoms: bodies found, heights, grades, and the influence of conditions. */
import type { Volume } from '#core/image/volume.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import type { Metric, Part, Summary } from '../evaluation.ts';
import { gallery, restoreTile, type StoredTile, storeTile } from '../gallery.ts';
import { percentileOf, shareOf, statisticOf, told } from '../metrics.ts';
import { barsPlot } from '../plots/bars.ts';
import { blandAltmanPlot } from '../plots/bland-altman.ts';
import { confusionMatrixPlot } from '../plots/confusion-matrix.ts';
import { reliabilityPlot } from '../plots/reliability.ts';
import { confusionMatrix, mean, quadraticKappa, reliabilityBins } from '../statistics.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { type BodyOutcome, type FoundBody, judgePhantom, type SpineOutcome } from './judge-phantom.ts';
import { HELD_OUT } from './seeds.ts';

interface PhantomOutcome extends SpineOutcome {
  readonly seed: number;
  /** Shows the worst failure of the phantom. */
  readonly tile?: StoredTile;
}

type Measured = NonNullable<FoundBody['measured']>;
interface MeasuredBody extends BodyOutcome {
  readonly measured: Measured;
}

export const GRADES = ['0', '1', '2', '3'] as const;
/** The Genant grade of a moderate fracture. */
const MODERATE = 2;
const TILES = 12;

export const phantoms: Part<{ readonly seed: number }, PhantomOutcome> = {
  name: 'phantoms',
  title: 'Held-out phantoms',
  cases: () => HELD_OUT.map((seed) => ({ seed })),
  ciCases: 24,
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
      levelsRight: shareOf(outcomes, (one) =>
        count(
          complete(one).filter(({ found }) => found !== undefined && !found.id.startsWith('body-')),
          ({ level, found }) => found?.id === level,
        ),
      ),
      evaluated: shareOf(outcomes, ({ answer }) => [Number(answer === 'result'), 1]),
      refusedForThickness: shareOf(all, ({ answer }) => [Number(answer === REFUSED), 1]),
    }),
    remarks: [
      'A body counts as found if a finding lies within 8 mm of its centre, and as graded if that finding has heights and a grade. The tool never grades the lowest body, nor a body that does not fit its neighbours. Bodies that are cut by the border of the picture do not count. Precision is computed over graded findings.',
      'A fracture of a body without a grade counts as missed in `moderateSensitivity`; `moderateSensitivityGraded` counts only graded bodies. Heights, grades and specificity are computed over graded bodies.',
      `The figures are computed from the ${outcomes.length} phantoms with slices of up to 3 mm. The other ${all.length - outcomes.length} have slices of 5 mm and were refused (\`${REFUSED}\`).`,
      'Sensitivity and specificity are for "moderate or worse" (Genant grades 2 and 3).',
    ],
    tables: [conditionsTable(outcomes), fractureTable(outcomes)],
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
      {
        name: 'certainty',
        caption: 'The share of right grades, by the tool’s certainty',
        svg: reliabilityPlot(
          reliabilityBins(
            bodies.map((body) => ({ certainty: body.measured.certainty, right: isExact(body) })),
            10,
          ),
          { title: 'Certainty of the grade', right: 'share of grades that are right' },
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

/** A missed body or moderate fracture, a merged body, or a grade that is clearly wrong. */
function isFailure(body: BodyOutcome): boolean {
  return body.complete && badness(body) > 0;
}

function badness({ found, grade, lossPercent }: BodyOutcome): number {
  if (found?.measured === undefined) return found === undefined || grade >= MODERATE ? 100 + lossPercent : 0;
  if (found.merged) return 90;
  const { measured } = found;
  if (measured.grade === grade) return 0;
  const off = Math.abs(measured.lossPercent - lossPercent);
  return Math.abs(measured.grade - grade) > 1 || off > 8 ? off : 0;
}

const TILE_MM = 90;

function tileOf(seed: number, { level, type, lossPercent, found }: BodyOutcome): StoredTile {
  const phantom = makeSpinePhantom({ seed });
  const centre = phantom.truth.vertebrae.find((vertebra) => vertebra.level === level)?.centre ?? [0, 0, 0];
  const said =
    found === undefined
      ? 'missed'
      : found.measured === undefined
        ? 'not graded'
        : found.merged
          ? 'merged'
          : `said ${found.measured.lossPercent.toFixed(0)} %`;
  return storeTile({
    caption: `${seed} ${level} ${type ?? 'sound'} ${lossPercent.toFixed(0)} %: ${said}`,
    ...sagittalTile(volumeOf(phantom), centre),
  });
}

/** The sagittal plane around a point, 1 mm per pixel, −200 to 800 HU. */
function sagittalTile(volume: Volume, [x, y, z]: readonly [number, number, number]) {
  const pixels = new Uint8Array(TILE_MM * TILE_MM);
  const { origin, spacingMm, columns, rows, slices, voxels } = volume;
  const i = Math.round((x - origin[0]) / spacingMm[0]);
  for (let row = 0; row < TILE_MM; row += 1) {
    for (let column = 0; column < TILE_MM; column += 1) {
      const j = Math.round((y - TILE_MM / 2 + column - origin[1]) / spacingMm[1]);
      const k = Math.round((z + TILE_MM / 2 - row - origin[2]) / spacingMm[2]);
      const inside = i >= 0 && j >= 0 && k >= 0 && i < columns && j < rows && k < slices;
      const hu = inside ? (voxels[(k * rows + j) * columns + i] ?? 0) : -1000;
      pixels[row * TILE_MM + column] = Math.max(0, Math.min(255, Math.round(((hu + 200) / 1000) * 255)));
    }
  }
  return { rows: TILE_MM, columns: TILE_MM, pixels };
}
