/** The parts with volumes that are not what they claim to be: the tool must find nothing in them. */
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { LEVELS } from '#phantoms/spine/anatomy.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpineLabels, makeSpinePhantom } from '#phantoms/spine-ct.ts';
import type { Part } from '../evaluation.ts';
import { shareOf, withoutIntervals } from '../metrics.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { isFalse, isWrongName } from './copy-figures.ts';
import { interleaved } from './copy-lists.ts';
import { type OwnedAnswer, saidOfVertebrae } from './judge-copy.ts';
import { knownCt } from './known-cts.ts';
import { DISTANCES, type Lie, ORIENTATIONS, PATIENTS, SHAPES, SLICES, told, VALUES } from './lies.ts';
import { LIES } from './seeds.ts';
import { levelAt } from './truth.ts';

interface Case {
  readonly lie: string;
  /** The seed of a sound phantom, or a real CT. */
  readonly of: number | 'lumbar' | 'chest';
}

interface Outcome extends OwnedAnswer, Case {}

interface Original {
  readonly volume: Volume;
  levelOf(column: number, row: number, slice: number): string | undefined;
}

const KINDS = [ORIENTATIONS, DISTANCES, PATIENTS, VALUES, SLICES];

const casesOf = (of: Case['of'], kinds: readonly (readonly Lie[])[]): readonly Case[] =>
  interleaved(kinds).map(({ name }) => ({ lie: name, of }));

function liesPart(
  part: Pick<Part<Case, Outcome>, 'name' | 'title' | 'cases' | 'ciCases' | 'needs'>,
): Part<Case, Outcome> {
  return {
    ...part,
    async run({ lie: name, of }, tool) {
      const lie = [...KINDS, SHAPES].flat().find((one) => one.name === name);
      if (lie === undefined) throw new RangeError(`There is no lie ${name}`);
      const original = await originalOf(of, tool);
      const { volume, source } = told(original.volume, lie);
      const isShape = SHAPES.includes(lie);
      const levelOf = (i: number, j: number, k: number): string | undefined =>
        isShape ? undefined : original.levelOf(...source([i, j, k]));
      return { lie: name, of, ...(await saidOfVertebrae(volume, levelOf, tool)) };
    },
    summarise(outcomes) {
      const wrong = (one: Outcome): number => one.said.filter(({ owner, said }) => isWrongName(owner, said)).length;
      const graded = ({ said }: Outcome): number => said.filter((one) => one.said.grade !== undefined).length;
      const severe = ({ said }: Outcome): number => said.filter((one) => isFalse(one.said)).length;
      const sum = (count: (one: Outcome) => number): number => outcomes.reduce((total, one) => total + count(one), 0);
      return {
        metrics: withoutIntervals({
          wrongNames: { value: sum(wrong), n: sum(({ said }) => said.length), goal: { atMost: 0 } },
          falseModerate: { value: sum(severe), n: sum(graded), goal: { atMost: 0 } },
          studiesGraded: shareOf(outcomes, (one) => [Number(graded(one) > 0), 1], { goal: { atMost: 0 } }),
        }),
        remarks: [
          'Real CTs or sound phantoms, of which orientation, units, distances or the order of slices are wrong, or which show no spine of one adult. A grade of 2 or 3 is false, and so is a level of another vertebra or of none. The right answer to most is a refusal.',
        ],
        tables: [
          {
            title: `Answers (${part.name})`,
            header: ['lie', 'of', 'answer', 'findings', 'graded', 'moderate or severe', 'wrong names'],
            rows: outcomes.map((one) => [
              one.lie,
              typeof one.of === 'number' ? `phantom ${one.of}` : one.of,
              one.answer,
              ...[one.said.length, graded(one), severe(one), wrong(one)].map(String),
            ]),
          },
        ],
      };
    },
  };
}

const [FIRST = 0, SECOND = 0] = LIES;

export const phantomLies = liesPart({
  name: 'lies',
  title: 'Phantoms that are not what they claim to be',
  cases: () => interleaved([casesOf(FIRST, [...KINDS, SHAPES]), casesOf(SECOND, KINDS)]),
  ciCases: 6,
});

export const realLies = liesPart({
  name: 'real-lies',
  title: 'Real CTs that are not what they claim to be',
  needs: 'data',
  cases: () => [...casesOf('lumbar', KINDS), ...casesOf('chest', [ORIENTATIONS, PATIENTS])],
  ciCases: 6,
});

async function originalOf(of: Case['of'], tool: ToolUnderEvaluation): Promise<Original> {
  if (typeof of === 'number') return phantomOf(of);
  const { volume, truth } = await knownCt(of, tool);
  return { volume, levelOf: (i, j, k) => levelAt(truth, toLps(volume, i, j, k)) };
}

/** A sound lumbar and lower thoracic spine with sacrum. */
function phantomOf(seed: number): Original {
  const options = { seed, fractures: [], plain: true, from: 'S', to: 'T10', spacingMm: [1.5, 1.5, 2] } as const;
  const phantom = makeSpinePhantom(options);
  const { bodies } = makeSpineLabels(options, phantom);
  const { columns, rows } = phantom;
  return {
    volume: volumeOf(phantom),
    levelOf: (i, j, k) => LEVELS[(bodies[(k * rows + j) * columns + i] ?? 0) - 1],
  };
}
