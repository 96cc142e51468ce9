/** Answers as no tool should give them: any count, size, number and text, and references to what does not exist. */
import type { Image, ProcessingResult, ResultContent, Segment } from '#core/tool.ts';
import { Sct } from '#dicom/codes.ts';
import type { Random } from '#phantoms/random.ts';

/** Each value is odd with this probability, so that most answers are odd in few places only. */
const ODD = 0.02;

const NUMBERS = [
  0,
  -0,
  1e-320,
  1e300,
  -1e16,
  123_456_789.123_456_79,
  -5,
  0.1 + 0.2,
  1e21,
  Number.NaN,
  Infinity,
  -Infinity,
] as const;
const TEXTS = [
  '',
  ' ',
  'a'.repeat(65),
  'long '.repeat(4000),
  'Größe ≥ 5 µm',
  '椎体',
  'עמוד שדרה',
  'a\u0000b',
  'two\nlines',
  'back\\slash',
  '^=',
  '🦴',
  '\ud800',
  'e\u0301',
  '\u202eright to left',
  'Phantom Odd',
] as const;
const SIZES: readonly [readonly [number, number], ...(readonly [number, number])[]] = [
  [1, 1],
  [8, 8],
  [1, 3000],
  [3000, 1],
  [64, 65],
];
const SHAPES = ['POINT', 'POLYLINE', 'CIRCLE', 'ELLIPSE'] as const;
const COUNTS = [0, 1, 2, 3, 40] as const;

export interface Odd {
  readonly content: ResultContent;
  /** Changes of what `createResult` knows itself. */
  readonly metadata: Partial<ProcessingResult['metadata']>;
}

export function oddAnswer(random: Random, images: readonly Image[]): Odd {
  const isOdd = () => random.chance(ODD);
  const number = (plain: number): number => (isOdd() ? random.pick(NUMBERS) : plain);
  const text = (plain: string): string => (isOdd() ? random.pick(TEXTS) : plain);
  const count = (): number => (isOdd() ? 2000 : random.pick(COUNTS));
  const many = <T>(length: number, make: (index: number) => T): readonly T[] =>
    Array.from({ length }, (_, i) => make(i));
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.int(0, 255));
  const concept = () => {
    const { value, scheme, meaning } = random.pick([Sct.vertebra, Sct.dentalCaries, Sct.compressionFracture]);
    return { value: text(value), scheme: text(scheme), meaning: text(meaning) };
  };

  const frames = images.flatMap((image) => {
    const { rows, columns } = image;
    const of = image.kind === 'volume' ? image.frames : [{ SOPInstanceUID: image.header.SOPInstanceUID }];
    return of.map((frame) => ({ ...frame, rows, columns }));
  });
  const [anyFrame = { SOPInstanceUID: '2.25.1', rows: 1, columns: 1 }] = frames;
  const frame = () => {
    const { SOPInstanceUID, rows, columns } = frames[random.int(0, frames.length - 1)] ?? anyFrame;
    return { SOPInstanceUID: isOdd() ? random.pick(['2.25.404', '', '1.2.840.']) : SOPInstanceUID, rows, columns };
  };

  function mask(index: number): Segment {
    const wanted = frames.filter(() => random.chance(0.6));
    return {
      ...{ number: isOdd() ? random.int(-1, 3) : index + 1, label: text(`Segment ${index + 1}`) },
      ...{ category: isOdd() ? concept() : Sct.anatomicalStructure, type: concept() },
      ...(random.chance(0.2) && { cielab: [number(40_000), number(33_000), number(50_000)] as const }),
      frames: [...(wanted.length > 0 ? wanted : [anyFrame]), ...(isOdd() ? [frame()] : [])].map((of) => {
        const length = Math.ceil((of.rows * of.columns) / 8) + (isOdd() ? random.int(-1, 1) : 0);
        const bits = new Uint8Array(Math.max(0, length)).fill(isOdd() ? 0 : random.pick([0xff, 0x01, 0xaa]));
        return { SOPInstanceUID: of.SOPInstanceUID, ...(isOdd() && { frameNumber: random.int(1, 2) }), bits };
      }),
    };
  }

  const segments = many(count(), mask);
  const findings = many(count(), (index) => ({
    ...{ id: isOdd() ? 'same' : text(`finding-${index}`), summary: text('Something was found.'), finding: concept() },
    ...(random.chance(0.3) && { site: concept() }),
    ...(isOdd() && { laterality: concept(), siteModifier: concept() }),
    measurements: many(random.int(0, 2), () => ({ name: concept(), value: number(12.5), unit: concept() })),
    evaluations: many(random.int(0, 1), () => ({ name: concept(), value: concept() })),
    ...(random.chance(0.5) && { certainty: number(0.5) }),
    ...(random.chance(0.5) &&
      segments.length > 0 && { segmentNumber: isOdd() ? 99_999 : random.int(1, segments.length) }),
    ...(random.chance(0.3) && { position: [number(1), number(-2), number(3.5)] as const }),
    ...(random.chance(0.2) && {
      regions: many(random.int(0, 2), () => ({
        SOPInstanceUID: frame().SOPInstanceUID,
        graphicType: random.pick(SHAPES),
        points: many(random.pick([0, 1, 2, 4, 5]), () => [number(0.5), number(0.25)] as const),
      })),
    }),
  }));
  const keyImages = many(random.pick([0, 0, 1, 3]), (index) => {
    const [rows, columns] = random.pick(SIZES);
    const length = rows * columns * 3 + (isOdd() ? 1 : 0);
    return {
      title: text(`Picture ${index}`),
      rows,
      columns,
      rgb: new Uint8Array(length),
      sources: [frame().SOPInstanceUID],
    };
  });
  const outcome = findings.length > 0 && !isOdd() ? 'result' : 'no-finding';
  return {
    content: {
      ...{ outcome, summary: text('A summary.'), findings, segments, keyImages },
      ...(outcome === 'no-finding' &&
        !isOdd() && { reason: { code: text('nothing'), message: text('Nothing there.') } }),
      ...(isOdd() && { notInView: true as const }),
      ...(random.chance(0.3) && { report: random.chance(0.5) ? pdf() : page() }),
    },
    metadata: {
      ...(isOdd() && { summary: random.pick(TEXTS) }),
      ...(isOdd() && { notes: [{ code: text('note'), message: text('A note.') }] }),
      ...(isOdd() && {
        leftOut: [{ SOPInstanceUIDs: [frame().SOPInstanceUID], reason: { code: 'odd', message: text('Odd.') } }],
      }),
      ...(isOdd() && { inputs: frames.map(({ SOPInstanceUID }) => SOPInstanceUID).slice(1) }),
    },
  };

  function pdf() {
    const head = Buffer.from(isOdd() ? 'PK' : '%PDF-1.7\n');
    return { kind: 'pdf', title: text('Report'), bytes: Buffer.concat([head, bytes(random.int(0, 999))]) } as const;
  }

  function page() {
    const width = random.int(1, 4);
    return {
      ...{ kind: 'page' as const, title: text('Report'), paragraphs: many(count(), () => text('A paragraph.')) },
      ...(random.chance(0.5) && {
        table: {
          header: many(width, () => text('Head')),
          rows: many(count(), () => many(isOdd() ? width + 1 : width, () => text('Cell'))),
        },
      }),
      pictures: many(random.int(0, 2), () => (isOdd() ? random.int(-1, 9) : 0)).filter(
        () => keyImages.length > 0 || isOdd(),
      ),
    } as const;
  }
}
