/** `caries` on phantoms that were not used for training, and on a real panoramic. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ImagePoint } from '#core/image/geometry.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { type Turn, turned } from '#core/image/upright.ts';
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

const SEVERITY_OF: Readonly<Record<string, string>> = {
  ...{ E1: 'mild', E2: 'mild', D1: 'mild' },
  ...{ D2: 'moderate', D3: 'severe' },
};
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

  it('gives each lesion’s location on the source, depth, size and mask, and no certainty', () => {
    const findings = answers.flatMap(({ result }) => result.findings.map((finding) => ({ finding, result })));

    expect(findings.length).toBeGreaterThan(0);
    for (const { finding, result } of findings) {
      expect(finding.finding.value).toBe('80967001');
      expect(finding.site).toBeDefined();
      expect(finding.summary).toMatch(/into the .+ of the (enamel|dentin) \([ED][123]\)/);
      expect(finding.label).toMatch(
        /^([1-4][1-8] (mesial|distal|occlusal|incisal)|(upper|lower) tooth, (occlusal|image (left|right))), [ED][123] \(no\. \d+\)$/,
      );
      expect(finding.label).toContain(`no. ${finding.id.slice('lesion-'.length)})`);
      expect(result.segments[(finding.segmentNumber ?? 0) - 1]?.label).toBe(finding.label);
      const depth = /\(([ED][123])\)/.exec(finding.summary)?.[1] ?? '';
      expect(finding.severity).toBe(SEVERITY_OF[depth]);
      expect(finding.measurements.every(({ value }) => value > 0)).toBe(true);
      expect(finding.regions?.[0]?.points.length).toBeGreaterThan(3);
      expect(result.segments[(finding.segmentNumber ?? 0) - 1]).toBeDefined();
      expect(finding.certainty).toBeUndefined();
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

    const { metadata, keyImages } = await tool.process([good, flat], context);

    expect(keyImages).toHaveLength(1);
    expect(metadata.inputs).toEqual([good.header.SOPInstanceUID]);
    expect(metadata.leftOut).toMatchObject([
      { SOPInstanceUIDs: [flat.header.SOPInstanceUID], reason: { code: 'no-contrast' } },
    ]);
    expect(metadata.summary).toContain('1 of 2 images was not evaluated');
  });

  it('evaluates one exposure once, the picture for presentation', async () => {
    const shown = radiographOf(makeBitewing({ seed: 20_000 }), 1);
    const raw = {
      ...shown,
      header: { ...shown.header, SOPInstanceUID: '2.25.9', SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.3.1' },
    };

    const [once, twice] = [await tool.process([shown], context), await tool.process([raw, shown], context)];

    expect(twice.findings).toEqual(once.findings);
    expect(twice.metadata.leftOut).toMatchObject([{ SOPInstanceUIDs: ['2.25.9'], reason: { code: 'same-exposure' } }]);
  });
});

describe('caries on a panoramic that is stored turned', () => {
  const image = radiographOf(makePanoramic({ seed: 20_001 }), 1);
  const storedAs = (row: string, column: string, turn: Turn): Radiograph => {
    const stored = turned(image, turn);
    return { ...stored, header: { ...image.header, PatientOrientation: [row, column] } };
  };
  const as = (transposed: boolean, rowsReversed: boolean, columnsReversed: boolean): Turn => ({
    transposed,
    rowsReversed,
    columnsReversed,
  });
  const { rows, columns } = image;
  let upright: ProcessingResult;
  beforeAll(async () => {
    upright = await tool.process([image], context);
  }, 60_000);

  it.each([
    ['L\\H', storedAs('L', 'H', as(false, true, false)), ([x, y]: ImagePoint) => [x, rows - y]],
    ['R\\F', storedAs('R', 'F', as(false, false, true)), ([x, y]: ImagePoint) => [columns - x, y]],
    ['F\\L', storedAs('F', 'L', as(true, false, false)), ([x, y]: ImagePoint) => [y, x]],
  ] as const)('gives the same teeth, on the stored pixels: %s', async (_name, stored, back) => {
    const { findings, keyImages } = await tool.process([stored], context);

    expect(findings.length).toBeGreaterThan(2);
    expect(findings.map(({ summary }) => summary)).toEqual(upright.findings.map(({ summary }) => summary));
    expect(keyImages.map(({ rgb }) => rgb)).toEqual(upright.keyImages.map(({ rgb }) => rgb));
    const boxOf = (points: readonly (readonly number[])[] = []): readonly number[] =>
      [0, 1].flatMap((axis) => {
        const values = points.map((point) => point[axis] ?? 0);
        return [Math.min(...values), Math.max(...values)];
      });
    for (const [index, { regions }] of findings.entries()) {
      expect(boxOf(regions?.[0]?.points.map(back))).toEqual(boxOf(upright.findings[index]?.regions?.[0]?.points));
    }
  });

  it('gives no numbers where the header says nothing of sides', async () => {
    const { PatientOrientation: _, ...header } = image.header;

    const { findings, report } = await tool.process([{ ...image, header }], context);

    expect(findings.length).toBeGreaterThan(2);
    expect(findings.flatMap(({ evaluations, laterality }) => [...evaluations, laterality ?? []].flat())).toEqual([]);
    expect(JSON.stringify(report)).toContain('does not say which side');
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
