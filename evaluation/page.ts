/** Writes an evaluation's results: `metrics.json`, and a page with drawings. Without dates, the same run gives the same files. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ToolEntry } from '#core/tool-manifest.ts';
import type { Metric, Part, Summary, Table } from './evaluation.ts';
import { isReached } from './metrics.ts';
import { shown } from './plots/svg.ts';

export interface EvaluatedPart {
  readonly part: Pick<Part, 'name' | 'title'>;
  readonly cases: number;
  readonly summary: Summary;
}

export interface Evaluated {
  readonly entry: ToolEntry;
  /** The command that repeats the evaluation. */
  readonly command: string;
  readonly parts: readonly EvaluatedPart[];
}

/** The content of `metrics.json`. */
export interface MetricsFile {
  readonly tool: string;
  /**
   * The manifest's version. The result format (`+r…` in a run's version) is left out: it says how answers are written as DICOM,
   * and figures are measured before that.
   */
  readonly version: string;
  readonly models: readonly { readonly id: string; readonly version: string; readonly sha256: string }[];
  readonly command: string;
  readonly parts: Readonly<
    Record<
      string,
      {
        readonly title: string;
        readonly cases: number;
        readonly metrics: Readonly<Record<string, Metric & { readonly reached?: boolean }>>;
      }
    >
  >;
}

/** Writes `metrics.json`, `README.md` and the drawings into `folder`, and replaces those of an earlier run. */
export function writePage(folder: string, evaluated: Evaluated): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (/\.(svg|png)$/.test(name)) rmSync(join(folder, name));
  writeFileSync(join(folder, 'metrics.json'), `${JSON.stringify(metricsFile(evaluated), undefined, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), pageOf(evaluated));
  for (const { summary } of evaluated.parts) {
    for (const { name, svg } of summary.figures ?? []) writeFileSync(join(folder, `${name}.svg`), svg);
    for (const { name, png } of summary.pictures ?? []) writeFileSync(join(folder, `${name}.png`), png);
  }
}

export function metricsFile({ entry, command, parts }: Evaluated): MetricsFile {
  return {
    tool: entry.manifest.id,
    version: entry.manifest.version,
    models: entry.models.map(({ id, version, sha256 }) => ({ id, version, sha256 })),
    command,
    parts: Object.fromEntries(
      parts.map(({ part, cases, summary }) => [
        part.name,
        {
          title: part.title,
          cases,
          metrics: Object.fromEntries(Object.entries(summary.metrics).map(([name, one]) => [name, metricOf(one)])),
        },
      ]),
    ),
  };
}

/** Rounds to six digits: further ones are not meaningful and differ between machines. */
function metricOf(metric: Metric): Metric & { readonly reached?: boolean } {
  const rounded = (value: number): number => Number(value.toPrecision(6));
  const { value, interval } = metric;
  const reached = isReached(metric);
  return {
    ...metric,
    value: rounded(value),
    ...(interval && { interval: [rounded(interval[0]), rounded(interval[1])] as const }),
    ...(reached !== undefined && { reached }),
  };
}

export function pageOf({ entry, command, parts }: Evaluated): string {
  const { manifest, models } = entry;
  const named = models.map(({ id, version, sha256 }) => `${id} ${version} (SHA-256 \`${sha256.slice(0, 12)}…\`)`);
  return `${[
    `# Evaluation of ${manifest.id}`,
    `${manifest.label}, version \`${manifest.version}\`${named.length === 0 ? '' : `, with ${named.join(', ')}`}. **Research use only, not for clinical use.**`,
    `\`${command}\` runs the evaluation and writes this page, its drawings and \`metrics.json\`. Intervals are 95 % intervals, bootstrapped over cases (patients), not over
findings. n is the number of items that a figure is computed from. [The tool's card](../../../tools/${manifest.id}/README.md) says what the tool does.`,
    ...parts.flatMap(sectionOf),
  ].join('\n\n')}\n`;
}

function sectionOf({ part, cases, summary }: EvaluatedPart): readonly string[] {
  const { metrics, tables = [], figures = [], pictures = [], remarks = [] } = summary;
  return [
    `## ${part.title}`,
    [`${cases} ${cases === 1 ? 'case' : 'cases'} (part \`${part.name}\`).`, ...remarks].join('\n'),
    ...(Object.keys(metrics).length === 0 ? [] : [tableOf(metricsTable(metrics))]),
    ...tables.flatMap((table) => [`### ${table.title}`, tableOf(table)]),
    ...figures.map(({ name, caption }) => `![${caption}](${name}.svg)`),
    ...pictures.flatMap(({ name, caption }) => [`![${caption}](${name}.png)`, caption]),
  ];
}

function metricsTable(metrics: Summary['metrics']): Omit<Table, 'title'> {
  return {
    header: ['', 'value', '95 % interval', 'n', 'goal', 'reached'],
    rows: Object.entries(metrics).map(([name, metric]) => {
      const { value, interval, n, unit, goal } = metric;
      const reached = isReached(metric);
      return [
        name,
        unit === undefined ? shown(value) : `${shown(value)} ${unit}`,
        interval === undefined ? '' : `${shown(interval[0])} to ${shown(interval[1])}`,
        String(n),
        goal === undefined ? '' : 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`,
        reached === undefined ? '' : reached ? 'yes' : '**no**',
      ];
    }),
  };
}

function tableOf({ header, rows }: Omit<Table, 'title'>): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(header), row(header.map(() => '---')).replaceAll(' ', ''), ...rows.map(row)].join('\n');
}
