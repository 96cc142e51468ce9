/**
 * The contract of tools, checked for each folder in `tools/`. A new tool is checked without any change here.
 *
 * Golden files (`tools/<id>/golden/`) hold a recorded answer and the digests of its objects, so that bytes
 * cannot change without a new version, on any machine. Only `npm run golden` changes them.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { type ConvertedObject, convertResult } from '#core/convert-result.ts';
import { parseResult, serialiseResult, withTimings } from '#core/results/result.ts';
import { runTool } from '#core/run-tool.ts';
import { judgeImage, selectImages } from '#core/study/selection.ts';
import type { ImageProcessingTool, KeyImage, ProcessingResult } from '#core/tool.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { exampleStudies } from '../fixtures/example-studies.ts';
import { engineFor, runnable } from '../fixtures/models.ts';
import { PHANTOM_STUDIES, type PhantomStudy } from '../fixtures/phantom-studies.ts';

const root = join(import.meta.dirname, '..', '..');
const { HILUM_UPDATE_GOLDEN } = process.env;
const all = await loadCatalog(root);
const catalog = await runnable(all);
/** A phantom, or a study that the tool brings. */
type Study = Omit<PhantomStudy, 'files'>;
const phantoms: readonly Study[] = Object.values(PHANTOM_STUDIES).map((make) => make());
const examples = new Map(
  await Promise.all(catalog.map(async ({ manifest: { id } }) => [id, await exampleStudies(root, id)] as const)),
);

const selectedOf = (entry: ToolEntry, study: Study) => selectImages(entry.manifest.selection, study.images).selected;

async function answerOf(entry: ToolEntry, tool: ImageProcessingTool, study: Study): Promise<ProcessingResult> {
  const engine = engineFor(entry);
  const images = selectedOf(entry, study);
  const deadlineMs = Date.now() + entry.manifest.resources.timeoutS * 1000;
  return runTool({ entry, tool, images, read: study.read, decoder: inProcessDecoder, engine, clock: Date, deadlineMs });
}

const convert = (result: ProcessingResult, study: Study): Promise<readonly ConvertedObject[]> =>
  convertResult({ result, instances: study.instances, read: study.read });

const digestsOf = (objects: readonly ConvertedObject[]) =>
  objects.map(({ kind, SOPInstanceUID, sha256 }) => ({ kind, SOPInstanceUID, sha256 }));

it('there are tools', () => {
  expect(catalog.length).toBeGreaterThan(0);
});

it('each tool has a base of Series Numbers of its own', () => {
  const bases = all.map(({ manifest }) => manifest.seriesNumber);

  expect(bases.length).toBeGreaterThan(0);
  expect(new Set(bases).size).toBe(bases.length);
});

describe.each(catalog.map((entry) => [entry.manifest.id, entry] as const))('the tool %s', (id, entry) => {
  let tool: ImageProcessingTool;
  const studies = [...phantoms, ...(examples.get(id) ?? [])];
  const ownStudies = studies.filter((study) => selectedOf(entry, study).length > 0);
  beforeAll(async () => {
    tool = await loadTool(root, entry);
  });

  it('says who it is as its manifest and models do', () => {
    expect(tool.name).toBe(id);
    expect(tool.versionId()).toBe(toolVersion(entry));
    expect(tool.description()).toMatchObject({ id, label: entry.manifest.label });
    expect(tool.description().models.map((model) => model.id)).toEqual(entry.manifest.models);
  });

  it('brings its card, README.md', () => {
    const file = join('tools', id, 'README.md');
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: it is the tool’s card`);
    const card = readFileSync(join(root, file), 'utf8');

    expect(card).toContain(id);
    expect(card).toMatch(/not for clinical use/i);
  });

  it('takes a study of the contract, and leaves another with a reason', () => {
    const refusals = studies
      .flatMap((study) => study.images.map((image) => tool.canProcessImage(image)))
      .filter((it) => !it.suitable);

    const lack = `no phantom is for this tool: put a study that is into tools/${id}/examples/<name>/`;
    expect(ownStudies.length, lack).toBeGreaterThan(0);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { reason } of refusals)
      expect(reason).toEqual({ code: expect.stringMatching(/./), message: expect.stringMatching(/./) });
  });

  it('judges images as its manifest does, or more strictly', () => {
    for (const image of studies.flatMap((study) => study.images)) {
      const declared = judgeImage(entry.manifest.selection, image);
      if (!declared.suitable) expect(tool.canProcessImage(image).suitable).toBe(false);
    }
  });

  describe.each(ownStudies.map((study) => [study.name, study] as const))('on the phantom %s', (name, study) => {
    let result: ProcessingResult;
    let objects: readonly ConvertedObject[];
    beforeAll(async () => {
      result = await answerOf(entry, tool, study);
      objects = await convert(result, study);
    }, 170_000);

    it('gives an answer that is one', () => {
      expect(result.metadata.outcome).toMatch(/^(result|no-finding|not-evaluable)$/);
      expect(objects.length).toBeGreaterThan(0);
    });

    it('gives the same answer again', async () => {
      const again = await answerOf(entry, tool, study);

      expect(digestsOf(await convert(again, study))).toEqual(digestsOf(objects));
    });

    it('gives an answer that survives the bucket', async () => {
      const stored = parseResult(serialiseResult(result));

      expect(digestsOf(await convert(stored, study))).toEqual(digestsOf(objects));
    });

    it('gives the recorded answer, in the recorded bytes', async () => {
      const golden = goldenOf(id, name);
      if (HILUM_UPDATE_GOLDEN === '1') {
        const recorded = withSmallPictures(result);
        golden.write(recorded, { digests: digestsOf(await convert(recorded, study)), pictures: picturesOf(result) });
      }

      const { answer, version, digests, pictures } = golden.read();

      expect(version, `the version changed: look at the differences, then run \`npm run golden -- ${id}\``).toBe(
        toolVersion(entry),
      );
      expect(digestsOf(await convert(answer, study))).toEqual(digests);
      expect(picturesOf(result)).toEqual(
        pictures.map((it) => ({ ...it, rows: about(it.rows), columns: about(it.columns) })),
      );
      expect(roughly(result, Number)).toEqual(roughly(answer, (exact): unknown => expect.closeTo(exact, 0)));
    });
  });
});

