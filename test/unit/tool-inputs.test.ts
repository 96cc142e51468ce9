/** What the repository's tools say of themselves, and answer when they are handed images that they cannot be asked about. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Image, ImageProcessingTool, ProcessingContext } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { createTool as createBrainTissue } from '#tools/brain-tissue/tool.ts';
import { createTool as createCaries } from '#tools/caries/tool.ts';
import { createTool as createVertebralFracture } from '#tools/vertebral-fracture/tool.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';

const CATALOG = await loadCatalog(join(import.meta.dirname, '..', '..'));
const TOOLS: readonly (readonly [ToolEntry, ImageProcessingTool])[] = Object.entries({
  'brain-tissue': createBrainTissue,
  caries: createCaries,
  'vertebral-fracture': createVertebralFracture,
}).flatMap(([id, create]) =>
  CATALOG.filter(({ manifest }) => manifest.id === id).map((entry) => [entry, create(entry)] as const),
);

const volume: Volume = {
  ...{ kind: 'volume', StudyInstanceUID: '1.2.3', SeriesInstanceUID: '1.2.3.1', FrameOfReferenceUID: '1.2.3.9' },
  ...{ Modality: 'MR', columns: 2, rows: 2, slices: 2, voxels: new Int16Array(8), origin: [0, 0, 0] },
  ...{ columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], sliceDirection: [0, 0, 1], spacingMm: [1, 1, 1] },
  frames: [{ SOPInstanceUID: '1.2.3.1.1' }, { SOPInstanceUID: '1.2.3.1.2' }],
};
const radiograph: Radiograph = {
  ...{ kind: 'radiograph', header: slice(0), rows: 2, columns: 2, pixels: new Float32Array(4) },
};
const context: ProcessingContext = {
  ...{ inputDigest: 'a'.repeat(64), signal: new AbortController().signal },
  engine: { run: () => Promise.reject(new Error('No model is asked')) },
};

describe.each(TOOLS)('$manifest.id', (entry, tool) => {
  const refusal = (images: readonly Image[], signal = context.signal) =>
    tool.process(images, { ...context, signal }).then(
      () => 'an answer',
      (error: unknown) => (error instanceof NotEvaluableError ? error.code : error),
    );

  it('names itself as its manifest does', () => {
    expect([tool.name, tool.versionId()]).toEqual([entry.manifest.id, toolVersion(entry)]);
    expect(tool.description()).toEqual(describeTool(entry));
  });

  it('takes what its manifest selects, and gives a reason for all other images', () => {
    const other = { ...volumeOf([slice(0, { Modality: 'PT' })]), kind: 'volume' as const };

    expect(tool.canProcessImage(other)).toMatchObject({ suitable: false, reason: { message: expect.any(String) } });
  });

  if (entry.manifest.selection.image === 'volume')
    it.each([
      { what: 'no image', images: [] },
      { what: 'two volumes', images: [volume, volume] },
      { what: 'a radiograph', images: [radiograph] },
    ])('cannot evaluate $what', async ({ images }) => {
      expect(await refusal(images)).toBe('wrong-input');
    });
  else {
    it.each([
      { what: 'a volume', images: [volume] },
      { what: 'volumes', images: [volume, volume] },
    ])('cannot evaluate $what', async ({ images }) => {
      expect(await refusal(images)).toBe('no-radiograph');
    });

    it('gives the reason of the radiograph, whatever stands beside it', async () => {
      const large: Radiograph = { ...radiograph, rows: 1e5, columns: 1e5 };
      const codes = await Promise.all([[large, volume], [volume, large], [large]].map((images) => refusal(images)));

      expect(new Set(codes).size).toBe(1);
      expect(codes[0]).not.toBe('no-radiograph');
    });

    it('lets other errors through', async () => {
      const broken: Radiograph = { ...radiograph, rows: Number.NaN };
      const stop = AbortSignal.abort(new TypeError('stop'));

      expect(await refusal([broken, radiograph], stop)).toBeInstanceOf(TypeError);
    });
  }
});

it('asks each of them', () => {
  expect(TOOLS.map(([{ manifest }]) => manifest.id)).toEqual(['brain-tissue', 'caries', 'vertebral-fracture']);
});
