import type { Metric } from '../evaluation.ts';
import { element, line, linear, sheet, shown, text, ticks } from './svg.ts';

const WIDTH = 680;
const ROW = 30;
const TOP = 44;
const RIGHT = 132;

/** A condition and the metric under it. */
export interface Bar {
  readonly label: string;
  readonly metric: Pick<Metric, 'value' | 'interval' | 'n'>;
}

export interface BarsOptions {
  readonly title: string;
  /** The axis label: the quantity and its unit. */
  readonly axis: string;
  /** The axis range; 0 to 1 by default. */
  readonly range?: readonly [number, number];
  /** Draws a line at this value. */
  readonly goal?: number;
}

/** Draws one horizontal bar per condition, with the 95 % interval and n. */
export function barsPlot(bars: readonly Bar[], { title, axis, range = [0, 1], goal }: BarsOptions): string {
  // About 7 px per letter of the longest label, within limits.
  const left = Math.min(300, Math.max(90, 24 + 7 * Math.max(0, ...bars.map(({ label }) => label.length))));
  const x = linear(range, [left, WIDTH - RIGHT]);
  const bottom = TOP + bars.length * ROW + 6;
  const clipped = (value: number): number => x.at(Math.min(range[1], Math.max(range[0], value)));
  const rows = bars.flatMap(({ label, metric: { value, interval, n } }, index) => {
    const middle = TOP + (index + 0.5) * ROW + 3;
    const end = clipped(value);
    const zero = clipped(Math.max(0, range[0]));
    return [
      text(left - 10, middle + 4, label, { anchor: 'end' }),
      element('rect', {
        x: Math.min(zero, end),
        y: middle - 9,
        width: Math.abs(end - zero),
        height: 18,
        class: 'mark',
      }),
      ...(interval === undefined ? [] : whisker(clipped(interval[0]), clipped(interval[1]), middle)),
      text(WIDTH - RIGHT + 12, middle + 4, shown(value)),
      text(WIDTH - 16, middle + 4, `n = ${n}`, { anchor: 'end', className: 'soft small' }),
    ];
  });
  return sheet(WIDTH, bottom + 56, title, [
    ...ticks(...range).flatMap((value) => [
      line(x.at(value), TOP, x.at(value), bottom, 'grid'),
      text(x.at(value), bottom + 18, String(value), { anchor: 'middle', className: 'soft small' }),
    ]),
    ...rows,
    line(left, bottom, WIDTH - RIGHT, bottom, 'axis'),
    ...(goal === undefined
      ? []
      : [
          line(clipped(goal), TOP - 4, clipped(goal), bottom, 'limit'),
          text(clipped(goal), TOP - 8, `goal ${goal}`, { anchor: 'middle', className: 'small limit-text' }),
        ]),
    text((left + WIDTH - RIGHT) / 2, bottom + 42, axis, { anchor: 'middle' }),
  ]);
}

function whisker(low: number, high: number, y: number): readonly string[] {
  return [
    line(low, y, high, y, 'whisker'),
    line(low, y - 5, low, y + 5, 'whisker'),
    line(high, y - 5, high, y + 5, 'whisker'),
  ];
}
