/** The part with variants: the same radiograph, exposed or stored differently, should give the same findings. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { radiographOf } from '#phantoms/dental.ts';
import { evaluate } from '#tools/caries/evaluate.ts';
import { type Metric, type Part, part } from '../evaluation.ts';
import { shareOf, told } from '../metrics.ts';
import { barsPlot } from '../plots/bars.ts';
import { type PictureCase, phantomOf, picturesOf } from './picture-case.ts';
import { HELD_OUT } from './seeds.ts';
import { VARIANTS, type Variant } from './variants.ts';

/** Held-out pictures, the first of each kind. */
const SEEDS = {
  bitewing: { ...HELD_OUT.bitewing, count: 6 },
  periapical: { ...HELD_OUT.periapical, count: 5 },
  panoramic: { ...HELD_OUT.panoramic, count: 4 },
};
/** Places count as the same if they are no further apart than this, mm. */
const SAME_MM = 1;

interface Compared {
  readonly variant: string;
  /** The number of places on the original, on the variant, and on both. */
  readonly original: number;
  readonly found: number;
  readonly both: number;
  /** Of the places on both: those with an FDI number on the original, and those with the same number on the variant. */
  readonly numbered: number;
  readonly sameNumber: number;
}

interface RobustnessOutcome extends PictureCase {
  readonly compared: readonly Compared[];
}

interface Place {
  readonly xMm: number;
  readonly yMm: number;
  readonly fdi: string | undefined;
}

export const robustness: Part = part<PictureCase, RobustnessOutcome>({
  name: 'robustness',
  title: 'The same radiograph, exposed or stored differently',
  cases: () => picturesOf(SEEDS),
  ciCases: 2,
  async run(one, { context }) {
    const image = radiographOf(phantomOf(one), one.seed);
    const original = await placesOn(image, context);
    const compared: Compared[] = [];
    for (const variant of VARIANTS) {
      compared.push(compare(variant, original, await placesOn(variant.make(image), context), image));
    }
    return { ...one, compared };
  },
  summarise(outcomes) {
    const agreement = (variant: string): Metric | undefined =>
      shareOf(outcomes, ({ compared }) => {
        const own = compared.find((one) => one.variant === variant);
        return own === undefined ? [0, 0] : [2 * own.both, own.original + own.found];
      });
    const bars = VARIANTS.flatMap(({ name }) => {
      const metric = agreement(name);
      return metric === undefined ? [] : [{ label: name, metric }];
    });
    const all = outcomes.map(({ compared }) => ({
      both: compared.reduce((sum, { both }) => sum + both, 0),
      places: compared.reduce((sum, { original, found }) => sum + original + found, 0),
      numbered: compared.reduce((sum, { numbered }) => sum + numbered, 0),
      sameNumber: compared.reduce((sum, { sameNumber }) => sum + sameNumber, 0),
    }));
    return {
      metrics: told({
        'same places, all variants': shareOf(all, ({ both, places }) => [2 * both, places], { goal: { atLeast: 0.8 } }),
        'same FDI number, of places that both have': shareOf(
          all,
          ({ sameNumber, numbered }) => [sameNumber, numbered],
          {
            goal: { atLeast: 0.9 },
          },
        ),
        ...Object.fromEntries(bars.map(({ label, metric }) => [`same places, ${label}`, metric])),
      }),
      figures: [
        {
          name: 'robustness',
          caption: 'Agreement of the places on the original and on its variant (Dice)',
          svg: barsPlot(bars, { title: 'Same places on a variant', axis: 'agreement (Dice)', goal: 0.8 }),
        },
      ],
      remarks: [
        `Two places count as the same if their centres are no further apart than ${SAME_MM} mm on the detector.`,
      ],
    };
  },
});

async function placesOn(image: Radiograph, context: ProcessingContext): Promise<readonly Place[]> {
  try {
    const { lesions, scale, turn } = await evaluate(image, context);
    const [down, across] = turn.transposed ? scale.spacingMm.toReversed() : scale.spacingMm;
    return lesions.map(({ stored: { pixels }, crown }) => {
      const mean = (value: (index: number) => number): number =>
        pixels.reduce((sum, index) => sum + value(index), 0) / pixels.length;
      return {
        xMm: (mean((index) => index % image.columns) + 0.5) * (across ?? 0),
        yMm: (mean((index) => Math.floor(index / image.columns)) + 0.5) * (down ?? 0),
        fdi: crown.fdi,
      };
    });
  } catch (error) {
    if (error instanceof NotEvaluableError) return [];
    throw error;
  }
}

function compare(
  variant: Variant,
  original: readonly Place[],
  found: readonly Place[],
  { columns, spacingMm }: Radiograph,
): Compared {
  const widthMm = columns * (spacingMm?.[1] ?? 0);
  const back = found.map((place) => (variant.mirrored ? { ...place, xMm: widthMm - place.xMm } : place));
  const pairs = original.flatMap((place) => {
    const same = back.find(({ xMm, yMm }) => Math.hypot(xMm - place.xMm, yMm - place.yMm) <= SAME_MM);
    return same === undefined ? [] : [{ place, same }];
  });
  const numbered = pairs.filter(({ place }) => place.fdi !== undefined);
  return {
    variant: variant.name,
    original: original.length,
    found: found.length,
    both: pairs.length,
    numbered: numbered.length,
    sameNumber: numbered.filter(({ place, same }) => place.fdi === same.fdi).length,
  };
}
