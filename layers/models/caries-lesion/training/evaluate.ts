/**
 * Measures the model with the tool's own post-processing: `node evaluate.ts KIND FIRST_SEED COUNT [sweep]`.
 *
 * Without `sweep` at the tool's operating point: sensitivity by depth, false positives per image, teeth and their
 * numbers. With it, sensitivity and false positives over thresholds: for choosing the operating point on validation
 * seeds (20000 and up). Held-out seeds are 30000 and up; neither is ever trained on.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { type DentalPhantom, makeBitewing, makePanoramic, radiographOf, scoreLesions } from '#phantoms/dental.ts';
import { crownsOf, segment } from '#tools/caries/evaluate.ts';
import { findLesions, OPERATING_POINT, type OperatingPoint } from '#tools/caries/lesions.ts';
import { markOf } from '#tools/caries/marks.ts';
import type { Crown } from '#tools/caries/teeth.ts';

const [kind = 'bitewing', first = '30000', count = '20', mode = ''] = process.argv.slice(2);
const engine = createOnnxEngine({ modelsDir: join(import.meta.dirname, '..', '..'), threads: 1 });
const card = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'model.json'), 'utf8'));
const bytes = readFileSync(join(import.meta.dirname, '..', card.file));
console.log(
  kind,
  'model',
  createHash('sha256').update(bytes).digest('hex').slice(0, 8),
  'seeds',
  first,
  'count',
  count,
);

interface Tally {
  lesions: number;
  found: number;
  wrong: number;
  rightTooth: number;
  byDepth: Record<string, [found: number, all: number]>;
}
const view = kind === 'bitewing' ? 'intra-oral' : 'panoramic';
const points: readonly OperatingPoint[] =
  mode === 'sweep'
    ? [0.3, 0.4, 0.5].flatMap((edge) =>
        [0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95]
          .filter((peak) => peak >= edge)
          .flatMap((peak) => [4, 8].map((pixels) => ({ edge, peak, pixels }))),
      )
    : [OPERATING_POINT[view]];
const tallies: Tally[] = points.map(() => ({ lesions: 0, found: 0, wrong: 0, rightTooth: 0, byDepth: {} }));
const teeth = { all: 0, seen: 0, stray: 0, numbered: 0, right: 0 };

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const phantom = kind === 'bitewing' ? makeBitewing({ seed }) : makePanoramic({ seed });
  const image = radiographOf(phantom, seed);
  const { planes, grid, scale } = await segment(image, engine);
  const crowns = crownsOf(planes, scale, image);
  countTeeth(phantom, crowns, grid);
  points.forEach((point, index) => {
    const tally = tallies[index];
    if (tally === undefined) return;
    const lesions = findLesions(planes, crowns, point);
    const score = scoreLesions(
      phantom.truth,
      lesions.map((lesion) => markOf(lesion, planes, grid, point.edge).pixels),
    );
    tally.lesions += phantom.truth.lesions.length;
    tally.found += score.found.length;
    tally.wrong += score.wrong.length;
    tally.rightTooth += score.matches.filter((match, i) => match && String(match.fdi) === lesions[i]?.crown.fdi).length;
    for (const lesion of phantom.truth.lesions) {
      const [hit, all] = tally.byDepth[lesion.depth] ?? [0, 0];
      tally.byDepth[lesion.depth] = [hit + (score.found.includes(lesion) ? 1 : 0), all + 1];
    }
  });
}

function countTeeth(
  { truth, columns }: DentalPhantom,
  crowns: readonly Crown[],
  grid: { readonly rowScale: number; readonly columnScale: number },
): void {
  const middles = truth.teeth.filter(({ fdi }) => truth.crownCores.includes(fdi));
  teeth.all += middles.length;
  const seen = new Set<number>();
  for (const crown of crowns) {
    const column = Math.round(crown.column / grid.columnScale);
    const fdi = truth.crownCores[Math.round(crown.row / grid.rowScale) * columns + column] ?? 0;
    if (fdi === 0) teeth.stray += 1;
    else seen.add(fdi);
    if (crown.fdi !== undefined) teeth.numbered += 1;
    if (crown.fdi === String(fdi)) teeth.right += 1;
  }
  teeth.seen += seen.size;
}

console.log(JSON.stringify(teeth));
tallies.forEach((tally, index) => {
  const share = (tally.found / Math.max(1, tally.lesions)).toFixed(3);
  const perImage = (tally.wrong / Number(count)).toFixed(2);
  const depths = Object.entries(tally.byDepth)
    .toSorted()
    .map(([depth, [hit, all]]) => `${depth} ${hit}/${all}`)
    .join(' ');
  console.log(
    `${JSON.stringify(points[index])} sensitivity ${share} (${tally.found}/${tally.lesions}) false/image ${perImage} right tooth ${tally.rightTooth} ${depths}`,
  );
});
