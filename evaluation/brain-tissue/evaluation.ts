/**
 * The evaluation of `brain-tissue`. The model is a third party's, so the evaluation judges the code around it: the volumes
 * must be those that Python's onnxruntime gives, they must not depend on the slices' orientation, and a head without a whole
 * brain must be refused.
 */
import { join } from 'node:path';
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import { makeBrainPhantom } from '#phantoms/brain-mr.ts';
import { dataFolder } from '../../localstack/parts.mjs';
import { type Evaluation, part } from '../evaluation.ts';
import { percentileOf, shareOf, told, withoutIntervals } from '../metrics.ts';
import { shown } from '../plots/svg.ts';
import { imagesForTool } from '../study-images.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { INTENSITIES, type Intensities, withIntensities } from './intensities.ts';
import reference from './reference.json' with { type: 'json' };
import { changed, type Variant } from './variants.ts';
import { WEIGHTINGS, type Weighting, weighted } from './weightings.ts';

interface Volumes {
  readonly greyMl: number;
  readonly whiteMl: number;
}

/** The tool's answer: volumes, or the code of the reason for none. */
type Answer = { readonly found: Volumes } | { readonly code: string };

interface HeadOutcome {
  readonly variant: Variant;
  readonly answer: Answer;
}

/** Variants that must give the same volumes, and those that must be refused, with the code of the reason. */
const SAME: readonly Variant[] = [
  'as it is',
  'sagittal slices',
  'turned by 180°',
  'scaled by 3',
  'noise 1 %',
  'slices of 2 mm',
];
const REFUSED: Readonly<Partial<Record<Variant, string>>> = {
  'upper half': 'brain-cut',
  inverted: 'not-t1',
  'slices of 4 mm': 'voxels-too-large',
};

const t1Head = part<{ readonly variant: Variant }, HeadOutcome>({
  name: 't1-head',
  title: 'A real T1 of the head',
  needs: 'data',
  ciCases: 3,
  // CI runs the first three: the unchanged head, one that must be refused, and one with other slices.
  cases: () => {
    const [plain, ...others] = SAME;
    const [cut, ...refused] = Object.keys(REFUSED) as Variant[];
    return [plain, cut, ...others, ...refused].flatMap((variant) => (variant === undefined ? [] : [{ variant }]));
  },
  async run({ variant }, tool) {
    const [head] = await imagesForTool(join(dataFolder(), 'mr-t1-head'), tool.entry);
    if (head?.kind !== 'volume') throw new Error('The head is not a volume');
    return { variant, answer: await answerOf(changed(head, variant), tool) };
  },
  summarise(outcomes) {
    const same = outcomes.filter(({ variant }) => SAME.includes(variant));
    const refused = outcomes.filter(({ variant }) => variant in REFUSED);
    const plain = same.filter(({ variant }) => variant === 'as it is');
    return {
      metrics: withoutIntervals({
        'difference from Python': percentileOf(plain, differences, 100, { unit: '%', goal: { atMost: 1 } }),
        'largest difference of a variant': percentileOf(same, differences, 100, { unit: '%', goal: { atMost: 5 } }),
        'same brain measured': shareOf(same, ({ answer }) => [isFound(answer) ? 1 : 0, 1], { goal: { atLeast: 1 } }),
        'refused with the right reason': shareOf(
          refused,
          ({ variant, answer }) => [!isFound(answer) && answer.code === REFUSED[variant] ? 1 : 0, 1],
          { goal: { atLeast: 1 } },
        ),
      }),
      tables: [
        {
          title: 'Variants of one head',
          header: ['variant', 'grey mL', 'white mL', 'grey, difference %', 'white, difference %', 'refused with'],
          rows: outcomes.map(({ variant, answer }) =>
            isFound(answer)
              ? [
                  variant,
                  ...[answer.found.greyMl, answer.found.whiteMl, ...signedDifferences(answer.found)].map(shown),
                  '',
                ]
              : [variant, '', '', '', '', answer.code],
          ),
        },
      ],
      remarks: [
        `The reference is ${reference.source}: ${reference.greyMl} mL of grey and ${reference.whiteMl} mL of white matter. It shows that the`,
        'model runs correctly, not that the volumes are right: nobody has segmented this head by hand. All variants come from one patient, so there are no intervals.',
      ],
    };
  },
});

interface IntensityOutcome {
  readonly change: Intensities;
  readonly answer: Answer;
}

/** Other bright voxels than the brain's. */
const intensities = part<{ readonly change: Intensities }, IntensityOutcome>({
  name: 'intensities',
  title: 'The same head with clipped values and bright outliers',
  needs: 'data',
  ciCases: 3,
  cases: () => INTENSITIES.map((change) => ({ change })),
  async run({ change }, tool) {
    const [head] = await imagesForTool(join(dataFolder(), 'mr-t1-head'), tool.entry);
    if (head?.kind !== 'volume') throw new Error('The head is not a volume');
    return { change, answer: await answerOf(withIntensities(head, change), tool) };
  },
  summarise(outcomes) {
    const plain = outcomes.find(({ change }) => change === 'as it is')?.answer;
    const others = outcomes.filter(({ change }) => change !== 'as it is');
    const changes = ({ answer }: IntensityOutcome): readonly number[] =>
      plain !== undefined && isFound(plain) && isFound(answer) ? changesOfShares(plain.found, answer.found) : [];
    return {
      metrics: withoutIntervals({
        measured: shareOf(outcomes, ({ answer }) => [isFound(answer) ? 1 : 0, 1], { goal: { atLeast: 1 } }),
        'largest change of a share': percentileOf(others, changes, 100, { unit: '%', goal: { atMost: 3 } }),
      }),
      tables: [
        {
          title: 'What else is bright',
          header: ['change', 'grey mL', 'white mL', 'change of the shares %', 'refused with'],
          rows: outcomes.map(({ change, answer }) =>
            isFound(answer)
              ? [
                  change,
                  shown(answer.found.greyMl),
                  shown(answer.found.whiteMl),
                  shown(Math.max(0, ...changes({ change, answer }))),
                  '',
                ]
              : [change, '', '', '', answer.code],
          ),
        },
      ],
    };
  },
});

