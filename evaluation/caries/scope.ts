/** The parts with pictures outside the tool's scope: the tool must give the right reason and mark nothing. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { createRandom } from '#phantoms/random.ts';
import { type Part, part, type Summary } from '../evaluation.ts';
import { shareOf, told } from '../metrics.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { realImage } from './real-image.ts';

interface ScopeOutcome {
  readonly what: string;
  /** The codes that are right for the picture. */
  readonly expected: readonly string[];
  /** The code of a non-result, else `result` or `no-place-marked`. */
  readonly answer: string;
  readonly findings: number;
}

const MODALITIES = ['IO', 'PX'] as const;

interface MadeCase {
  readonly picture: keyof typeof PICTURES;
  readonly Modality: (typeof MODALITIES)[number];
}

/** Pictures without teeth. Values 0 to 1, row-major. */
const PICTURES = {
  blank: { expected: ['no-contrast'], size: [1000, 1400], value: () => () => 0.5 },
  'white noise': {
    expected: ['no-teeth'],
    size: [1000, 1400],
    value: () => {
      const random = createRandom(1);
      return () => random.next();
    },
  },
  'a ramp of grey': { expected: ['no-teeth'], size: [1000, 1400], value: () => (x: number) => x },
  'stripes like ribs': {
    expected: ['no-teeth'],
    size: [1000, 1400],
    value: () => (x: number, y: number) => 0.5 + 0.3 * Math.sin(40 * y + 9 * (x - 0.5) ** 2) * Math.min(1, 4 * x),
  },
  'a thumbnail': { expected: ['image-too-small'], size: [120, 160], value: () => (x: number) => x },
} as const satisfies Readonly<
  Record<
    string,
    {
      readonly expected: readonly string[];
      readonly size: readonly [rows: number, columns: number];
      /** Makes a function of the position, 0 to 1 from left to right and from top to bottom. */
      readonly value: () => (x: number, y: number) => number;
    }
  >
>;

export const scope: Part = part<MadeCase, ScopeOutcome>({
  name: 'scope',
  title: 'Pictures without teeth',
  cases: () =>
    (Object.keys(PICTURES) as (keyof typeof PICTURES)[]).flatMap((picture) =>
      MODALITIES.map((Modality) => ({ picture, Modality })),
    ),
  ciCases: 4,
  run: ({ picture, Modality }, tool) =>
    answerTo(`${picture} as ${Modality}`, madePicture(picture, Modality), PICTURES[picture].expected, tool),
  summarise,
});

/** Chest and hand radiographs, with their own headers and with a wrong Modality. */
const REAL = ['xray/pydicom-data__RG1_J2KI.dcm', 'xray/pydicom-data__RG3_J2KR.dcm'];

interface RealCase {
  readonly path: string;
  /** Replaces the header's Modality. */
  readonly Modality?: (typeof MODALITIES)[number];
}

export const realScope: Part = part<RealCase, ScopeOutcome>({
  name: 'scope-real',
  title: 'Real radiographs of other parts of the body',
  needs: 'data',
  cases: () => REAL.flatMap((path) => [{ path }, ...MODALITIES.map((Modality) => ({ path, Modality }))]),
  ciCases: 6,
  async run({ path, Modality }, tool) {
    const { index, load } = realImage(path);
    const what = `${path}${Modality === undefined ? '' : ` called ${Modality}`}`;
    if (Modality !== undefined) {
      const image = await load();
      const called = { ...image, header: { ...image.header, Modality } };
      return answerTo(what, called, ['no-teeth', 'image-too-large', 'contradictory-size'], tool);
    }
    const expected = ['not-suitable'];
    const suitability = index && tool.tool.canProcessImage(index);
    if (suitability === undefined) return { what, expected, answer: 'no-image', findings: 0 };
    return { what, expected, answer: suitability.suitable ? 'taken' : suitability.reason.code, findings: 0 };
  },
  summarise,
});

function madePicture(picture: keyof typeof PICTURES, Modality: string): Radiograph {
  const { size, value } = PICTURES[picture];
  const [rows, columns] = size;
  const at = value();
  return {
    kind: 'radiograph',
    header: {
      SOPInstanceUID: '2.25.1',
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.3',
      StudyInstanceUID: '2.25.2',
      SeriesInstanceUID: '2.25.3',
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
      Modality,
    },
    rows,
    columns,
    pixels: new Float32Array(rows * columns).map((_, index) =>
      at((index % columns) / columns, Math.floor(index / columns) / rows),
    ),
  };
}

async function answerTo(
  what: string,
  image: Radiograph,
  expected: readonly string[],
  { tool, context }: ToolUnderEvaluation,
): Promise<ScopeOutcome> {
  try {
    const { metadata, findings } = await tool.process([image], context);
    return { what, expected, answer: metadata.reason?.code ?? metadata.outcome, findings: findings.length };
  } catch (error) {
    if (error instanceof NotEvaluableError) return { what, expected, answer: error.code, findings: 0 };
    throw error;
  }
}

function summarise(outcomes: readonly ScopeOutcome[]): Summary {
  return {
    metrics: told({
      'right reason given': shareOf(outcomes, ({ expected, answer }) => [expected.includes(answer) ? 1 : 0, 1], {
        goal: { atLeast: 1 },
      }),
      'nothing marked': shareOf(outcomes, ({ findings }) => [findings === 0 ? 1 : 0, 1], { goal: { atLeast: 1 } }),
    }),
    tables: [
      {
        title: 'Answers',
        header: ['picture', 'answer', 'right answer', 'findings'],
        rows: outcomes.map(({ what, answer, expected, findings }) => [
          what,
          answer,
          expected.join(' or '),
          String(findings),
        ]),
      },
    ],
  };
}
