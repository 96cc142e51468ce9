/** `caries` on phantoms that were not used for training, and on a real panoramic. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '#core/run-tool.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { Teeth, ToothSurfaces } from '#dicom/codes.ts';
import {
  type DentalPhantom,
  type LesionTruth,
  makeBitewing,
  makePanoramic,
  makePeriapical,
  radiographOf,
  scoreLesions,
} from '#phantoms/dental.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const { entry, tool, engine, context } = await toolUnderTest('caries');

interface Answer {
  readonly phantom: DentalPhantom;
  readonly result: ProcessingResult;
  readonly found: readonly LesionTruth[];
  readonly wrong: number;
  /** The number of found lesions whose finding names the right tooth. */
  readonly rightTooth: number;
  /** The number of these whose finding also has the right surface code. */
  readonly rightSurface: number;
}

async function answerOf(phantom: DentalPhantom, seed: number): Promise<Answer> {
  const result = await tool.process([radiographOf(phantom, seed)], context);
  const places = result.segments.map(({ frames }) => pixelsOf(frames[0]?.bits ?? new Uint8Array()));
  const { found, wrong, matches } = scoreLesions(phantom.truth, places);
  const named = matches.flatMap((match, index) => {
    const finding = result.findings[index];
    return match && finding?.site?.value === Teeth[String(match.fdi)]?.value ? [{ match, finding }] : [];
  });
  const surfaced = named.filter(
    ({ match, finding }) => finding?.siteModifier?.value === ToothSurfaces[match.surface].value,
  );
  return { phantom, result, found, wrong: wrong.length, rightTooth: named.length, rightSurface: surfaced.length };
}

/** Indices of the bits that are set, least significant first. */
function pixelsOf(bits: Uint8Array): readonly number[] {
  const pixels: number[] = [];
  bits.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) pixels.push(8 * at + bit);
  });
  return pixels;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Only a few pictures: `evaluation/caries` measures the performance on many. */
describe.each([
  { kind: 'bitewing', seeds: [20_000, 20_001, 20_002], make: (seed: number) => makeBitewing({ seed }) },
  { kind: 'periapical', seeds: [20_000, 20_001, 20_002], make: (seed: number) => makePeriapical({ seed }) },
  { kind: 'panoramic', seeds: [20_000, 20_001], make: (seed: number) => makePanoramic({ seed }) },
])('caries on phantoms it was not trained on: $kind', ({ kind, seeds, make }) => {
  let answers: readonly Answer[];
  beforeAll(async () => {
    const all: Answer[] = [];
    for (const seed of seeds) all.push(await answerOf(make(seed), seed));
    answers = all;
  }, 170_000);

  it('finds most lesions and marks few other places', () => {
    const lesions = sum(answers.map(({ phantom }) => phantom.truth.lesions.length));
    const found = sum(answers.map((answer) => answer.found.length));

    expect(lesions).toBeGreaterThan(2);
    expect(found / lesions).toBeGreaterThanOrEqual(0.6);
    expect(sum(answers.map(({ wrong }) => wrong))).toBeLessThanOrEqual(answers.length);
  });

  it('gives each lesion’s location on the source, depth, size, certainty and mask', () => {
    const findings = answers.flatMap(({ result }) => result.findings.map((finding) => ({ finding, result })));

    expect(findings.length).toBeGreaterThan(0);
    for (const { finding, result } of findings) {
      expect(finding.finding.value).toBe('80967001');
      expect(finding.site).toBeDefined();
      expect(finding.summary).toMatch(/into the .+ of the (enamel|dentin) \([ED][123]\)/);
      expect(finding.measurements.every(({ value }) => value > 0)).toBe(true);
      expect(finding.regions?.[0]?.points.length).toBeGreaterThan(3);
      expect(result.segments[(finding.segmentNumber ?? 0) - 1]).toBeDefined();
      expect(finding.certainty).toBeGreaterThan(0);
    }
  });

  it('names the tooth and its surface if they are known, and otherwise neither', () => {
    const found = sum(answers.map((answer) => answer.found.length));
    const named = sum(answers.map(({ rightTooth }) => rightTooth));
    const surfaced = sum(answers.map(({ rightSurface }) => rightSurface));

    if (kind === 'panoramic') expect(named / found).toBeGreaterThanOrEqual(0.75);
    else expect(named).toBe(0);
    expect(surfaced).toBeGreaterThanOrEqual(0.8 * named);
    expect(surfaced).toBeLessThanOrEqual(named);
  });
});

describe('caries on several radiographs', () => {
  it('evaluates those that it can, and reports the others', async () => {
    const good = radiographOf(makeBitewing({ seed: 20_000 }), 1);
    const flat = { ...radiographOf(makeBitewing({ seed: 20_001 }), 2), pixels: new Float32Array(750_000).fill(0.5) };

    const { report, keyImages } = await tool.process([good, flat], context);

    expect(keyImages).toHaveLength(1);
    expect(report).toMatchObject({ kind: 'page' });
    expect(JSON.stringify(report)).toContain('could not be evaluated');
  });
});

describeWith(['data'], 'caries on a real panoramic', () => {
  it('gives results or a non-result, never a great number of lesions', async () => {
    const bytes = new Uint8Array(readFileSync(join(dataFolder(), 'dental', 'panoramic.dcm')));
    const instance = indexInstance(bytes);
    const images = groupImages({ StudyInstanceUID: instance.StudyInstanceUID, instances: [instance] });
    const { selected } = selectImages(entry.manifest.selection, images);
    const deadlineMs = Date.now() + 120_000;
    const cpuBefore = process.cpuUsage();

    const result = await runTool({
      entry,
      tool,
      images: selected,
      read: async () => bytes,
      decoder: inProcessDecoder,
      engine,
      clock: Date,
      deadlineMs,
    });

    const { user, system } = process.cpuUsage(cpuBefore);
    expect(selected).toHaveLength(1);
    expect(result.metadata.outcome).toMatch(/^(result|no-finding|not-evaluable)$/);
    expect(result.findings.length).toBeLessThanOrEqual(16);
    if (result.metadata.outcome !== 'result') expect(result.metadata.reason?.message).toMatch(/./);
    expect((user + system) / 1e6).toBeLessThan(20);
  });
});