/** The relative change of each tissue's share of both, %. */
function changesOfShares(from: Volumes, to: Volumes): readonly number[] {
  const share = (volumes: Volumes, key: keyof Volumes): number => volumes[key] / (volumes.greyMl + volumes.whiteMl);
  return (['greyMl', 'whiteMl'] as const).map((key) => Math.abs(100 * (share(to, key) / share(from, key) - 1)));
}

interface WeightingOutcome {
  readonly weighting: Weighting;
  readonly answer: Answer;
}

/** Sequences that the header calls T1. */
const weightings = part<{ readonly weighting: Weighting }, WeightingOutcome>({
  name: 'weightings',
  title: 'Other weightings under the header of a T1',
  needs: 'data',
  ciCases: 1,
  cases: () => WEIGHTINGS.map((weighting) => ({ weighting })),
  async run({ weighting }, tool) {
    const [head] = await imagesForTool(join(dataFolder(), 'mr-t1-head'), tool.entry);
    if (head?.kind !== 'volume') throw new Error('The head is not a volume');
    return { weighting, answer: await answerOf(weighted(head, weighting), tool) };
  },
  summarise(outcomes) {
    return {
      metrics: withoutIntervals({
        refused: shareOf(outcomes, ({ answer }) => [isFound(answer) ? 0 : 1, 1], { goal: { atLeast: 1 } }),
      }),
      tables: [
        {
          title: 'Weightings',
          header: ['brightness as in', 'answer'],
          rows: outcomes.map(({ weighting, answer }) => [weighting, isFound(answer) ? 'measured' : answer.code]),
        },
      ],
      remarks: [
        'The brightness of the tissues in the T1 is exchanged. Real images of these weightings have other noise and texture as well.',
      ],
    };
  },
});

interface PhantomOutcome {
  readonly answer: Answer;
  readonly truth: Volumes;
}

const phantom = part<{ readonly seed: number; readonly spacingMm: number }, PhantomOutcome>({
  name: 'phantom',
  title: 'Synthetic heads',
  ciCases: 1,
  cases: () => [1, 2, 3, 4, 5, 6].map((seed) => ({ seed, spacingMm: seed % 2 === 1 ? 1.5 : 1 })),
  async run({ seed, spacingMm }, tool) {
    const { truth, ...head } = makeBrainPhantom({ seed, spacingMm });
    const volume = volumeOf(head);
    return { answer: await answerOf(volume, tool), truth };
  },
  summarise(outcomes) {
    const total = ({ greyMl, whiteMl }: Volumes): number => greyMl + whiteMl;
    const off = ({ answer, truth }: PhantomOutcome): readonly number[] =>
      isFound(answer) ? [Math.abs(100 * (total(answer.found) / total(truth) - 1))] : [];
    return {
      metrics: told({
        measured: shareOf(outcomes, ({ answer }) => [isFound(answer) ? 1 : 0, 1], { goal: { atLeast: 1 } }),
        'brain volume, median difference': percentileOf(outcomes, off, 50, { unit: '%' }),
      }),
      remarks: [
        'The model was trained on real texture. On these heads it finds the brain but not its tissues (its card has the figures). The part tests how the tool processes an image',
        'without real data; it says nothing about accuracy.',
      ],
    };
  },
});

export const evaluation: Evaluation = { tool: 'brain-tissue', parts: [t1Head, intensities, weightings, phantom] };

async function answerOf(volume: Volume, { tool, context }: ToolUnderEvaluation): Promise<Answer> {
  try {
    const { findings } = await tool.process([volume], context);
    const [greyMl = Number.NaN, whiteMl = Number.NaN] = findings.map(({ measurements }) => measurements[0]?.value);
    return { found: { greyMl, whiteMl } };
  } catch (error) {
    if (!(error instanceof NotEvaluableError)) throw error;
    return { code: error.code };
  }
}

const isFound = (answer: Answer): answer is { readonly found: Volumes } => 'found' in answer;

const signedDifferences = ({ greyMl, whiteMl }: Volumes): readonly number[] => [
  100 * (greyMl / reference.greyMl - 1),
  100 * (whiteMl / reference.whiteMl - 1),
];

/** The absolute difference of each tissue from the reference, %. */
function differences({ answer }: HeadOutcome): readonly number[] {
  return isFound(answer) ? signedDifferences(answer.found).map(Math.abs) : [];
}

function volumeOf({
  columns,
  rows,
  slices,
  spacingMm,
  origin,
  voxels,
}: Omit<ReturnType<typeof makeBrainPhantom>, 'truth'>): Volume {
  return {
    kind: 'volume',
    ...{ StudyInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.2', FrameOfReferenceUID: '2.25.3', Modality: 'MR' },
    ...{ columns, rows, slices, voxels: Int16Array.from(voxels), origin },
    columnDirection: [1, 0, 0],
    rowDirection: [0, 1, 0],
    sliceDirection: [0, 0, 1],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    frames: Array.from({ length: slices }, (_, index) => ({ SOPInstanceUID: `2.25.4.${index + 1}` })),
  };
}
