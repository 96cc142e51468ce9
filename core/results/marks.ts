/** What a result marks on one frame: masks and regions as outlines, points as crosses, in the pixels of a picture. */
import type { ImagePoint } from '../image/geometry.ts';
import { type Box, drawBorder, drawLine, drawPath, type Stroke } from '../image/paint.ts';
import { toVoxel } from '../image/resample.ts';
import type { Rgb, RgbImage } from '../image/text.ts';
import { frameKey } from '../study/frames.ts';
import type { Finding, ImageRegion, Segment, SegmentFrame } from '../tool.ts';
import { isSet } from './bits.ts';
import { rgbOf, segmentColor } from './colors.ts';
import { findingOf } from './severity.ts';
import { sliceAt, type View } from './view.ts';

export interface Mark {
  /** Names the finding; a segment's label where it has no finding. */
  readonly text: string;
  readonly finding?: Finding;
  readonly color: Rgb;
  /** The box around all that is drawn. */
  readonly target: Box;
  draw(image: RgbImage): void;
}

/** Pixels of the picture per column and per row of the frame. */
export type Scale = readonly [column: number, row: number];

/** For what has neither a severity nor a segment. */
const PLAIN: Rgb = [80, 200, 255];
const WIDTH = 2;
/** Half the size of a cross, in pixels of the picture. */
const CROSS = 7;
/** Straight pieces of an ellipse. */
const PIECES = 72;

interface Drawing {
  readonly target: Box;
  draw(image: RgbImage, stroke: Stroke): void;
}

/** The marks of findings, in their order, and then of segments without a finding. */
export function marksOn(
  view: View,
  findings: readonly Finding[],
  segments: readonly Segment[],
  scale: Scale,
): readonly Mark[] {
  const ofFindings = findings.flatMap((finding): readonly Mark[] => {
    const segment = segments[(finding.segmentNumber ?? 0) - 1];
    const mask = segment && maskOn(view, segment, scale);
    const drawings = mask ? [mask] : [...regionsOn(view, finding, scale), ...positionOn(view, finding, scale)];
    const color = segment || finding.severity ? colorOf(segment, finding) : PLAIN;
    return markOf({ text: nameOf(finding), finding, color }, drawings);
  });
  const ofSegments = segments
    .filter((segment) => findingOf(findings, segment) === undefined)
    .flatMap((segment) => {
      const mask = maskOn(view, segment, scale);
      return markOf({ text: segment.label, color: colorOf(segment, undefined) }, mask ? [mask] : []);
    });
  return [...ofFindings, ...ofSegments];
}

/** A finding's label; without one, its sentence if it is as short, or else its id. */
export function nameOf({ label, summary, id }: Finding): string {
  const sentence = summary.replace(/\.$/, '');
  return label ?? (sentence.length <= 40 ? sentence : id);
}

function colorOf(segment: Segment | undefined, finding: Finding | undefined): Rgb {
  return rgbOf(segmentColor(segment ?? { number: 0 }, finding));
}

function markOf(about: Omit<Mark, 'target' | 'draw'>, drawings: readonly Drawing[]): readonly Mark[] {
  if (drawings.length === 0) return [];
  const stroke = { color: about.color, width: WIDTH, dotted: about.finding?.severity === 'not-judged' };
  return [
    {
      ...about,
      target: boxAround(
        drawings.flatMap(({ target: { left, top, right, bottom } }) => [
          [left, top],
          [right, bottom],
        ]),
      ),
      draw: (image) => {
        for (const drawing of drawings) drawing.draw(image, stroke);
      },
    },
  ];
}

function maskOn(view: View, { frames }: Segment, [x, y]: Scale): Drawing | undefined {
  const key = frameKey(view.frame);
  const frame = frames.find((one) => frameKey(one) === key);
  const box = frame && boxOf(frame, view.image);
  if (frame === undefined || box === undefined) return undefined;
  const { columns, rows } = view.image;
  const isInside = (column: number, row: number): boolean => {
    const [c, r] = [Math.floor((column + 0.5) / x), Math.floor((row + 0.5) / y)];
    return c >= 0 && c < columns && r >= 0 && r < rows && isSet(frame.bits, r * columns + c);
  };
  const target = {
    left: Math.floor(box.left * x),
    top: Math.floor(box.top * y),
    right: Math.ceil(box.right * x),
    bottom: Math.ceil(box.bottom * y),
  };
  return { target, draw: (image, stroke) => drawBorder(image, target, isInside, stroke) };
}