/** The answer with the upper left corner of each picture: a recording shows how pictures are written, not the pictures. */
function withSmallPictures(result: ProcessingResult): ProcessingResult {
  const keyImages = result.keyImages.map((image): KeyImage => {
    const [rows, columns] = [Math.min(image.rows, CORNER), Math.min(image.columns, CORNER)];
    const rgb = new Uint8Array(rows * columns * 3);
    for (let row = 0; row < rows; row++) {
      const start = row * image.columns * 3;
      rgb.set(image.rgb.subarray(start, start + columns * 3), row * columns * 3);
    }
    return { ...image, rows, columns, rgb };
  });
  return parseResult(serialiseResult({ ...result, keyImages }));
}
const CORNER = 64;

/** A crop follows masks, whose edges may lie a voxel off on another machine. */
const about = (pixels: number): unknown => expect.closeTo(pixels, -1);

/** What a picture is, but for its pixels. */
const picturesOf = ({ keyImages }: ProcessingResult) =>
  keyImages.map(({ title, rows, columns, sources }) => ({ title, rows, columns, sources: sources.length }));

interface Recorded {
  readonly version: string;
  readonly digests: ReturnType<typeof digestsOf>;
  readonly pictures: ReturnType<typeof picturesOf>;
}

/** The recorded answer of a tool on a phantom. */
function goldenOf(id: string, name: string) {
  const folder = join(root, 'tools', id, 'golden');
  const answerFile = join(folder, `${name}.result.json.gz`);
  const digestsFile = join(folder, `${name}.json`);
  return {
    /** @throws Error where other bytes were recorded under the same version */
    write(result: ProcessingResult, { digests, pictures }: Omit<Recorded, 'version'>): void {
      const before = existsSync(digestsFile) ? (JSON.parse(readFileSync(digestsFile, 'utf8')) as Recorded) : undefined;
      if (before?.version === result.metadata.version && !isDeepStrictEqual(before.digests, digests)) {
        throw new Error(
          `${name} has other bytes under the version ${before.version}: raise it in tools/${id}/manifest.json`,
        );
      }
      mkdirSync(folder, { recursive: true });
      writeFileSync(answerFile, gzipSync(serialiseResult(withTimings(result, {})), { level: 9 }));
      const { version, outcome, summary } = result.metadata;
      const recorded = { version, outcome, summary, answer: sha256(readFileSync(answerFile)), digests, pictures };
      writeFileSync(digestsFile, `${JSON.stringify(recorded, undefined, 2)}\n`);
    },
    read() {
      if (!existsSync(digestsFile)) {
        throw new Error(`There is no tools/${id}/golden/${name}.json: \`npm run golden -- ${id}\` records it`);
      }
      const recorded = JSON.parse(readFileSync(digestsFile, 'utf8')) as Recorded;
      return { ...recorded, answer: parseResult(gunzipSync(readFileSync(answerFile))) };
    },
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What two machines agree on: floating point may differ in the last bits, and so may a voxel at the edge of a mask. */
function roughly({ metadata, findings, segments, report }: ProcessingResult, value: (exact: number) => unknown) {
  const { outcome, inputDigest, inputs } = metadata;
  return {
    ...{ outcome, inputDigest, inputs },
    findings: findings.map(({ id, finding, measurements }) => ({
      ...{ id, finding },
      measurements: measurements.map((measurement) => ({ name: measurement.name, value: value(measurement.value) })),
    })),
    segments: segments.map(({ number, label }) => ({ number, label })),
    report: JSON.stringify(textsOf(report))?.replaceAll(/-?\d+(\.\d+)?/g, '#'),
  };
}

/** What a report says and shows; of a PDF that the tool brings, its title. */
const textsOf = (report: ProcessingResult['report']) =>
  report?.kind === 'page' ? report : { kind: report?.kind, title: report?.title };
