/** The part with the real CT in which one body at a time is compressed by a known amount. */
import { genantGrade } from '#phantoms/spine-ct.ts';
import type { Part } from '../evaluation.ts';
import { percentileOf, shareOf, told } from '../metrics.ts';
import { confusionMatrixPlot } from '../plots/confusion-matrix.ts';
import { confusionMatrix } from '../statistics.ts';
import { GRADES, MODERATE } from './grades.ts';
import { heightErrors, judgeMask, type MaskBody } from './judge-mask.ts';
import type { HeightsMm } from './judge-phantom.ts';
import { loadSeries, referenceMask } from './real-ct.ts';
import { WHOLE_LEVELS } from './real-ct-part.ts';
import { referenceBodies } from './reference.ts';
import { type Compression, compress, compressedHeights } from './warp.ts';
import { type Judged, withheldMetrics, withheldTable } from './withheld.ts';

interface Case extends Compression {
  readonly level: string;
}

/** Every body that is completely in view. The others are sound, as the reference is. */
const judged = ({ loss, compressed, others }: Outcome): readonly Judged[] => [
  judgedOf(compressed, 100 * loss),
  ...others.map((body) => judgedOf(body, 0)),
];
const judgedOf = ({ found }: MaskBody, lossPercent: number): Judged => ({
  grade: genantGrade(lossPercent),
  lossPercent,
  ...(found?.measured && { given: found.measured.grade }),
  reason: found?.withheld ?? 'not found',
});

interface Outcome extends Case {
  readonly expectedMm: HeightsMm;
  readonly compressed: MaskBody;
  /** The other whole bodies of the same CT, which are unchanged. */
  readonly others: readonly MaskBody[];
}

const TYPES = ['wedge', 'biconcave', 'crush'] as const;
const LOSSES = [0.15, 0.3, 0.38, 0.5] as const;
/** The usual ratio of a body's width to its depth. */
const WIDTH = 1.3;

export const compressions: Part<Case, Outcome> = {
  name: 'compressions',
  title: 'The real CT with known compressions',
  needs: 'data',
  // Five bodies, three types and four losses give 60 cases. 5, 3 and 4 have no common divisor, so each combination occurs
  // once, and any fifteen consecutive cases include every body, type and loss.
  cases: () =>
    Array.from({ length: WHOLE_LEVELS.length * TYPES.length * LOSSES.length }, (_, n) => ({
      level: WHOLE_LEVELS[n % WHOLE_LEVELS.length] ?? '',
      type: TYPES[n % TYPES.length] ?? 'wedge',
      loss: LOSSES[n % LOSSES.length] ?? 0,
    })),
  ciCases: 15,
  async run({ level, type, loss }, tool) {
    const volume = await loadSeries('ct-spine-ref-dicom', tool);
    const mask = referenceMask(volume);
    const references = referenceBodies(mask);
    const heights = references.find((body) => body.level === level)?.heights;
    if (heights === undefined) throw new Error(`The reference has no heights of ${level}`);
    const warped = compress(volume, heights, WIDTH * heights.depthMm, { type, loss });
    const { bodies } = await judgeMask(warped, mask, references, tool);
    const compressed = bodies.find((body) => body.level === level) ?? { level };
    return {
      level,
      type,
      loss,
      expectedMm: compressedHeights(heights, { type, loss }),
      compressed,
      others: bodies.filter((body) => body.level !== level && WHOLE_LEVELS.includes(body.level)),
    };
  },
  summarise(outcomes) {
    const isCalled = ({ found }: MaskBody): boolean => (found?.measured?.grade ?? 0) >= MODERATE;
    const isModerate = ({ loss }: Outcome): boolean => genantGrade(100 * loss) >= MODERATE;
    const sound = (one: Outcome): readonly MaskBody[] =>
      [...one.others, ...(isModerate(one) ? [] : [one.compressed])].filter(
        ({ found }) => found?.measured !== undefined,
      );
    const errors = ({ compressed, expectedMm }: Outcome): readonly number[] => heightErrors(compressed, expectedMm);
    const measured = outcomes.filter(({ compressed }) => compressed.found?.measured !== undefined);
    return {
      metrics: told({
        found: shareOf(outcomes, ({ compressed }) => [Number(compressed.found !== undefined), 1], {
          goal: { atLeast: 0.97 },
        }),
        graded: shareOf(outcomes, ({ compressed }) => [Number(compressed.found?.measured !== undefined), 1]),
        heightErrorMedianMm: percentileOf(outcomes, errors, 50, { unit: 'mm', goal: { atMost: 1.2 } }),
        heightErrorP95Mm: percentileOf(outcomes, errors, 95, { unit: 'mm', goal: { atMost: 3 } }),
        moderateSensitivity: shareOf(
          outcomes.filter(isModerate),
          ({ compressed }) => [Number(isCalled(compressed)), 1],
          { goal: { atLeast: 0.9 } },
        ),
        moderateSensitivityGraded: shareOf(measured.filter(isModerate), ({ compressed }) => [
          Number(isCalled(compressed)),
          1,
        ]),
        moderateSpecificity: shareOf(
          outcomes,
          (one) => [sound(one).filter((body) => !isCalled(body)).length, sound(one).length],
          { goal: { atLeast: 0.95 } },
        ),
        ...withheldMetrics(outcomes, judged),
      }),
      remarks: [
        'One body at a time is compressed by a known share of its height, and the discs beside it are stretched. The expected heights are those of the mask minus the compression. Specificity is computed over graded bodies that are unchanged or compressed by less than 25 %. The lowest body, L5, gets no grade, so its compressions count as missed in `moderateSensitivity`; `moderateSensitivityGraded` counts only graded bodies. `withheldFractured`, `withheldSound` and their ratio compare compressed bodies (by 25 % or more) with all others that are completely in view. All cases come from one patient: intervals say nothing about other patients.',
      ],
      figures: [
        {
          name: 'compressions-grades',
          caption: 'Genant grade of the applied compression, and the tool’s grade',
          svg: confusionMatrixPlot(
            confusionMatrix(
              measured.map(({ loss, compressed }) => ({
                truth: String(genantGrade(100 * loss)),
                found: String(compressed.found?.measured?.grade),
              })),
              GRADES,
            ),
            { title: 'Known compressions of a real CT' },
          ),
        },
      ],
      tables: [
        withheldTable(outcomes, judged),
        {
          title: 'Compressed bodies that were called moderate or worse',
          header: ['type', ...LOSSES.map((loss) => `${100 * loss} %`)],
          rows: TYPES.map((type) => [
            type,
            ...LOSSES.map((loss) => {
              const some = outcomes.filter((one) => one.type === type && one.loss === loss);
              return `${some.filter(({ compressed }) => isCalled(compressed)).length} / ${some.length}`;
            }),
          ]),
        },
      ],
    };
  },
};
