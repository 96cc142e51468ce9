/** The part with a mask of real vertebrae (VerSe), painted as a CT. */
import { dataFolder } from '../../localstack/parts.mjs';
import type { Part } from '../evaluation.ts';
import { percentileOf, shareOf, told } from '../metrics.ts';
import { mean } from '../statistics.ts';
import { heightErrors, judgeMask, type MaskOutcome } from './judge-mask.ts';
import { paintedMask } from './painted-mask.ts';
import { referenceBodies } from './reference.ts';

const errors = (one: MaskOutcome): readonly number[] =>
  one.bodies.flatMap((body) => heightErrors(body, body.heightsMm));

export const paintedMaskPart: Part<{ readonly mask: string }, MaskOutcome> = {
  name: 'painted-mask',
  title: 'A mask of real vertebrae, painted as a CT',
  needs: 'data',
  cases: () => [{ mask: 'verse004' }],
  ciCases: 1,
  run(_, tool) {
    const { volume, mask } = paintedMask(dataFolder());
    return judgeMask(volume, mask, referenceBodies(mask), tool);
  },
  summarise(outcomes) {
    const bodies = outcomes.flatMap((one) => one.bodies);
    return {
      metrics: told({
        dice: { value: mean(bodies.map(({ found }) => found?.dice ?? 0)), n: bodies.length, goal: { atLeast: 0.92 } },
        found: shareOf(outcomes, (one) => [one.bodies.filter(({ found }) => found).length, one.bodies.length]),
        graded: shareOf(outcomes, (one) => [
          one.bodies.filter(({ found }) => found?.measured).length,
          one.bodies.length,
        ]),
        heightErrorMedianMm: percentileOf(outcomes, errors, 50, { unit: 'mm' }),
        heightErrorP95Mm: percentileOf(outcomes, errors, 95, { unit: 'mm' }),
      }),
      remarks: [
        'A CT painted in the shape of one VerSe mask (T9 to L5, L1 severely fractured): bone with a shell, soft tissue and noise. The mask was never used in training. Bodies are the parts of the vertebrae in front of the spinal canal.',
      ],
      tables: [
        {
          title: 'Bodies of the painted mask',
          header: ['level', 'Dice', 'grade'],
          rows: bodies.map(({ level, found }) => [
            level,
            found?.dice.toFixed(3) ?? 'not found',
            String(found?.measured?.grade ?? 'none'),
          ]),
        },
      ],
    };
  },
};
