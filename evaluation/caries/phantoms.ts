/** The parts with phantoms: held-out ones, and those on which the operating point was chosen. */
import { DEPTH_CLASSES, type DepthClass } from '#tools/caries/depth.ts';
import { type Metric, type Part, part, type Summary, type Table } from '../evaluation.ts';
import { gallery, restoreTile } from '../gallery.ts';
import { type Counts, perCase, shareOf, statisticOf, told } from '../metrics.ts';
import { barsPlot } from '../plots/bars.ts';
import { confusionMatrixPlot } from '../plots/confusion-matrix.ts';
import { frocPlot } from '../plots/froc.ts';
import { confusionMatrix, type DetectionCase, exactAgreement, frocPoints, quadraticKappa } from '../statistics.ts';
import {
  KINDS,
  lookAtPicture,
  type PhantomKind,
  type PictureCase,
  type PictureOutcome,
  type Place,
  picturesOf,
  type TrueLesion,
  thresholdOf,
} from './picture-case.ts';
import { HELD_OUT, VALIDATION } from './seeds.ts';

const SURFACES = ['mesial', 'distal', 'occlusal'] as const;
const GALLERY_TILES = 12;

export const heldOut: Part = part<PictureCase, PictureOutcome>({
  name: 'phantoms',
  title: 'Held-out phantoms',
  cases: () => picturesOf(HELD_OUT),
  ciCases: 6,
  run: lookAtPicture,
  summarise: (outcomes) => ({
    metrics: metricsOf(outcomes),
    tables: [depthTable(outcomes)],
    figures: [...KINDS.map((kind) => frocOf('froc', outcomes, kind)), barsOf(outcomes), confusionOf(outcomes)],
    pictures: picturesOfFailures(outcomes),
    remarks: [
      'The seeds were frozen before anything was tuned. The phantoms come from the same generator as the training data: the figures show that the parts work together, not how well caries is found in patients.',
      'A lesion counts as found if at least one pixel of a marked place lies in it. A place that touches no lesion is false.',
    ],
  }),
});

export const validation: Part = part<PictureCase, PictureOutcome>({
  name: 'validation',
  title: 'Validation phantoms, on which the operating point was chosen',
  cases: () => picturesOf(VALIDATION),
  ciCases: 3,
  run: lookAtPicture,
  summarise: (outcomes) => ({
    metrics: told({ sensitivity: sensitivity(outcomes), falsePlaces: falsePlaces(outcomes) }),
    tables: [thresholdTable(outcomes)],
    figures: KINDS.map((kind) => frocOf('validation', outcomes, kind)),
    remarks: ['These seeds were used neither for training nor as held-out phantoms.'],
  }),
});

type Outcomes = readonly PictureOutcome[];

const marked = ({ kind, places }: PictureOutcome, threshold = thresholdOf(kind)): readonly Place[] =>
  places.filter(({ score }) => score >= threshold);

const of = (outcomes: Outcomes, kind: PhantomKind): Outcomes => outcomes.filter((one) => one.kind === kind);

function foundOf(
  outcome: PictureOutcome,
  holds: (lesion: TrueLesion) => boolean = () => true,
  threshold?: number,
): Counts {
  const found = new Set(marked(outcome, threshold).flatMap(({ lesions }) => lesions));
  const asked = outcome.lesions.filter(holds);
  return [asked.filter(({ number }) => found.has(number)).length, asked.length];
}

function falseOf(outcome: PictureOutcome, threshold?: number): number {
  return marked(outcome, threshold).filter(({ lesions }) => lesions.length === 0).length;
}

const sensitivity = (outcomes: Outcomes): Metric | undefined =>
  shareOf(outcomes, (one) => foundOf(one), { goal: { atLeast: 0.8 } });
const falsePlaces = (outcomes: Outcomes): Metric | undefined =>
  perCase(outcomes, (one) => falseOf(one), { goal: { atMost: 0.5 }, unit: 'per picture' });

