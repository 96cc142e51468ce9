import { calibrationError, type ReliabilityBin } from '../statistics.ts';
import { axes, element, line, linear, path, sheet, shown, text } from './svg.ts';

const WIDTH = 520;
const HEIGHT = 460;
const [LEFT, RIGHT, TOP, BOTTOM] = [72, WIDTH - 32, 52, HEIGHT - 64];

/** Plots the share of right answers over the tool's certainty. On the diagonal, the certainty is perfectly calibrated. */
export function reliabilityPlot(
  bins: readonly ReliabilityBin[],
  { title, right = 'share that is right' }: { readonly title: string; readonly right?: string },
): string {
  const x = linear([0, 1], [LEFT, RIGHT]);
  const y = linear([0, 1], [BOTTOM, TOP]);
  const total = bins.reduce((sum, { n }) => sum + n, 0);
  const radius = (n: number): number => 3 + 9 * Math.sqrt(n / Math.max(1, total));
  return sheet(WIDTH, HEIGHT, title, [
    ...axes({ x, y, xLabel: `certainty that the tool gave (n = ${total})`, yLabel: right }),
    line(x.at(0), y.at(0), x.at(1), y.at(1), 'limit'),
    path(
      bins.map((bin) => [x.at(bin.certainty), y.at(bin.right)] as const),
      'curve',
    ),
    // A circle's area grows with the number of its answers.
    ...bins.map((bin) =>
      element('circle', { cx: x.at(bin.certainty), cy: y.at(bin.right), r: radius(bin.n), class: 'dot' }),
    ),
    ...(total === 0
      ? []
      : [
          text(RIGHT - 8, BOTTOM - 12, `calibration error ${shown(calibrationError(bins))}`, {
            anchor: 'end',
            className: 'small',
          }),
        ]),
  ]);
}
