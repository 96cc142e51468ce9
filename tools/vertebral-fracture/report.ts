/** The tool's answer in words: coded findings, sentences for people, and the page with the table. */
import { figureBeside } from '#core/figures.ts';
import type { PointLps } from '#core/image/geometry.ts';
import { toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { isSet } from '#core/results/bits.ts';
import { frameKey } from '#core/study/frames.ts';
import type { Finding, ImageRegion, Report, Segment, SegmentFrame, Severity } from '#core/tool.ts';
import { type CodedConcept, Sct, Units, Vertebrae, VertebralMeasures } from '#dicom/codes.ts';
import type { Body } from './bodies.ts';
import { GRADE_LIMITS, type Grade, type Grading } from './grade.ts';
import type { BodyHeights } from './heights.ts';
import type { LevelName } from './levels.ts';
import { countsOf, kindOfNoGrade, type NoGrade, whyNoGrade } from './no-grade.ts';

/** Everything known about one body: its heights and grade, or the reason why it has neither. */
export type Assessment = Found & (Judged | Withheld);
interface Found {
  readonly body: Body;
  readonly name: LevelName;
  readonly frames: readonly SegmentFrame[];
  /** The body's middle. */
  readonly position: PointLps;
}
interface Judged {
  readonly graded: Graded;
  readonly noGrade?: undefined;
}
interface Withheld {
  readonly graded?: undefined;
  readonly noGrade: NoGrade;
}
interface Graded {
  readonly heights: BodyHeights;
  readonly grading: Grading;
}

/** Genant's grades as severities, in words and codes. */
const SEVERITY: Readonly<
  Record<Grade, { readonly severity: Severity; readonly word: string; readonly code?: CodedConcept }>
> = {
  0: { severity: 'normal', word: 'no fracture' },
  1: { severity: 'mild', word: 'mild', code: Sct.mild },
  2: { severity: 'moderate', word: 'moderate', code: Sct.moderate },
  3: { severity: 'severe', word: 'severe', code: Sct.severe },
};

/** What a severity means here, for the picture's legend. */
export const LEGEND: Readonly<Record<Severity, string>> = {
  severe: 'severe: loss of height above 40 % (grade 3)',
  moderate: 'moderate: 25 to 40 % (grade 2)',
  mild: 'mild: 20 to 25 % (grade 1)',
  'not-judged': 'not judged (dotted): may be fractured or sound',
  normal: 'normal height: loss below 20 % (grade 0)',
};

/** `Finding.label` has no more characters. */
const LONGEST_LABEL = 40;

const HEIGHTS: readonly string[] = [
  VertebralMeasures.anteriorHeight.value,
  VertebralMeasures.middleHeight.value,
  VertebralMeasures.posteriorHeight.value,
];

/** The findings, of each grade the greatest loss first. Segments are numbered as the bodies lie, from below. */
export function findingsOf(assessments: readonly Assessment[], volume: Volume): readonly Finding[] {
  return assessments
    .map((one, index) => ({ one, number: index + 1 }))
    .toSorted((a, b) => fractureLoss(b.one) - fractureLoss(a.one))
    .map(({ one, number }) => findingOf(one, number, volume));
}

/** 0 without a fracture: sound bodies stay in their order. */
function fractureLoss({ graded }: Assessment): number {
  return graded === undefined || graded.grading.grade === 0 ? 0 : graded.grading.lossPercent;
}

/**
 * One finding per body, with heights, loss and grade, or with neither where the body does not fit: the heights of a fragment would
 * look right and be wrong. Drawn on the axial slice through the body's middle.
 */
function findingOf(
  { name, frames, position, graded, noGrade }: Assessment,
  segmentNumber: number,
  volume: Volume,
): Finding {
  const place = placeOf(name);
  const regions = regionOf(volume, position, frames);
  const common = {
    id: name.id,
    label: labelOf({ name, graded }),
    severity: severityOf({ graded }),
    site: Vertebrae[name.level ?? ''] ?? Sct.vertebra,
    segmentNumber,
    position,
    ...(regions.length > 0 && { regions }),
  };
  if (graded === undefined) {
    const summary = `${place}: no grade (${whyNoGrade(noGrade)})`;
    return { ...common, summary, finding: Sct.vertebra, measurements: [], evaluations: [] };
  }
  const { heights, grading } = graded;
  const { grade, lossPercent, deformity } = grading;
  const severity = SEVERITY[grade];
  const millimetres = (concept: CodedConcept, value: number) => ({
    name: concept,
    value: round(value),
    unit: Units.millimetre,
  });
  return {
    ...common,
    summary:
      grade > 0
        ? `${place}: ${deformity} deformity, ${severity.word}, loss of height ${lossOf(lossPercent)} % (Genant grade ${grade})`
        : `${place}: no fracture by height (Genant grade 0)`,
    finding: grade > 0 ? Sct.compressionFracture : Sct.vertebra,
    measurements: [
      millimetres(VertebralMeasures.anteriorHeight, heights.anteriorMm),
      millimetres(VertebralMeasures.middleHeight, heights.middleMm),
      millimetres(VertebralMeasures.posteriorHeight, heights.posteriorMm),
      {
        name: VertebralMeasures.heightLoss,
        value: Number(lossOf(lossPercent, 1)),
        unit: Units.percent,
        inferredFrom: HEIGHTS,
      },
      ...(grade > 0 ? [{ name: VertebralMeasures.gradeNumber, value: grade, unit: Units.grade }] : []),
    ],
    evaluations: [
      { name: VertebralMeasures.genantGrade, value: VertebralMeasures.grades[grade] },
      ...(severity.code ? [{ name: VertebralMeasures.severity, value: severity.code }] : []),
    ],
  };
}

export function segmentOf({ name, frames, graded }: Assessment, number: number): Segment {
  return {
    number,
    label: labelOf({ name, graded }),
    category: Sct.anatomicalStructure,
    type: Vertebrae[name.level ?? ''] ?? Sct.vertebra,
    frames,
  };
}

export function severityOf({ graded }: Pick<Assessment, 'graded'>): Severity {
  return graded === undefined ? 'not-judged' : SEVERITY[graded.grading.grade].severity;
}

/**
 * Where and what, in at most 40 characters: `L2 wedge, 37 %`, `L3 normal height`, `Vertebra 2 from below: not judged`. No body is called
 * normal as a whole, since only its height was measured.
 */
export function labelOf({ name, graded }: Pick<Assessment, 'name' | 'graded'>): string {
  const place = name.level ?? `${placeOf(name)}:`;
  if (graded === undefined) return `${place} not judged`;
  const { deformity, lossPercent } = graded.grading;
  if (deformity === undefined) return `${place} normal height`;
  const label = `${place} ${deformity}, ${lossOf(lossPercent)} %`;
  return label.length > LONGEST_LABEL ? label.replace('Vertebra', 'Body') : label;
}

/** The loss in percent, with as few decimals as show on which side of each limit it lies: 40.3 % is grade 3, and 40 % would not be. */
function lossOf(lossPercent: number, decimals = 0): string {
  const figures = GRADE_LIMITS.map((limit) => figureBeside(lossPercent, limit, decimals));
  return figures.reduce((finest, one) => (one.length > finest.length ? one : finest));
}

/** `L3`, or `Vertebra 2 from below` where the level is unknown. */
function placeOf({ id, level }: LevelName): string {
  return level ?? `Vertebra ${id.slice('body-'.length)} from below`;
}

/** One sentence for lists: which bodies were graded, the worst first, how many were not, and why. */
export function summaryOf(assessments: readonly Assessment[]): string {
  const graded = assessments.flatMap((one) => (one.graded ? [{ ...one, grade: one.graded.grading.grade }] : []));
  const fractured = graded.filter(({ grade }) => grade > 0).toSorted((a, b) => fractureLoss(b) - fractureLoss(a));
  const count = `${graded.length} vertebral ${graded.length === 1 ? 'body' : 'bodies'} graded`;
  const names = fractured.map(({ name, grade }) => `${placeOf(name)} grade ${grade}`).join(', ');
  const said = fractured.length === 0 ? 'no fracture by height' : `${fractured.length} with loss of height: ${names}`;
  const withheld = assessments.flatMap(({ noGrade }) => noGrade ?? []);
  const rest = withheld.length === 0 ? '' : `; ${withheld.length} not graded (${countsOf(withheld)})`;
  return `${count}, ${said}${rest}`;
}

export function reportOf(assessments: readonly Assessment[], onSacrum: boolean): Report {
  const anchored = assessments.some(({ name }) => name.level !== undefined);
  const unnamed = onSacrum
    ? 'The sacrum was not told clearly from the lowest bodies, so bodies are numbered from below and their levels are unknown.'
    : 'The sacrum is not in view, so bodies are numbered from below and their levels are unknown.';
  return {
    kind: 'page',
    title: 'Vertebral bodies: heights and fractures',
    paragraphs: [
      `${summaryOf(assessments)}.`,
      anchored
        ? 'Levels are counted up from the sacrum; the first body above it is taken as L5. A sixth lumbar vertebra, or a fifth one fused to the sacrum, shifts all names by one.'
        : unnamed,
      'Heights are measured at 15, 50 and 85 % of the depth in the mid-sagittal plane of each body. The Genant grade follows from the loss of height: 0 below 20 %, 1 below 25 %, 2 up to 40 %, 3 above.',
      'A body without a grade is outlined in dotted grey and was not judged: it may be fractured or sound. The lowest body has no grade unless a disc and the sacrum are clearly below it, because it may belong to the sacrum or be cut off. Nor has a body that does not fit its neighbours in height, depth, width or distance, or that is found, measured or graded differently when the image is sampled again.',
      'The model was trained on synthetic phantoms only. A radiologist must check every value.',
    ],
    table: {
      header: ['Level', 'Anterior mm', 'Middle mm', 'Posterior mm', 'Loss %', 'Grade', 'Deformity or reason'],
      rows: assessments
        .toReversed()
        .map(({ name, graded, noGrade }) =>
          graded === undefined
            ? [placeOf(name), '', '', '', '', 'none', kindOfNoGrade(noGrade)]
            : tableRow(name, graded),
        ),
      findings: assessments.toReversed().map(({ name }) => name.id),
    },
    pictures: [0],
  };
}

function tableRow(name: LevelName, { heights, grading }: Graded): readonly string[] {
  return [
    placeOf(name),
    heights.anteriorMm.toFixed(1),
    heights.middleMm.toFixed(1),
    heights.posteriorMm.toFixed(1),
    lossOf(grading.lossPercent),
    `${grading.grade} ${SEVERITY[grading.grade].word}`,
    grading.deformity ?? '',
  ];
}

/** The body's outline on the source frame through its middle: its convex hull, as viewers draw it. */
function regionOf(volume: Volume, position: PointLps, frames: readonly SegmentFrame[]): readonly ImageRegion[] {
  const slice = Math.round(toVoxel(volume, position)[2]);
  const source = volume.frames[slice];
  const frame = source && frames.find((one) => frameKey(one) === frameKey(source));
  if (source === undefined || frame === undefined) return [];
  const points = outline(frame.bits, volume.columns);
  const [first] = points;
  return first === undefined || points.length < 3
    ? []
    : [{ ...source, graphicType: 'POLYLINE', points: [...points, first] }];
}

type Point = readonly [column: number, row: number];

/** Convex hull of the marked pixels' corners (Andrew's monotone chain), in image coordinates. */
function outline(bits: Uint8Array, columns: number): readonly Point[] {
  const corners: Point[] = [];
  const ends = new Map<number, { first: number; last: number }>();
  for (let at = 0; at < bits.length * 8; at += 1) {
    if (!isSet(bits, at)) continue;
    const row = Math.floor(at / columns);
    const column = at % columns;
    const end = ends.get(row);
    if (end === undefined) ends.set(row, { first: column, last: column });
    else end.last = column;
  }
  for (const [row, { first, last }] of ends) {
    corners.push([first, row], [first, row + 1], [last + 1, row], [last + 1, row + 1]);
  }
  const sorted = corners.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (points: readonly Point[]): Point[] => {
    const hull: Point[] = [];
    for (const point of points) {
      while (hull.length > 1 && turn(hull.at(-2) ?? point, hull.at(-1) ?? point, point) <= 0) hull.pop();
      hull.push(point);
    }
    return hull.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
