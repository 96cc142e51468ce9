import type { ConfusionMatrix } from '../statistics.ts';
import { element, sheet, text } from './svg.ts';

const CELL = { width: 84, height: 52 } as const;
const LEFT = 150;
const TOP = 92;
/** Cells with a greater share of their row than this have white letters on a dark ground. */
const ON_DARK = 0.7;

/** Draws a confusion matrix with the truth in rows. A cell shows its count and is darker the greater its share of the row. */
export function confusionMatrixPlot(
  matrix: ConfusionMatrix,
  options: { readonly title: string; readonly truth?: string; readonly found?: string },
): string {
  const { labels, counts } = matrix;
  const { title, truth = 'truth', found = 'found' } = options;
  const right = LEFT + labels.length * CELL.width;
  const bottom = TOP + labels.length * CELL.height;
  const cells = counts.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, j) => {
      const share = total === 0 ? 0 : count / total;
      const [x, y] = [LEFT + j * CELL.width, TOP + i * CELL.height];
      const middle = { anchor: 'middle', ...(share > ON_DARK && { className: 'on-dark' }) } as const;
      const small = { anchor: 'middle', className: share > ON_DARK ? 'small on-dark' : 'small soft' } as const;
      return [
        element('rect', { x, y, width: CELL.width, height: CELL.height, class: 'mark', 'fill-opacity': share }),
        element('rect', { x, y, width: CELL.width, height: CELL.height, class: 'grid' }),
        text(x + CELL.width / 2, y + (total === 0 ? 31 : 24), String(count), middle),
        total === 0 ? '' : text(x + CELL.width / 2, y + 41, `${Math.round(100 * share)} %`, small),
      ].filter((part) => part !== '');
    });
  });
  return sheet(Math.max(right + 24, 340), bottom + 24, title, [
    text((LEFT + right) / 2, TOP - 34, found, { anchor: 'middle', className: 'soft' }),
    text(28, (TOP + bottom) / 2, truth, { anchor: 'middle', className: 'soft', turned: true }),
    ...labels.flatMap((label, index) => [
      text(LEFT + (index + 0.5) * CELL.width, TOP - 12, label, { anchor: 'middle' }),
      text(LEFT - 12, TOP + (index + 0.5) * CELL.height + 4, label, { anchor: 'end' }),
    ]),
    ...cells,
  ]);
}