function boxOf({ bits }: SegmentFrame, { columns, rows }: View['image']): Box | undefined {
  const [across, down]: [number[], number[]] = [[], []];
  for (let at = 0; at < rows * columns; at += 1) {
    if (bits[at >> 3] === 0) at |= 7;
    else if (isSet(bits, at)) {
      const [column, row] = [at % columns, Math.floor(at / columns)];
      across[column] = column;
      down[row] = row;
    }
  }
  const [left, top] = [across.findIndex((column) => column !== undefined), down.findIndex((row) => row !== undefined)];
  return across.length === 0 ? undefined : { left, top, right: across.length, bottom: down.length };
}

function regionsOn(view: View, { regions = [] }: Finding, scale: Scale): readonly Drawing[] {
  const key = frameKey(view.frame);
  return regions
    .filter((region) => frameKey(region) === key)
    .map((region) => {
      const points = pathOf(region).map(([column, row]): ImagePoint => [column * scale[0], row * scale[1]]);
      return region.graphicType === 'POINT' ? crossAt(points[0] ?? [0, 0]) : pathAlong(points);
    });
}

function positionOn({ image, ...view }: View, { position, regions = [] }: Finding, scale: Scale): readonly Drawing[] {
  if (position === undefined || regions.length > 0 || image.kind !== 'volume') return [];
  if (!('slice' in view) || sliceAt(image, position) !== view.slice) return [];
  const [column, row] = toVoxel(image, position);
  return [crossAt([(column + 0.5) * scale[0], (row + 0.5) * scale[1]])];
}

function pathAlong(points: readonly ImagePoint[]): Drawing {
  return { target: boxAround(points), draw: (image, stroke) => drawPath(image, points, stroke) };
}

function crossAt([x, y]: ImagePoint): Drawing {
  const [from, to]: readonly [ImagePoint, ImagePoint] = [
    [x - CROSS, y - CROSS],
    [x + CROSS, y + CROSS],
  ];
  return {
    target: boxAround([from, to]),
    draw: (image, stroke) => {
      drawLine(image, [from[0], y], [to[0], y], stroke);
      drawLine(image, [x, from[1]], [x, to[1]], stroke);
    },
  };
}

/** The points of a region's outline. Circles give their middle and a point on them, ellipses the ends of both axes (C.18.6.1.2). */
function pathOf({ graphicType, points }: ImageRegion): readonly ImagePoint[] {
  const [a = [0, 0], b = a, c = a, d = a] = points;
  if (graphicType === 'CIRCLE') {
    const radius = Math.hypot(b[0] - a[0], b[1] - a[1]);
    return ellipse(a, [radius, 0], [0, radius]);
  }
  if (graphicType !== 'ELLIPSE') return points;
  const half = (from: ImagePoint, to: ImagePoint): ImagePoint => [(to[0] - from[0]) / 2, (to[1] - from[1]) / 2];
  return ellipse([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], half(a, b), half(c, d));
}

function ellipse(middle: ImagePoint, major: ImagePoint, minor: ImagePoint): readonly ImagePoint[] {
  return Array.from({ length: PIECES + 1 }, (_, piece) => {
    const angle = (2 * Math.PI * piece) / PIECES;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return [middle[0] + cos * major[0] + sin * minor[0], middle[1] + cos * major[1] + sin * minor[1]];
  });
}

function boxAround(points: readonly (readonly [number, number] | readonly number[])[]): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  // An outline may have more points than a function may have arguments.
  for (const [column = 0, row = 0] of points) {
    box.left = Math.min(box.left, Math.floor(column));
    box.top = Math.min(box.top, Math.floor(row));
    box.right = Math.max(box.right, Math.ceil(column));
    box.bottom = Math.max(box.bottom, Math.ceil(row));
  }
  return box;
}
