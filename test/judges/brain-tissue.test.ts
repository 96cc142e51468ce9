/** The tool on a real T1 head, compared with Python's onnxruntime on the same voxels: volumes, memory and time. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadModels } from '#adapters/catalog/catalog.ts';
import { findModelFile } from '#adapters/models/model-file.ts';
import type { StudyReport } from '#cli/run-study.ts';
import { measuredHilum } from '../fixtures/hilum.ts';
import { dciodvfy, dicomSrValidator, python } from '../fixtures/judges.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { places } from '../fixtures/models.ts';
import { DCIODVFY, DICOM_SR_VALIDATOR, unexplained } from './accepted.ts';

interface Tissue {
  readonly volumeMl: number;
  readonly sharePercent: number;
}

describeWith(['judges', 'dicom3tools', 'pixelmed', 'data'], 'brain-tissue on a real T1 of the head', () => {
  const head = join(dataFolder(), 'mr-t1-head');
  let ours: StudyReport | undefined;
  let ended: Awaited<ReturnType<typeof measuredHilum>>;
  let theirs: Readonly<Record<'grey' | 'white', Tissue>> & { readonly masks: Readonly<Record<string, number>> };
  beforeAll(async () => {
    const out = mkdtempSync(join(tmpdir(), 'hilum-brain-'));
    const env = { HILUM_MODELS_DIR: places.localFolder ?? '' };
    ended = await measuredHilum(['run', head, '--tool', 'brain-tissue', '--out', out, '--json'], env);
    [ours] = JSON.parse(ended.stdout) as readonly StudyReport[];
    const card = (await loadModels(join(import.meta.dirname, '..', '..'))).find(({ id }) => id === 'brain-meshnet');
    const model = card && (await findModelFile(places, card));
    const seg = ours?.objects.find(({ kind }) => kind === 'segmentation')?.path ?? '';
    theirs = python('brain_tissue.py', head, model ?? '', seg) as typeof theirs;
  }, 400_000);

  const measured = (id: string): Tissue => {
    const [volumeMl = 0, sharePercent = 0] =
      ours?.findings.find((one) => one.id === id)?.measurements.map((m) => m.value) ?? [];
    return { volumeMl, sharePercent };
  };

  it.each(['grey', 'white'] as const)('measures %s matter as Python’s onnxruntime does, within 1 %', (tissue) => {
    const { volumeMl, sharePercent } = measured(`${tissue}-matter`);

    expect(Math.abs(volumeMl / theirs[tissue].volumeMl - 1)).toBeLessThan(0.01);
    expect(Math.abs(sharePercent / theirs[tissue].sharePercent - 1)).toBeLessThan(0.01);
  });

  it('needs less than 2 GB of memory and less than 120 s of CPU time', () => {
    expect(ended.code).toBe(0);
    expect(ended.peakBytes).toBeGreaterThan(256 * 2 ** 20);
    expect(ended.peakBytes).toBeLessThan(2e9);
    expect(ended.cpuSeconds).toBeLessThan(120);
  });

  it('writes objects in which judges find nothing unexplained', () => {
    const paths = ours?.objects.map(({ path }) => path) ?? [];

    expect(ours?.objects.map(({ kind }) => kind)).toEqual([
      'segmentation',
      'structured-report',
      'secondary-capture',
      'pdf',
    ]);
    expect(unexplained(paths.map(dciodvfy), DCIODVFY)).toEqual([]);
    expect(unexplained(dicomSrValidator(paths.slice(1, 2)), DICOM_SR_VALIDATOR)).toEqual([]);
  });

  it('writes masks whose volumes, as counted by highdicom, equal the reported ones', () => {
    expect(theirs.masks).toEqual({
      [`Grey matter ${measured('grey-matter').volumeMl.toFixed(0)} mL`]: expect.closeTo(
        measured('grey-matter').volumeMl,
        1,
      ),
      [`White matter ${measured('white-matter').volumeMl.toFixed(0)} mL`]: expect.closeTo(
        measured('white-matter').volumeMl,
        1,
      ),
    });
  });
});
