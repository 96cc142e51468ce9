import type { FrocPoint } from '../statistics.ts';
import { axes, element, linear, path, sheet, text } from './svg.ts';

const WIDTH = 640;
const HEIGHT = 420;

export interface FrocOptions {
  readonly title: string;
  /** The name of a case, e.g. `picture`. */
  readonly per: string;
  /** The right end of the axis: false places per case. */
  readonly most?: number;
  /** The tool's operating point. */
  readonly operating?: { readonly falsePerCase: number; readonly sensitivity: number };
}

/** Plots sensitivity over false places per case for falling thresholds. A circle marks the operating point. */
export function frocPlot(points: readonly FrocPoint[], options: FrocOptions): string {
  const { title, per, operating } = options;
  const furthest = points.at(-1)?.falsePerCase ?? 1;
  const most = options.most ?? Math.max(0.5, Math.min(4, furthest), (operating?.falsePerCase ?? 0) * 1.2);
  const x = linear([0, most], [72, WIDTH - 32]);
  const y = linear([0, 1], [HEIGHT - 64, 48]);
  const within = points.filter(({ falsePerCase }) => falsePerCase <= most);
  const curve = within.map(({ falsePerCase, sensitivity }) => [x.at(falsePerCase), y.at(sensitivity)] as const);
  const last = curve.at(-1);
  return sheet(WIDTH, HEIGHT, title, [
    ...axes({ x, y, xLabel: `false places per ${per}`, yLabel: 'sensitivity' }),
    // Beyond its last point the curve is level, because no lower threshold was evaluated.
    path([[x.at(0), y.at(0)], ...curve, ...(last === undefined ? [] : [[x.at(most), last[1]] as const])], 'curve'),
    ...(operating === undefined
      ? []
      : [
          element('circle', {
            cx: x.at(operating.falsePerCase),
            cy: y.at(operating.sensitivity),
            r: 6,
            class: 'goal',
          }),
          text(x.at(operating.falsePerCase) + 12, y.at(operating.sensitivity) + 18, 'operating point', {
            className: 'small limit-text',
          }),
        ]),
  ]);
}
