/**
 * The CPU time of the tool for a CT of 300 slices of 512 × 512 in which no body is near a limit, in this checkout or another one:
 * `node evaluation/vertebral-fracture/cost.ts [CHECKOUT…]`. Each checkout runs in a process of its own, three times in turn.
 */
import { fork } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { median } from '../statistics.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ROUNDS = 3;

interface Cost {
  readonly cpuS: number;
  readonly answer: string;
}

if (process.send === undefined) await compare(process.argv.slice(2));
else process.send(await costIn(process.argv[2] ?? ROOT));

async function compare(listed: readonly string[]): Promise<void> {
  const checkouts = (listed.length === 0 ? [ROOT] : listed).map((path) => resolve(path));
  const costs = new Map<string, Cost[]>(checkouts.map((checkout) => [checkout, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const checkout of checkouts) costs.get(checkout)?.push(await inProcess(checkout));
  }
  for (const [checkout, of] of costs) {
    const seconds = of.map(({ cpuS }) => cpuS);
    console.log(
      `${checkout}: ${median(seconds).toFixed(1)} s of CPU (${seconds.map((one) => one.toFixed(1)).join(', ')}); ${of[0]?.answer}`,
    );
  }
}

function inProcess(checkout: string): Promise<Cost> {
  return new Promise((done, failed) => {
    const child = fork(import.meta.filename, [checkout]);
    child.once('message', (cost: Cost) => done(cost));
    child.once('exit', (code) => failed(new Error(`${checkout}: the process ended with ${code}`)));
  });
}

/** The second of two answers is measured: the first one loads the model. */
async function costIn(checkout: string): Promise<Cost> {
  const { toolUnderEvaluation }: typeof import('../tool-under-evaluation.ts') = await import(
    pathToFileURL(join(checkout, 'evaluation', 'tool-under-evaluation.ts')).href
  );
  const { tool, context } = await toolUnderEvaluation('vertebral-fracture');
  const volume = volumeOf(
    makeSpinePhantom({
      seed: 300,
      columns: 512,
      rows: 512,
      slices: 300,
      spacingMm: [0.75, 0.75, 1],
      from: 'S',
      fractures: [],
      plain: true,
      noiseHu: 15,
    }),
  );
  await tool.process([volume], context);
  const before = process.cpuUsage();
  const { metadata, findings } = await tool.process([volume], context);
  const { user, system } = process.cpuUsage(before);
  const graded = findings.filter(({ measurements }) => measurements.length > 0).length;
  const timings = JSON.stringify(metadata.timingsMs);
  return { cpuS: (user + system) / 1e6, answer: `${findings.length} bodies, ${graded} graded; timings ${timings}` };
}
