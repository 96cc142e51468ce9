/** The parts with real CTs: one patient with a reference mask, and a slab in which nothing can be measured. */
import type { Part } from '../evaluation.ts';
import { percentileOf, shareOf, told } from '../metrics.ts';
import { heightErrors, judgeMask, type MaskOutcome } from './judge-mask.ts';
import { answerTo } from './judge-phantom.ts';
import { loadSeries, referenceMask } from './real-ct.ts';
import { referenceBodies } from './reference.ts';

/** Without T12, which is cut by the border of the picture. */
export const WHOLE_LEVELS: readonly string[] = ['L1', 'L2', 'L3', 'L4', 'L5'];

const whole = ({ bodies }: MaskOutcome) => bodies.filter(({ level }) => WHOLE_LEVELS.includes(level));

export const realCt: Part<{ readonly folder: string }, MaskOutcome> = {
  name: 'real-ct',
  title: 'A real CT with a reference mask',
  needs: 'data',
  cases: () => [{ folder: 'ct-spine-ref-dicom' }],
  ciCases: 1,
  async run({ folder }, tool) {
    const volume = await loadSeries(folder, tool);
    const mask = referenceMask(volume);
    return judgeMask(volume, mask, referenceBodies(mask), tool);
  },
  summarise(outcomes) {
    const bodies = outcomes.flatMap(whole);
    return {
      metrics: told({
        found: shareOf(outcomes, (one) => [whole(one).filter(({ found }) => found).length, whole(one).length], {
          goal: { atLeast: 1 },
        }),
        graded: shareOf(outcomes, (one) => [
          whole(one).filter(({ found }) => found?.measured).length,
          whole(one).length,
        ]),
        spurious: {
          value: outcomes.reduce((sum, one) => sum + one.spurious, 0),
          n: outcomes.length,
          goal: { atMost: 0 },
        },
        dice: { value: diceOf(outcomes), n: bodies.length, goal: { atLeast: 0.9 } },
        heightErrorMedianMm: percentileOf(outcomes, errors, 50, { unit: 'mm', goal: { atMost: 1.2 } }),
        heightErrorP95Mm: percentileOf(outcomes, errors, 95, { unit: 'mm', goal: { atMost: 2.5 } }),
        levelsRight: shareOf(
          outcomes,
          (one) => [whole(one).filter(({ level, found }) => found?.id === level).length, whole(one).length],
          { goal: { atLeast: 1 } },
        ),
      }),
      remarks: [
        'One patient (3 mm slices, lumbar spine and sacrum, masks by another program). The CT was used during development, so this is a regression test, not a validation. Heights of the mask are measured by the tool’s own rule. The tool never gives the lowest body a grade or heights.',
      ],
      tables: [
        {
          title: 'Bodies',
          header: ['level', 'named', 'Dice', 'heights of the mask, mm', 'heights of the tool, mm', 'loss, %', 'grade'],
          rows: outcomes
            .flatMap((one) => one.bodies)
            .map(({ level, heightsMm, found }) => [
              level,
              found?.id ?? 'not found',
              found?.dice.toFixed(2) ?? '',
              shown(heightsMm),
              shown(found?.measured?.heightsMm),
              found?.measured?.lossPercent.toFixed(0) ?? '',
              found?.measured === undefined ? 'none' : String(found.measured.grade),
            ]),
        },
      ],
    };
  },
};

const errors = (one: MaskOutcome): readonly number[] =>
  whole(one).flatMap((body) => heightErrors(body, body.heightsMm));
const shown = (heights: readonly number[] | undefined): string =>
  heights?.map((height) => height.toFixed(1)).join(' · ') ?? '';

/** The mean over the whole bodies; a body that was not found counts as 0. */
function diceOf(outcomes: readonly MaskOutcome[]): number {
  const bodies = outcomes.flatMap(whole);
  return bodies.reduce((sum, { found }) => sum + (found?.dice ?? 0), 0) / bodies.length;
}

interface SlabOutcome {
  readonly answer: string;
  readonly findings: readonly { readonly id: string; readonly isMeasured: boolean }[];
}

export const slab: Part<{ readonly folder: string }, SlabOutcome> = {
  name: 'slab',
  title: 'A real slab of 40 mm with bridging osteophytes',
  needs: 'data',
  cases: () => [{ folder: 'ct-abdomen-20' }],
  ciCases: 1,
  async run({ folder }, under) {
    const { answer, result } = await answerTo(await loadSeries(folder, under), under.tool, under.context);
    return {
      answer,
      findings: result.findings.map(({ id, measurements }) => ({ id, isMeasured: measurements.length > 0 })),
    };
  },
  summarise(outcomes) {
    const findings = outcomes.flatMap((one) => one.findings);
    return {
      metrics: {
        saidNotMeasurable: {
          value: outcomes.filter(({ answer }) => answer === 'no-complete-body').length / outcomes.length,
          n: outcomes.length,
          goal: { atLeast: 1 },
        },
        levelsNamed: {
          value: findings.filter(({ id }) => !id.startsWith('body-')).length,
          n: findings.length,
          goal: { atMost: 0 },
        },
      },
      remarks: [
        `The answer: ${outcomes.map(({ answer }) => answer).join(', ')}. No body is completely in view, and there is no landmark from which levels could be counted.`,
      ],
    };
  },
};