/** The share of right statements (crown, side or number) among marked places that lie on a lesion and make the statement. */
const rightOf = (outcomes: Outcomes, told: 'rightCrown' | 'rightSide' | 'rightNumber'): Metric | undefined =>
  shareOf(outcomes, (one) => {
    const telling = marked(one).flatMap((place) => place[told] ?? []);
    return [telling.filter(Boolean).length, telling.length];
  });

function metricsOf(outcomes: Outcomes): Summary['metrics'] {
  const panoramics = of(outcomes, 'panoramic');
  const teeth = (count: 'seen' | 'rightlyNumbered') => (one: PictureOutcome) =>
    [one.teeth?.[count] ?? 0, one.teeth?.all ?? 0] as const;
  return told({
    sensitivity: sensitivity(outcomes),
    'false places': falsePlaces(outcomes),
    ...Object.fromEntries(
      KINDS.flatMap((kind) => [
        [`sensitivity, ${kind}`, sensitivity(of(outcomes, kind))],
        [`false places, ${kind}`, falsePlaces(of(outcomes, kind))],
      ]),
    ),
    'FDI number right, of teeth on panoramics': shareOf(panoramics, teeth('rightlyNumbered'), {
      goal: { atLeast: 0.9 },
    }),
    'teeth seen': shareOf(outcomes, teeth('seen')),
    'stray crowns': perCase(outcomes, ({ teeth: own }) => own?.stray ?? 0, { unit: 'per picture' }),
    'FDI number right, of found lesions that have one': rightOf(outcomes, 'rightNumber'),
    'tooth right, of found lesions': rightOf(outcomes, 'rightCrown'),
    'side of the tooth right, of found lesions': rightOf(outcomes, 'rightSide'),
    'depth class exact': depthShare(outcomes, (apart) => apart === 0),
    'depth class at most one off': depthShare(outcomes, (apart) => apart <= 1),
    'enamel or dentin right': depthShare(outcomes, (_, truth, found) => truth[0] === found[0]),
    'depth class, weighted kappa': statisticOf(outcomes, depthPairs, (pairs) =>
      quadraticKappa(confusionMatrix(pairs, DEPTH_CLASSES)),
    ),
    'not evaluable': shareOf(outcomes, ({ notEvaluable }) => [notEvaluable === undefined ? 0 : 1, 1]),
  });
}

interface DepthPair {
  readonly truth: DepthClass;
  readonly found: DepthClass;
}

function depthPairs(outcome: PictureOutcome): readonly DepthPair[] {
  return marked(outcome).flatMap(({ depth, lesions }) => {
    const lesion = outcome.lesions.find(({ number }) => number === lesions[0]);
    return lesion === undefined ? [] : [{ truth: lesion.depth, found: depth }];
  });
}

function depthShare(
  outcomes: Outcomes,
  holds: (apart: number, truth: DepthClass, found: DepthClass) => boolean,
): Metric | undefined {
  return shareOf(outcomes, (one) => {
    const pairs = depthPairs(one);
    const right = pairs.filter(({ truth, found }) => {
      const apart = Math.abs(DEPTH_CLASSES.indexOf(truth) - DEPTH_CLASSES.indexOf(found));
      return holds(apart, truth, found);
    });
    return [right.length, pairs.length];
  });
}

/** Lesions found, by depth and surface, for each kind of picture. */
function depthTable(outcomes: Outcomes): Table {
  const cell = (kind: PhantomKind, holds: (lesion: TrueLesion) => boolean): string => {
    const counts = of(outcomes, kind).map((one) => foundOf(one, holds));
    const [found, all] = counts.reduce(([a, b], [c, d]) => [a + c, b + d] as const, [0, 0] as const);
    return all === 0 ? '-' : `${found} of ${all} (${(found / all).toFixed(2)})`;
  };
  return {
    title: 'Lesions found, by depth class and surface',
    header: ['', ...KINDS],
    rows: [
      ...DEPTH_CLASSES.map((depth) => [depth, ...KINDS.map((kind) => cell(kind, (lesion) => lesion.depth === depth))]),
      ...SURFACES.map((surface) => [
        surface,
        ...KINDS.map((kind) => cell(kind, (lesion) => lesion.surface === surface)),
      ]),
    ],
  };
}

