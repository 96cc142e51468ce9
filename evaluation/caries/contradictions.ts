/** The part with phantoms that are not what their header says: the tool must give the right reason and mark nothing. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { turned } from '#core/image/upright.ts';
import { radiographOf } from '#phantoms/dental.ts';
import { part } from '../evaluation.ts';
import { shareOf, told } from '../metrics.ts';
import { type PhantomKind, type PictureCase, phantomOf, picturesOf } from './picture-case.ts';
import { HELD_OUT } from './seeds.ts';

const SEEDS = {
  bitewing: { ...HELD_OUT.bitewing, count: 6 },
  periapical: { ...HELD_OUT.periapical, count: 6 },
  panoramic: { ...HELD_OUT.panoramic, count: 6 },
};

interface Lie {
  readonly name: string;
  readonly kinds: readonly PhantomKind[];
  readonly make: (image: Radiograph) => Radiograph;
  readonly expected: readonly string[];
}

const TEETH = ['no-teeth', 'unclear-teeth', 'no-arch'];
const INTRA_ORAL: readonly PhantomKind[] = ['bitewing', 'periapical'];
const ALL: readonly PhantomKind[] = [...INTRA_ORAL, 'panoramic'];
const headed = (header: Partial<Radiograph['header']>) => (image: Radiograph) => ({
  ...image,
  header: { ...image.header, ...header },
});

const LIES: readonly Lie[] = [
  {
    name: 'inverted',
    kinds: ALL,
    make: (image) => ({ ...image, pixels: image.pixels.map((value) => 1 - value) }),
    expected: ['inverted-picture', ...TEETH],
  },
  {
    name: 'turned by 90°',
    kinds: ALL,
    make: (image) => turned(image, { transposed: true, rowsReversed: true, columnsReversed: false }),
    expected: ['turned-picture', 'contradictory-size', ...TEETH],
  },
  {
    name: 'turned by 180°',
    kinds: ['panoramic'],
    make: (image) => turned(image, { transposed: false, rowsReversed: true, columnsReversed: true }),
    expected: ['turned-picture', ...TEETH],
  },
  {
    name: 'upside down',
    kinds: ['panoramic'],
    make: (image) => turned(image, { transposed: false, rowsReversed: true, columnsReversed: false }),
    expected: ['turned-picture', ...TEETH],
  },
  { name: 'called PX', kinds: INTRA_ORAL, make: headed({ Modality: 'PX' }), expected: ['contradictory-size'] },
  { name: 'called IO', kinds: ['panoramic'], make: headed({ Modality: 'IO' }), expected: ['contradictory-size'] },
  {
    name: 'of one side',
    kinds: ['panoramic'],
    make: headed({ ImageLaterality: 'R' }),
    expected: ['contradictory-laterality'],
  },
  {
    name: 'an orientation that is none',
    kinds: ALL,
    make: headed({ PatientOrientation: ['L', ''] }),
    expected: ['orientation-unreadable'],
  },
];

interface LiesOutcome extends PictureCase {
  readonly answers: readonly {
    readonly lie: string;
    readonly answer: string;
    readonly isRight: boolean;
    readonly marks: number;
  }[];
}

export const contradictions = part<PictureCase, LiesOutcome>({
  name: 'contradictions',
  title: 'Pictures that are not what their header says',
  cases: () => picturesOf(SEEDS),
  ciCases: 3,
  async run(one, { tool, context }) {
    const image = radiographOf(phantomOf(one), one.seed);
    const answers: LiesOutcome['answers'][number][] = [];
    for (const { name, kinds, make, expected } of LIES) {
      if (!kinds.includes(one.kind)) continue;
      try {
        const { metadata, findings } = await tool.process([make(image)], context);
        answers.push({ lie: name, answer: metadata.outcome, isRight: false, marks: findings.length });
      } catch (error) {
        if (!(error instanceof NotEvaluableError)) throw error;
        answers.push({ lie: name, answer: error.code, isRight: expected.includes(error.code), marks: 0 });
      }
    }
    return { ...one, answers };
  },
  summarise(outcomes) {
    const share = (count: (answer: LiesOutcome['answers'][number]) => boolean) =>
      shareOf(outcomes, ({ answers }) => [answers.filter(count).length, answers.length], { goal: { atLeast: 1 } });
    const all = outcomes.flatMap(({ kind, answers }) => answers.map((answer) => ({ kind, ...answer })));
    return {
      metrics: told({
        'right reason given': share(({ isRight }) => isRight),
        'nothing marked': share(({ marks }) => marks === 0),
      }),
      tables: [
        {
          title: 'Answers',
          header: ['lie', 'picture', 'answers'],
          rows: LIES.flatMap(({ name, kinds }) =>
            kinds.map((kind) => {
              const own = all.filter((answer) => answer.lie === name && answer.kind === kind);
              const counts = Map.groupBy(own, ({ answer }) => answer);
              return [name, kind, [...counts].map(([answer, { length }]) => `${answer} (${length})`).join(', ')];
            }),
          ),
        },
      ],
    };
  },
});
