/** `npm run mutate`: puts small faults into the sources that docs/architecture.md names, and checks which the tests catch. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { staleEntries } from './accepted.ts';
import { tryMutants } from './campaign.ts';
import { draw } from './draw.ts';
import { mutantsOf } from './mutants.ts';
import { namedMutants } from './named.ts';
import { OPERATORS } from './operators.ts';
import { diffOf, type Report, reportOf, type Survivor } from './report.ts';
import { targetsOf } from './targets.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DEFAULT_COUNT = 80;
const DEFAULT_SEED = 1;

const USAGE = `npm run mutate -- [--count N] [--seed S] [--file PATH …] [--json]

Draws N mutations (${DEFAULT_COUNT}) by a seed (${DEFAULT_SEED}) over the files that docs/architecture.md names, adds those of
test/mutation/named.ts, and runs each against the tests that import its file, in a copy of the working tree. Exit code 1
where fewer than 95 % are caught, or a named one lives.

  --file PATH   only of this file; may be given again, and may be one that the document does not name
  --json        the report as JSON on standard output, progress on standard error

Operators:
${OPERATORS.map(({ name, what }) => `  ${name.padEnd(18)} ${what}`).join('\n')}
`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: String(DEFAULT_COUNT) },
    seed: { type: 'string', default: String(DEFAULT_SEED) },
    file: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @throws Error where the option is no number */
function wholeNumber(name: 'count' | 'seed'): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number`);
  return number;
}

async function main(): Promise<Report | undefined> {
  const files = values.file.length > 0 ? values.file : targetsOf(ROOT);
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(join(ROOT, file), 'utf8')));
  const drawn = draw(all, wholeNumber('count'), wholeNumber('seed'));
  const named = values.file.length > 0 ? [] : namedMutants(ROOT);
  const stale = values.file.length > 0 ? [] : staleEntries(all);
  const mutants = [...named, ...drawn];
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  console.error(
    `${drawn.length} of ${all.length} mutations of ${files.length} files, seed ${values.seed}; ${named.length} named`,
  );
  let done = 0;
  const tried = await tryMutants({
    root: ROOT,
    mutants,
    signal: interrupted.signal,
    onDone: ({ mutant, outcome, seconds }) => {
      done += 1;
      const place = `${mutant.file}:${mutant.line} ${mutant.operator}`;
      console.error(
        `${String(done).padStart(4)}/${mutants.length} ${outcome.padEnd(8)} ${seconds.toFixed(1)} s  ${place}`,
      );
    },
  });
  return interrupted.signal.aborted ? undefined : reportOf({ seed: wholeNumber('seed'), tried, named, stale });
}

function print(report: Report): void {
  const tell = ({ reason, ...survivor }: Survivor): void =>
    console.log(`\n${diffOf(survivor)}\n  ${reason ?? 'no reason is given'}`);
  for (const survivor of report.survivors) tell(survivor);
  for (const { file, was, becomes } of report.stale)
    console.log(`\ntest/mutation/accepted.ts: no mutation is this one any more:\n${diffOf({ file, was, becomes })}`);
  const { caught, tried, stuck, score, namedSurvivors } = report;
  console.log(
    `\n${caught} of ${tried} mutations are caught (${stuck} of them never ended): ${(100 * score).toFixed(1)} %`,
  );
  console.log(namedSurvivors === 0 ? 'all named ones are caught' : `${namedSurvivors} of the named ones live`);
}

if (values.help) console.log(USAGE);
else {
  const report = await main();
  if (report === undefined) process.exitCode = 130;
  else {
    if (values.json) console.log(JSON.stringify(report, undefined, 1));
    else print(report);
    if (!report.passed) process.exitCode = 1;
  }
}
