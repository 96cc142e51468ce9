/**
 * `npm run evaluate -- TOOL`: runs `evaluation/<tool>/evaluation.ts` and writes `docs/tools/<tool>/`.
 *
 * --part NAME      only this part (may be repeated)     --cases [PART=]N  only the first N cases of each part, or of one
 *                  (may be repeated)
 * --models DIR     other weights: a folder with one folder per model, which holds `model.json` and the model's file
 * --out DIR        where to write page and metrics; the default is docs/tools/<tool> for a whole run with the committed models
 * --resume         reuses the outcomes of an earlier run of the same version (if that run was complete, only writes the page)
 * --processes N    cases at a time; 2 by default
 */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { createProgress } from '#files/progress.ts';
import { dataFolder } from '../localstack/parts.mjs';
import type { Part } from './evaluation.ts';
import { findEvaluation } from './find-evaluation.ts';
import { isReached } from './metrics.ts';
import { OutcomeFile } from './outcomes.ts';
import { type EvaluatedPart, writePage } from './page.ts';
import { shown } from './plots/svg.ts';
import { runCases } from './processes.ts';
import { entryOf } from './tool-under-evaluation.ts';

const ROOT = join(import.meta.dirname, '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string', multiple: true },
    cases: { type: 'string', multiple: true, default: [] },
    models: { type: 'string' },
    out: { type: 'string' },
    resume: { type: 'boolean', default: false },
    processes: { type: 'string', default: '2' },
  },
});

const say = (line: string): void => console.error(line);
const [id] = positionals;
if (id === undefined || positionals.length > 1) {
  say(
    'usage: npm run evaluate -- TOOL [--part NAME] [--cases [PART=]N] [--models DIR] [--out DIR] [--resume] [--processes N]',
  );
  process.exit(2);
}

const evaluation = await findEvaluation(id);
const modelsDir = values.models === undefined ? undefined : resolve(values.models);
const entry = await entryOf(id, modelsDir);
const chosen = evaluation.parts.filter(({ name }) => values.part === undefined || values.part.includes(name));
const unknown = values.part?.filter((name) => !evaluation.parts.some((part) => part.name === name)) ?? [];
if (unknown.length > 0) {
  say(`There is no part ${unknown.join(', ')}; the parts are ${evaluation.parts.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const hasData = existsSync(join(dataFolder(), 'manifest.csv'));
const parts = chosen.filter(({ needs, name }) => {
  if (needs !== 'data' || hasData) return true;
  say(`skipped: ${name} needs the folder of real data (export HILUM_DATA=<folder with manifest.csv>)`);
  return false;
});

/** Outcomes of other weights have a folder of their own, so that those of the committed weights are kept. */
const scratch = join(ROOT, 'artefacts', 'evaluation', modelsDir === undefined ? id : `${id}-other-weights`);
const evaluated: EvaluatedPart[] = [];
for (const part of parts) evaluated.push(await evaluate(part, entry));

const isWhole = parts.length === evaluation.parts.length && values.cases.length === 0 && modelsDir === undefined;
const out = values.out === undefined ? (isWhole ? join(ROOT, 'docs', 'tools', id) : scratch) : resolve(values.out);
const command = ['npm run evaluate --', id, ...values.cases.map((limit) => `--cases ${limit}`)].join(' ');
writePage(out, { entry, command, parts: evaluated });
for (const { part, summary } of evaluated) {
  for (const [name, metric] of Object.entries(summary.metrics)) {
    const { value, interval, n, unit = '' } = metric;
    const range = interval === undefined ? '' : ` (${shown(interval[0])} to ${shown(interval[1])})`;
    const missed = isReached(metric) === false ? '   GOAL MISSED' : '';
    console.log(`${part.name}.${name}: ${shown(value)} ${unit}${range}, n = ${n}${missed}`);
  }
}
say(`written: ${relative(ROOT, join(out, 'README.md'))}`);

/** The most cases of a part: its own limit, else the common one. */
function limitOf({ name }: Part): number | undefined {
  const limits = values.cases
    .map((limit) => limit.split('='))
    .map(([first = '', own]) => (own ? [first, own] : ['', first]));
  const limit = limits.find(([of]) => of === name) ?? limits.find(([of]) => of === '');
  return limit === undefined ? undefined : Number(limit[1]);
}

/** Runs a part's cases that have no outcome yet, and summarises all. @throws Error naming the cases that failed */
async function evaluate(part: Part, { manifest, models }: ToolEntry): Promise<EvaluatedPart> {
  const cases = part.cases().slice(0, limitOf(part));
  const version = toolVersion({ manifest, models });
  const file = new OutcomeFile(scratch, part.name, {
    version,
    resume: values.resume,
  });
  const calls = cases.flatMap((one, index) => (file.has(one) ? [] : [{ part: part.name, index }]));
  const begin = performance.now();
  const failed: string[] = [];
  let done = 0;
  const progress = createProgress(part.name, calls.length);
  say(`${part.name}: ${cases.length} cases, ${calls.length} to run`);
  const options = { tool: manifest.id, processes: Number(values.processes), ...(modelsDir && { modelsDir }) };
  await runCases(calls, options, ({ index }, answer) => {
    done += 1;
    progress.step();
    if ('error' in answer) failed.push(`case ${index} ${JSON.stringify(cases[index])}: ${answer.error}`);
    else file.add(cases[index], answer.outcome);
    const seconds = (performance.now() - begin) / 1000;
    if (!process.stderr.isTTY) say(`${part.name}: ${done} of ${calls.length}, ${seconds.toFixed(0)} s`);
  });
  progress.end();
  if (failed.length > 0) {
    throw new Error(`${part.name}: ${failed.length} cases failed\n${failed.slice(0, 5).join('\n')}`);
  }
  return { part, cases: cases.length, summary: part.summarise(cases.map((one) => file.outcomeOf(one))) };
}
