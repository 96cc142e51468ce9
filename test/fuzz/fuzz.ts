/**
 * `npm run fuzz -- [--cases N] [--seed S] [--processes N] [--out FOLDER] [--json]`, and `--replay FILE` for a saved failing case
 * or any DICOM file. Exit code 1 if a case failed.
 */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { PARTS } from '../../localstack/parts.mjs';
import { runCampaign, type Summary } from './campaign.ts';
import { runCase } from './case.ts';
import { createCaseMaker } from './make-case.ts';
import type { Companion } from './seeds.ts';
import { makeSeeds } from './seeds.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    out: { type: 'string', default: join(import.meta.dirname, '../../artefacts/fuzz') },
    replay: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const realFiles = PARTS.data.present();

/** The file of a failing case and its companion in the study. If the process died, they are made again. */
async function saved(path: string): Promise<{ readonly bytes: Uint8Array; readonly companions: readonly Companion[] }> {
  if (extname(path) !== '.json') return { bytes: await readFile(path), companions: [] };
  const find = JSON.parse(await readFile(path, 'utf8'));
  const seeds = await makeSeeds(realFiles);
  const made = createCaseMaker(seeds, find.seed)(find.case);
  if (find.bytes === '') return { bytes: made.bytes, companions: made.seed.companions };
  const companions = seeds.find(({ name }) => name === find.name)?.companions ?? [];
  return { bytes: Buffer.from(find.bytes, 'base64'), companions };
}

async function replay(path: string): Promise<void> {
  const { bytes, companions } = await saved(path);
  await using decoder = createDecoder({ threads: 1 });
  const before = process.cpuUsage();
  const outcome = await runCase(bytes, companions, decoder);
  const { user, system } = process.cpuUsage(before);
  console.log(`${path}: ${outcome}, ${Math.round((user + system) / 1000)} ms of CPU`);
}

function print(summary: Summary): void {
  const { cases, seconds, casesPerSecond, outcomes, slowest, processes, finds } = summary;
  console.log(
    `${cases} cases in ${Math.round(seconds)} s, ${Math.round(casesPerSecond)} a second; seed ${summary.seed}`,
  );
  for (const [outcome, count] of Object.entries(outcomes)) console.log(`  ${outcome.padEnd(28)} ${count}`);
  console.log(`slowest case ${slowest.case}: ${Math.round(slowest.cpuMs)} ms of CPU`);
  for (const { pid, peakRssBytes } of processes)
    console.log(`process ${pid}: at most ${Math.round(peakRssBytes / 1e6)} MB`);
  for (const { case: number, what, file } of finds) console.log(`FOUND in case ${number}: ${what}\n  --replay ${file}`);
  console.log(finds.length === 0 ? 'nothing found' : `${finds.length} found`);
}

if (values.replay !== undefined) await replay(values.replay);
else {
  if (!realFiles) console.error('There is no folder of real data (HILUM_DATA): the seeds are our own files only.');
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  let told = performance.now();
  const cases = Number(values.cases);
  const summary = await runCampaign({
    cases,
    seed: Number(values.seed),
    realFiles,
    folder: values.out,
    processes: Number(values.processes),
    signal: interrupted.signal,
    onProgress: (done) => {
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      console.error(`${done} of ${cases} cases`);
    },
  });
  if (values.json) console.log(JSON.stringify(summary, undefined, 1));
  else print(summary);
  if (summary.finds.length > 0) process.exitCode = 1;
}
