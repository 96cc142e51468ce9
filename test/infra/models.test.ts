/** Deployments with models that were not fetched yet. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ToolManifest } from '../../core/tool-manifest.ts';
import { createBundler } from '../../infra/bundle.ts';
import { withoutMissingModels } from '../../infra/models.ts';
import { discoverTools } from '../../infra/tools.ts';

const CARD = {
  id: 'foreign',
  version: '1.0.0',
  file: 'foreign.onnx',
  sha256: 'a'.repeat(64),
  licence: 'MIT',
  summary: 's',
};
const SOURCE = { url: 'https://models.example/model.onnx', sizeBytes: 5, origin: 'somebody else' };

/** A folder with a tool that has no model and one that has a fetched one. */
function makeRoot(card: object): string {
  const root = mkdtempSync(join(tmpdir(), 'hilum-infra-models-'));
  for (const [id, models] of Object.entries({ plain: [], foreign: ['foreign'] })) {
    const manifest = {
      ...{
        id: `${id}-tool`,
        version: '1.0.0',
        label: id,
        purpose: 'p',
        inputs: 'i',
        outputs: 'o',
        limits: 'l',
        seriesNumber: 10_000,
        models,
      },
      selection: {
        image: 'volume',
        alternatives: [[{ attribute: 'Modality', in: ['MR'], reason: 'r' }]],
        take: 'best',
      },
      resources: { memoryMb: 1769, timeoutS: 120 },
    };
    mkdirSync(join(root, 'tools', `${id}-tool`), { recursive: true });
    writeFileSync(join(root, 'tools', `${id}-tool`, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(join(root, 'tools', `${id}-tool`, 'tool.ts'), 'export const createTool = () => undefined;\n');
  }
  mkdirSync(join(root, 'layers', 'models', 'foreign'), { recursive: true });
  writeFileSync(join(root, 'layers', 'models', 'foreign', 'model.json'), JSON.stringify(card));
  return root;
}

const idsOf = (tools: readonly ToolManifest[]): readonly string[] => tools.map(({ id }) => id);

describe('a deployment', () => {
  it('leaves out a tool whose model was not fetched yet, and says how to fetch it', () => {
    const root = makeRoot({ ...CARD, source: SOURCE });

    const { tools, leftOut } = withoutMissingModels(discoverTools(root), root);

    expect(idsOf(tools)).toEqual(['plain-tool']);
    expect(leftOut).toEqual([expect.stringMatching(/foreign-tool is left out .*bin\/hilum models pull foreign/)]);
  });

  it('has the tool once its model is there, and its weights in the bundle', () => {
    const root = makeRoot({ ...CARD, source: SOURCE });
    writeFileSync(join(root, 'layers', 'models', 'foreign', CARD.file), 'model');

    const { tools, leftOut } = withoutMissingModels(discoverTools(root), root);

    expect(idsOf(tools)).toEqual(['foreign-tool', 'plain-tool']);
    expect(leftOut).toEqual([]);
  });

  it('does not leave out a tool whose model is part of the checkout: bundling fails without it', () => {
    const root = makeRoot(CARD);
    const { tools } = withoutMissingModels(discoverTools(root), root);
    const [tool] = tools;
    const bundle = createBundler({ root, outdir: mkdtempSync(join(tmpdir(), 'hilum-bundles-')) });

    expect(idsOf(tools)).toEqual(['foreign-tool', 'plain-tool']);
    expect(() => bundle('infer', tool === undefined ? {} : { tool })).toThrow(/file of the model foreign is not in/);
  });

  it('names a wrong or missing card', () => {
    const root = makeRoot({ ...CARD, sha256: 'x' });
    const tools = discoverTools(root);

    expect(() => withoutMissingModels(tools, root)).toThrow(/model\.json is not a valid model card/);
    expect(() => withoutMissingModels(tools, makeRoot({}).concat('/none'))).toThrow(/names the model foreign/);
  });
});
