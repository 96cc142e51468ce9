/** Reads the outlines of glyphs from a TrueType file (ISO/IEC 14496-22). `scripts/fonts.py` leaves simple glyphs only. */
import type { Font, Glyph } from './font.ts';

/** x to the right, y up from the baseline, in units of the font. */
export type OutlinePoint = readonly [x: number, y: number];
/** A quadratic Bézier curve; a straight line has its control point in its middle. */
export type Curve = readonly [from: OutlinePoint, control: OutlinePoint, to: OutlinePoint];

const ON_CURVE = 1;
const X_IS_BYTE = 2;
const Y_IS_BYTE = 4;
const REPEATS = 8;
const X_SAME_OR_POSITIVE = 16;
const Y_SAME_OR_POSITIVE = 32;

/** The closed contours of a glyph as curves; none for a space. */
export function outlineOf({ file }: Font, { index }: Pick<Glyph, 'index'>): readonly Curve[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const tables = tablesOf(view);
  const [loca, glyf, head] = [tables.get('loca') ?? 0, tables.get('glyf') ?? 0, tables.get('head') ?? 0];
  const isLong = view.getInt16(head + 50) === 1;
  const offset = (at: number) => (isLong ? view.getUint32(loca + 4 * at) : 2 * view.getUint16(loca + 2 * at));
  return offset(index) === offset(index + 1) ? [] : curvesAt(view, glyf + offset(index));
}

function tablesOf(view: DataView): ReadonlyMap<string, number> {
  return new Map(
    Array.from({ length: view.getUint16(4) }, (_, index) => {
      const record = 12 + 16 * index;
      const tag = String.fromCharCode(...[0, 1, 2, 3].map((at) => view.getUint8(record + at)));
      return [tag, view.getUint32(record + 8)];
    }),
  );
}

/** A simple glyph: the ends of its contours, flags, and coordinates as differences. */
function curvesAt(view: DataView, glyph: number): readonly Curve[] {
  const contours = view.getInt16(glyph);
  const ends = Array.from({ length: contours }, (_, index) => view.getUint16(glyph + 10 + 2 * index));
  const instructions = glyph + 10 + 2 * contours;
  let at = instructions + 2 + view.getUint16(instructions);
  const count = (ends.at(-1) ?? -1) + 1;
  const flags: number[] = [];
  while (flags.length < count) {
    const flag = view.getUint8(at++);
    const times = flag & REPEATS ? 1 + view.getUint8(at++) : 1;
    for (let time = 0; time < times; time++) flags.push(flag);
  }
  const coordinates = (isByte: number, isSame: number): readonly number[] => {
    let value = 0;
    return flags.map((flag) => {
      if (flag & isByte) value += flag & isSame ? view.getUint8(at++) : -view.getUint8(at++);
      else if (!(flag & isSame)) {
        value += view.getInt16(at);
        at += 2;
      }
      return value;
    });
  };
  const xs = coordinates(X_IS_BYTE, X_SAME_OR_POSITIVE);
  const ys = coordinates(Y_IS_BYTE, Y_SAME_OR_POSITIVE);
  const points = flags.map((flag, index): Point => {
    return { isOn: (flag & ON_CURVE) !== 0, at: [xs[index] ?? 0, ys[index] ?? 0] };
  });
  return ends.flatMap((end, index) => contour(points.slice((ends[index - 1] ?? -1) + 1, end + 1)));
}

interface Point {
  readonly isOn: boolean;
  readonly at: OutlinePoint;
}

/** Between two control points in a row, the curve passes through their middle. */
function contour(points: readonly Point[]): readonly Curve[] {
  const all = points.flatMap((point, index) => {
    const before = points.at(index - 1) ?? point;
    return before.isOn || point.isOn ? [point] : [{ isOn: true, at: middle(before.at, point.at) }, point];
  });
  const first = all.findIndex(({ isOn }) => isOn);
  const turned = [...all.slice(first), ...all.slice(0, first), ...all.slice(first, first + 1)];
  const curves: Curve[] = [];
  let [from, control]: [Point | undefined, Point | undefined] = [turned[0], undefined];
  for (const point of turned.slice(1)) {
    if (!point.isOn) control = point;
    else {
      if (from) curves.push([from.at, control?.at ?? middle(from.at, point.at), point.at]);
      [from, control] = [point, undefined];
    }
  }
  return curves;
}

const middle = ([ax, ay]: OutlinePoint, [bx, by]: OutlinePoint): OutlinePoint => [(ax + bx) / 2, (ay + by) / 2];