function thresholdTable(outcomes: Outcomes): Table {
  const thresholds = [0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];
  const at = (kind: PhantomKind, threshold: number): string => {
    const own = of(outcomes, kind);
    const share = shareOf(own, (one) => foundOf(one, undefined, threshold));
    const wrong = perCase(own, (one) => falseOf(one, threshold));
    return `${share?.value.toFixed(3) ?? '-'} at ${wrong?.value.toFixed(2) ?? '-'}`;
  };
  return {
    title: 'Sensitivity at false places per picture, by threshold',
    header: ['threshold', ...KINDS.map((kind) => `${kind} (in use: ${thresholdOf(kind)})`)],
    rows: thresholds.map((threshold) => [String(threshold), ...KINDS.map((kind) => at(kind, threshold))]),
  };
}

function frocOf(name: string, outcomes: Outcomes, kind: PhantomKind) {
  const own = of(outcomes, kind);
  const cases = own.map(
    ({ lesions, places }): DetectionCase => ({
      lesions: lesions.length,
      detections: places.flatMap(({ score, lesions: on }) =>
        on.length === 0 ? [{ score }] : on.map((lesion) => ({ score, lesion })),
      ),
    }),
  );
  const [sensitive, wrong] = [sensitivity(own), falsePlaces(own)];
  return {
    name: `${name}-${kind}`,
    caption: `Sensitivity over false places per picture, ${kind}`,
    svg: frocPlot(frocPoints(cases), {
      title: `${kind}: lesions found`,
      per: 'picture',
      ...(sensitive && wrong && { operating: { falsePerCase: wrong.value, sensitivity: sensitive.value } }),
    }),
  };
}

function barsOf(outcomes: Outcomes) {
  const bar = (label: string, holds: (lesion: TrueLesion) => boolean) => {
    const metric = shareOf(outcomes, (one) => foundOf(one, holds));
    return metric === undefined ? [] : [{ label, metric }];
  };
  return {
    name: 'sensitivity',
    caption: 'Sensitivity by depth class and surface, all pictures',
    svg: barsPlot(
      [
        ...DEPTH_CLASSES.flatMap((depth) => bar(depth, (lesion) => lesion.depth === depth)),
        ...SURFACES.flatMap((surface) => bar(surface, (lesion) => lesion.surface === surface)),
      ],
      { title: 'Lesions found by depth and surface', axis: 'sensitivity', goal: 0.8 },
    ),
  };
}

function confusionOf(outcomes: Outcomes) {
  const matrix = confusionMatrix(outcomes.flatMap(depthPairs), DEPTH_CLASSES);
  return {
    name: 'depth-classes',
    caption: `Depth class of found lesions, exact in ${(100 * exactAgreement(matrix)).toFixed(0)} %`,
    svg: confusionMatrixPlot(matrix, { title: 'Depth class of found lesions' }),
  };
}

function picturesOfFailures(outcomes: Outcomes): NonNullable<Summary['pictures']> {
  const tiles = outcomes.flatMap(({ failures }) => failures);
  if (tiles.length === 0) return [];
  // Spread over all pictures, so that the sheet shows every kind.
  const step = Math.max(1, tiles.length / GALLERY_TILES);
  const chosen = Array.from({ length: Math.min(GALLERY_TILES, tiles.length) }, (_, index) =>
    tiles.slice(Math.floor(index * step), Math.floor(index * step) + 1),
  ).flat();
  return [
    {
      name: 'failures',
      caption: `${chosen.length} of ${tiles.length} failures: missed lesions, and marked places without a lesion`,
      png: gallery(chosen.map(restoreTile)),
    },
  ];
}
