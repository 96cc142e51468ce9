/** What the tool says: findings in coded terms, sentences for people and the page with the table. */

import type { PointLps } from '#core/image/geometry.ts';
import { toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { frameKey } from '#core/study/frames.ts';
import type { Finding, ImageRegion, Report, Segment, SegmentFrame } from '#core/tool.ts';
import { type CodedConcept, Sct, Units, Vertebrae, VertebralMeasures } from '#dicom/codes.ts';
import type { Body } from './bodies.ts';
import type { Grade, Grading } from './grade.ts';
import type { BodyHeights } from './heights.ts';
import type { LevelName } from './levels.ts';

/** All that is known of one body. */
export interface Assessment {
  readonly body: Body;
  readonly name: LevelName;
  readonly frames: readonly SegmentFrame[];
  /** Missing where the body is only partly in view or has no two endplates to measure between. */
  readonly measured?: { readonly heights: BodyHeights; readonly grading: Grading };
}

const SEVERITY: Readonly<Record<Grade, { readonly word: string; readonly code?: CodedConcept }>> = {
  0: { word: 'no fracture' },
  1: { word: 'mild', code: Sct.mild },
  2: { word: 'moderate', code: Sct.moderate },
  3: { word: 'severe', code: Sct.severe },
};
/** CIELab (PS3.3 C.10.7.1.1) of green, yellow, orange and red, as the picture shows grades. */
const CIELAB: Readonly<Record<Grade, readonly [number, number, number]>> = {
  0: [47_800, 20_500, 42_000],
  1: [57_000, 31_000, 51_500],
  2: [46_500, 43_000, 50_500],
  3: [36_000, 50_000, 44_500],
};

const GREY_CIELAB = [45_000, 32_896, 32_896] as const;

/** One finding per body: heights, loss and grade where it could be measured; drawn on the axial slice through its middle. */
export function findingOf(
  { body, name, frames, measured }: Assessment,
  segmentNumber: number,
  volume: Volume,
): Finding {
  const label = labelOf(name);
  const position = measured?.heights.centre ?? body.centre;
  const regions = regionOf(volume, position, frames);
  const place = {
    id: name.id,
    site: Vertebrae[name.level ?? ''] ?? Sct.vertebra,
    segmentNumber,
    position,
    ...(regions.length > 0 && { regions }),
  };
  if (measured === undefined) {
    const summary = `${label}: only partly in view or not measurable, no heights`;
    return { ...place, summary, finding: Sct.vertebra, measurements: [], evaluations: [] };
  }
  const { heights, grading } = measured;
  const { grade, lossPercent, deformity, certainty } = grading;
  const severity = SEVERITY[grade];
  const millimetres = (concept: CodedConcept, value: number) => ({
    name: concept,
    value: round(value),
    unit: Units.millimetre,
  });
  return {
    ...place,
    summary:
      grade > 0
        ? `${label}: ${deformity} deformity, ${severity.word}, loss of height ${lossPercent.toFixed(0)} % (Genant grade ${grade})`
        : `${label}: no fracture by height (Genant grade 0)`,
    finding: grade > 0 ? Sct.compressionFracture : Sct.vertebra,
    certainty: Number(certainty.toFixed(2)),
    measurements: [
      millimetres(VertebralMeasures.anteriorHeight, heights.anteriorMm),
      millimetres(VertebralMeasures.middleHeight, heights.middleMm),
      millimetres(VertebralMeasures.posteriorHeight, heights.posteriorMm),
      { name: VertebralMeasures.heightLoss, value: round(lossPercent), unit: Units.percent },
    ],
    evaluations: [
      { name: VertebralMeasures.genantGrade, value: VertebralMeasures.grades[grade] },
      ...(severity.code ? [{ name: VertebralMeasures.severity, value: severity.code }] : []),
    ],
  };
}

export function segmentOf({ name, frames, measured }: Assessment, number: number): Segment {
  return {
    number,
    label: labelOf(name),
    category: Sct.anatomicalStructure,
    type: Vertebrae[name.level ?? ''] ?? Sct.vertebra,
    cielab: measured === undefined ? GREY_CIELAB : CIELAB[measured.grading.grade],
    frames,
  };
}

/** `L3`, or `Vertebra 2 from below` where the level is not known. */
function labelOf({ id, level }: LevelName): string {
  return level ?? `Vertebra ${id.slice('body-'.length)} from below`;
}

/** One sentence for lists. */
export function summaryOf(assessments: readonly Assessment[]): string {
  const measured = assessments.filter((one) => one.measured !== undefined);
  const fractured = measured.filter(({ measured: found }) => (found?.grading.grade ?? 0) > 0);
  const count = `${measured.length} vertebral ${measured.length === 1 ? 'body' : 'bodies'} measured`;
  if (fractured.length === 0) return `${count}, no fracture by height`;
  const names = fractured.map(({ name, measured: found }) => `${labelOf(name)} grade ${found?.grading.grade}`);
  return `${count}, ${fractured.length} with loss of height: ${names.join(', ')}`;
}

export function reportOf(assessments: readonly Assessment[]): Report {
  const anchored = assessments.some(({ name }) => name.level !== undefined);
  return {
    kind: 'page',
    title: 'Vertebral bodies: heights and fractures',
    paragraphs: [
      `${summaryOf(assessments)}.`,
      anchored
        ? 'Levels are counted up from the sacrum, the first body above it taken as L5; a sixth lumbar vertebra or a fused fifth shifts all names by one.'
        : 'The sacrum is not in view: bodies are numbered from below, levels are not known.',
      'Heights are measured at 15, 50 and 85 % of the depth in the mid-sagittal plane of each body. Genant grade by loss of height: 0 below 20 %, 1 to 25 %, 2 to 40 %, 3 above. Certainty is that of the grade, by how far the loss is from the next one.',
      'Found by a model that was trained on synthetic phantoms only. A radiologist has to check every value.',
    ],
    table: {
      header: ['Level', 'Anterior mm', 'Middle mm', 'Posterior mm', 'Loss %', 'Grade', 'Certainty', 'Kind'],
      rows: assessments
        .toReversed()
        .map(({ name, measured }) =>
          measured === undefined ? [labelOf(name), '', '', '', '', '', '', 'partly in view'] : tableRow(name, measured),
        ),
    },
    pictures: [0],
  };
}

function tableRow(name: LevelName, { heights, grading }: Required<Assessment>['measured']): readonly string[] {
  return [
    labelOf(name),
    heights.anteriorMm.toFixed(1),
    heights.middleMm.toFixed(1),
    heights.posteriorMm.toFixed(1),
    grading.lossPercent.toFixed(0),
    `${grading.grade} ${SEVERITY[grading.grade].word}`,
    grading.certainty.toFixed(2),
    grading.deformity ?? '',
  ];
}

/** The body's outline on the source frame through its middle: its convex border, as viewers draw it. */
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
    if (((bits[at >> 3] ?? 0) & (1 << (at & 7))) === 0) continue;
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
