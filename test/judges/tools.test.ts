import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { convertResult } from '#core/convert-result.ts';
import { runTool } from '#core/run-tool.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ProcessingResult } from '#core/tool.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { makePanoramic } from '#phantoms/dental.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { spinePhantomToEnhancedCt } from '#phantoms/enhanced-ct.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { dciodvfy, dicomSrValidator, folderOf, JUDGE_LIMIT_MS } from '../fixtures/judges.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { engineFor, runnable } from '../fixtures/models.ts';
import { PHANTOM_STUDIES, type PhantomStudy, phantomStudy } from '../fixtures/phantom-studies.ts';
import { expectFindingsRead, expectMaskRead, readFolder } from '../fixtures/read-results.ts';
import { DCIODVFY, DICOM_SR_VALIDATOR, unexplained } from './accepted.ts';

/** Every tool on every phantom that it takes: independent readers must find its findings and masks in the objects. */

const root = join(import.meta.dirname, '..', '..');
const catalog = await runnable(await loadCatalog(root));

/** The phantoms in less usual forms: an enhanced CT, and a panoramic from a CR. */
const OTHER_FORMS: readonly (() => PhantomStudy)[] = [
  () => {
    const levels = { from: 'S', to: 'L3', fractures: [{ level: 'L4', type: 'wedge', loss: 0.35 }] } as const;
    const phantom = makeSpinePhantom({ seed: 8, columns: 128, rows: 128, spacingMm: [2, 2, 3], ...levels });
    return phantomStudy('enhanced spine-ct', [spinePhantomToEnhancedCt(phantom, { seed: 8 })]);
  },
  () => phantomStudy('panoramic CR', radiographPhantomToDicom(makePanoramic({ seed: 8 }), { seed: 8, storage: 'CR' })),
];

interface ToolCase {
  readonly name: string;
  readonly result: ProcessingResult;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

async function runOn(entry: ToolEntry, study: PhantomStudy): Promise<readonly ToolCase[]> {
  const { instances, read } = study;
  const { selected: images } = selectImages(entry.manifest.selection, study.images);
  if (images.length === 0) return [];
  const tool = await loadTool(root, entry);
  const clock = { now: Date.now };
  const result = await runTool({
    entry,
    tool,
    images,
    read,
    decoder: inProcessDecoder,
    engine: engineFor(entry, 1),
    clock,
    deadlineMs: clock.now() + 200_000,
  });
  const objects = await convertResult({ result, instances, read });
  const name = `${entry.manifest.id} on ${study.name}`;
  return [
    { name, result, files: objects.map(({ kind, bytes }, i) => ({ name: join(name, `${i}-${kind}.dcm`), bytes })) },
  ];
}

describeWith(['judges', 'dicom3tools', 'pixelmed'], 'the objects of every tool', () => {
  const cases: ToolCase[] = [];
  let folder = '';
  beforeAll(async () => {
    const studies = [...Object.values(PHANTOM_STUDIES), ...OTHER_FORMS].map((make) => make());
    for (const entry of catalog) {
      for (const study of studies) cases.push(...(await runOn(entry, study)));
    }
    folder = folderOf(cases.flatMap(({ files }) => files));
  }, 240_000);
  const paths = () => cases.flatMap(({ files }) => files.map(({ name }) => join(folder, name)));

  it('hold findings, and masks among them, on every form of phantom', () => {
    const withFindings = cases.filter(({ result }) => result.findings.length > 0).map(({ name }) => name);
    const withMasks = cases.filter(({ result }) => result.segments.length > 0).map(({ name }) => name);

    expect(withFindings).toEqual(
      expect.arrayContaining(['vertebral-fracture on enhanced spine-ct', 'caries on panoramic CR']),
    );
    expect(withMasks).toEqual(
      expect.arrayContaining(['vertebral-fracture on enhanced spine-ct', 'caries on panoramic CR']),
    );
  });

  it('have nothing unexplained for dciodvfy', () => {
    expect(unexplained(paths().map(dciodvfy), DCIODVFY)).toEqual([]);
  });

  it('have nothing unexplained for DicomSRValidator', { timeout: JUDGE_LIMIT_MS }, () => {
    const reports = paths().filter((path) => /-(structured-report|non-result)\.dcm$/.test(path));

    expect(unexplained(dicomSrValidator(reports), DICOM_SR_VALIDATOR)).toEqual([]);
  });

  it('hold the tools’ own masks and findings for pydicom and highdicom', () => {
    const read = readFolder(folder);

    for (const { name, result } of cases) {
      const own = read.filter((file) => file.name.startsWith(`${name}/`));
      expectMaskRead(result, own);
      expectFindingsRead(result, own);
    }
  });
});
