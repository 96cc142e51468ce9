import { blandAltman } from '../statistics.ts';
import { axes, element, line, linear, sheet, shown, text } from './svg.ts';

const WIDTH = 640;
const HEIGHT = 420;

export interface BlandAltmanOptions {
  readonly title: string;
  /** The measured quantity, e.g. `height`. */
  readonly quantity: string;
  readonly unit: string;
}

/**
 * Plots the differences of measurement and reference over their mean (Bland and Altman 1986), with the bias and the limits
 * of 95 % of the differences.
 *
 * @throws RangeError if there is no pair
 */
export function blandAltmanPlot(
  pairs: readonly { readonly measured: number; readonly reference: number }[],
  { title, quantity, unit }: BlandAltmanOptions,
): string {
  const { bias, lower, upper, n } = blandAltman(pairs);
  const points = pairs.map(({ measured, reference }) => [(measured + reference) / 2, measured - reference] as const);
  const x = linear(padded(points.map(([mean]) => mean)), [72, WIDTH - 104]);
  const y = linear(padded([...points.map(([, difference]) => difference), lower, upper, 0]), [HEIGHT - 64, 48]);
  const right = x.at(x.to);
  const level = (name: string, value: number, className: string): readonly string[] => [
    line(x.at(x.from), y.at(value), right, y.at(value), className),
    text(right + 8, y.at(value) + 4, `${name} ${signed(value)}`, { className: 'small limit-text' }),
  ];
  return sheet(WIDTH, HEIGHT, title, [
    ...axes({
      x,
      y,
      xLabel: `mean of measurement and reference: ${quantity} (${unit}), n = ${n}`,
      yLabel: `measured − reference (${unit})`,
    }),
    line(x.at(x.from), y.at(0), right, y.at(0), 'axis'),
    ...points.map(([mean, difference]) =>
      element('circle', { cx: x.at(mean), cy: y.at(difference), r: 3, class: 'dot' }),
    ),
    ...level('+1.96 SD', upper, 'limit'),
    ...level('bias', bias, 'goal'),
    ...level('−1.96 SD', lower, 'limit'),
  ]);
}

const signed = (value: number): string => (value < 0 ? `−${shown(-value)}` : shown(value));

/** The range of the values, with a margin. */
function padded(values: readonly number[]): readonly [number, number] {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)] as const, [
    Infinity,
    -Infinity,
  ] as const);
  const margin = 0.06 * (high - low) || 1;
  return [low - margin, high + margin];
}
