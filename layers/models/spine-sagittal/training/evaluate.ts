/**
 * The figures of CARD.md: the tool on held-out phantoms. node evaluate.ts [FIRST_SEED LAST_SEED]
 *
 * Prints a line a phantom (grid, CPU seconds, bodies found and missed) and a JSON object of all.
 */
import { join } from 'node:path';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { NotEvaluableError } from '#core/errors.ts';
import { type Comparison, compare, measured, volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const [first = '101', last = '124'] = process.argv.slice(2);
const entry = (await loadCatalog(root)).find(({ manifest }) => manifest.id === 'vertebral-fracture');
if (entry === undefined) throw new Error('There is no tool vertebral-fracture');
const tool = await loadTool(root, entry);
const engine = createOnnxEngine({ modelsDir: join(root, 'layers', 'models'), threads: 1 });
const context = { inputDigest: '0'.repeat(64), engine, signal: new AbortController().signal };

const comparisons: Comparison[] = [];
for (let seed = Number(first); seed <= Number(last); seed += 1) {
  const phantom = makeSpinePhantom({ seed });
  const before = process.cpuUsage();
  const findings = await findingsOf(phantom);
  const { user, system } = process.cpuUsage(before);
  const comparison = compare({ findings }, phantom.truth.vertebrae);
  comparisons.push(comparison);
  const { pairs, missed, spurious } = comparison;
  console.log(
    [
      seed,
      `${phantom.columns} × ${phantom.rows} × ${phantom.slices}, slices of ${phantom.spacingMm[2]} mm`,
      `${((user + system) / 1e6).toFixed(1)} s`,
      `found ${pairs.length}`,
      `missed ${missed.map(({ level, type, lossPercent }) => `${level}${type ? ` (${type} ${lossPercent.toFixed(0)} %)` : ''}`).join(', ') || 'none'}`,
      `spurious ${spurious.length}`,
    ].join('; '),
  );
}

async function findingsOf(phantom: ReturnType<typeof makeSpinePhantom>) {
  try {
    return (await tool.process([volumeOf(phantom)], context)).findings;
  } catch (error) {
    if (error instanceof NotEvaluableError) return [];
    throw error;
  }
}

const pairs = comparisons.flatMap((one) => one.pairs).filter(({ finding }) => finding.measurements.length > 0);
const complete = comparisons.flatMap((one) => one.pairs).filter(({ truth }) => truth.complete).length;
const missed = comparisons.flatMap((one) => one.missed).length;
const errors = pairs
  .flatMap(({ truth: { heightsMm }, finding }) => [
    measured(finding, 'vb-height-ant') - heightsMm.anterior,
    measured(finding, 'vb-height-mid') - heightsMm.middle,
    measured(finding, 'vb-height-post') - heightsMm.posterior,
  ])
  .map(Math.abs)
  .sort((a, b) => a - b);
const gradeOf = ({ finding }: (typeof pairs)[number]): number =>
  Number(finding.evaluations[0]?.value.value.replace('genant-', ''));
const fractured = pairs.filter(({ truth }) => truth.grade > 0);
const sound = pairs.filter(({ truth }) => truth.grade === 0);
const named = pairs.filter(({ finding }) => !finding.id.startsWith('body-'));
const round = (value: number): number => Number(value.toFixed(2));
console.log(
  JSON.stringify({
    phantoms: comparisons.length,
    completeBodies: complete + missed,
    recall: round(complete / (complete + missed)),
    spurious: comparisons.flatMap((one) => one.spurious).length,
    heightErrorMedianMm: round(errors[errors.length >> 1] ?? Number.NaN),
    heightErrorP95Mm: round(errors[Math.floor(errors.length * 0.95)] ?? Number.NaN),
    gradeExact: round(pairs.filter((pair) => gradeOf(pair) === pair.truth.grade).length / pairs.length),
    fracturesMeasured: fractured.length,
    fractureSensitivity: round(fractured.filter((pair) => gradeOf(pair) > 0).length / fractured.length),
    fractureSpecificity: round(sound.filter((pair) => gradeOf(pair) === 0).length / sound.length),
    levelsNamed: named.length,
    levelsNamedRight: named.filter(({ truth, finding }) => finding.id === truth.level).length,
  }),
);
