/**
 * Building blocks of drawings: a sheet with its colours, axes with round numbers, text. A drawing is a string of SVG 1.1 with
 * a background of its own, so that it is legible on light and dark pages.
 */

/** A linear axis. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  /** The position of a value on the sheet, px. */
  at(value: number): number;
}

export function linear([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const perUnit = (end - start) / (to - from || 1);
  return { from, to, at: (value) => start + (value - from) * perUnit };
}

/** Three to seven round numbers (1, 2 or 5 times a power of ten) within a range. */
export function ticks(from: number, to: number): readonly number[] {
  const span = to - from || 1;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= 6) ?? span;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Formats a number for axes and tables, with no more digits than needed. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/^-(0(\.0+)?)$/, '$1');
}

export function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => names[character] ?? '');
}

/** Coordinates are rounded to a hundredth of a pixel to keep files small. */
const px = (value: number): string => String(Math.round(value * 100) / 100);

type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element. `content`, if given, must already be SVG. */
export function element(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? px(value) : escapeXml(value)}"`,
  );
  return content === undefined ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`;
}

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Classes of the sheet: `soft`, `title`, `small`, `on-dark`. */
  readonly className?: string;
  /** Rotated by 90°, to be read from below. */
  readonly turned?: boolean;
}

export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { anchor = 'start', className, turned } = options;
  return element(
    'text',
    {
      x,
      y,
      'text-anchor': anchor,
      ...(className !== undefined && { class: className }),
      ...(turned === true && { transform: `rotate(-90 ${px(x)} ${px(y)})` }),
    },
    escapeXml(content),
  );
}

export const line = (x1: number, y1: number, x2: number, y2: number, className: string): string =>
  element('line', { x1, y1, x2, y2, class: className });

export const path = (points: readonly (readonly [x: number, y: number])[], className: string): string =>
  element('polyline', { points: points.map(([x, y]) => `${px(x)},${px(y)}`).join(' '), class: className });

/** Blue and orange are distinguishable for colour-blind people (Okabe and Ito 2008), on white and on near-black. */
const STYLE = `
.sheet{fill:#ffffff}
text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}
text.title{font-weight:600}
text.soft{fill:#59636e}
text.small{font-size:11px}
text.on-dark{fill:#ffffff}
.axis{stroke:#59636e;stroke-width:1;fill:none}
.grid{stroke:#d9dee3;stroke-width:1;fill:none}
.mark{fill:#0072b2}
.dot{fill:#0072b2;fill-opacity:.45}
.curve{stroke:#0072b2;stroke-width:2;fill:none}
.whisker{stroke:#1f2328;stroke-width:1.5;fill:none}
.limit{stroke:#c8500a;stroke-width:1.5;stroke-dasharray:6 4;fill:none}
text.limit-text{fill:#b04300}
.goal{stroke:#c8500a;stroke-width:1.5;fill:none}
@media (prefers-color-scheme:dark){
.sheet{fill:#0d1117}
text{fill:#e6edf3}
text.soft{fill:#9aa4af}
text.on-dark{fill:#ffffff}
.axis{stroke:#9aa4af}
.grid{stroke:#2b323a}
.mark{fill:#3d9be0}
.dot{fill:#56b4e9}
.curve{stroke:#56b4e9}
.whisker{stroke:#e6edf3}
.limit,.goal{stroke:#f0a058}
text.limit-text{fill:#f0a058}
}
`;

/** A whole drawing. `title` is written at the top and read out by screen readers. */
export function sheet(width: number, height: number, title: string, content: readonly string[]): string {
  const parts = [
    element('title', {}, escapeXml(title)),
    element('style', {}, STYLE),
    element('rect', { width, height, class: 'sheet' }),
    text(16, 24, title, { className: 'title' }),
    ...content,
  ];
  const frame = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' };
  return `${element('svg', frame, `\n${parts.join('\n')}\n`)}\n`;
}

export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Text after each number of the axis, e.g. ` %`. */
  readonly xSuffix?: string;
  readonly ySuffix?: string;
}

/** Grid lines, numbers and labels of a pair of axes. The y axis is at the left end of x, the x axis at the bottom of y. */
export function axes({ x, y, xLabel, yLabel, xSuffix = '', ySuffix = '' }: Axes): readonly string[] {
  const [left, right] = [x.at(x.from), x.at(x.to)];
  const [bottom, top] = [y.at(y.from), y.at(y.to)];
  return [
    ...ticks(x.from, x.to).flatMap((value) => [
      line(x.at(value), bottom, x.at(value), top, 'grid'),
      text(x.at(value), bottom + 18, `${value}${xSuffix}`, { anchor: 'middle', className: 'soft small' }),
    ]),
    ...ticks(y.from, y.to).flatMap((value) => [
      line(left, y.at(value), right, y.at(value), 'grid'),
      text(left - 8, y.at(value) + 4, `${value}${ySuffix}`, { anchor: 'end', className: 'soft small' }),
    ]),
    path(
      [
        [left, top],
        [left, bottom],
        [right, bottom],
      ],
      'axis',
    ),
    text((left + right) / 2, bottom + 40, xLabel, { anchor: 'middle' }),
    text(left - 48, (top + bottom) / 2, yLabel, { anchor: 'middle', turned: true }),
  ];
}
