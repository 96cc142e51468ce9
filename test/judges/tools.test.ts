import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { type ConvertedObject, convertResult } from '#core/convert-result.ts';
import { inProcessDecoder } from '#core/dicom/codecs/in-process.ts';
import { runTool } from '#core/run-tool.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ProcessingResult } from '#core/tool.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { dciodvfy, folderOf } from '../fixtures/judges.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { engineFor, runnable } from '../fixtures/models.ts';
import { PHANTOM_STUDIES, type PhantomStudy } from '../fixtures/phantom-studies.ts';
import { expectFindingsRead, expectMaskRead, readObjects } from '../fixtures/read-results.ts';

/** Every tool there is, on every phantom it takes: its own findings and masks, as others read them in our objects. */

const root = join(import.meta.dirname, '..', '..');
const catalog = await runnable(await loadCatalog(root));

interface ToolCase {
  readonly name: string;
  readonly result: ProcessingResult;
  readonly objects: readonly ConvertedObject[];
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
  const files = objects.map(({ kind, bytes }, index) => ({ name: `${index}-${kind}.dcm`, bytes }));
  return [{ name: `${entry.manifest.id} on ${study.name}`, result, objects, files }];
}

describeWith(['judges', 'dicom3tools'], 'the objects of every tool', () => {
  const cases: ToolCase[] = [];
  beforeAll(async () => {
    const studies = Object.values(PHANTOM_STUDIES).map((make) => make());
    for (const entry of catalog) {
      for (const study of studies) cases.push(...(await runOn(entry, study)));
    }
  }, 240_000);

  it('hold findings, and masks among them', () => {
    const withFindings = cases.filter(({ result }) => result.findings.length > 0);

    expect(withFindings.length).toBeGreaterThan(1);
    expect(withFindings.some(({ result }) => result.segments.length > 0)).toBe(true);
  });

  it('have no error for dciodvfy', () => {
    for (const { name, files } of cases) {
      const folder = folderOf(files);
      const errors = files.flatMap((file) =>
        dciodvfy(join(folder, file.name)).errors.map((error) => `${file.name} ${error}`),
      );
      expect(errors, name).toEqual([]);
    }
  });

  it('hold the tools’ own masks and findings for pydicom and highdicom', () => {
    for (const { result, files } of cases) {
      const read = readObjects(files);

      expectMaskRead(result, read);
      expectFindingsRead(result, read);
    }
  });
});
