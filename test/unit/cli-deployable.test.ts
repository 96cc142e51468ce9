import { expect, it } from 'vitest';
import { deployable } from '#cli/deployable.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

/** A tool whose model is fetched from elsewhere and is not here, or that has no model. */
const entry = (id: string, fetched: boolean): ToolEntry => ({
  manifest: {
    ...{ id, version: '1.0.0', label: id, purpose: 'p', inputs: 'i', outputs: 'o', limits: 'l' },
    models: fetched ? ['no-such-model'] : [],
    selection: { image: 'volume', alternatives: [], take: 'all', prefer: [] },
    resources: { memoryMb: 512, timeoutS: 1 },
  },
  models: fetched
    ? [
        {
          ...{ id: 'no-such-model', version: '1.0.0', file: 'none.onnx', sha256: 'a'.repeat(64) },
          source: { url: 'https://models.example/none.onnx', sizeBytes: 1, origin: 'somebody else' },
          ...{ licence: 'MIT', summary: 's' },
        },
      ]
    : [],
});

it('the demo waits for no tool whose model is not deployed, and says so', async () => {
  const said: string[] = [];

  const catalog = await deployable([entry('foreign', true), entry('plain', false)], (line) => said.push(line));

  expect(catalog.map(({ manifest }) => manifest.id)).toEqual(['plain']);
  expect(said).toEqual([expect.stringMatching(/The tool foreign is left out\. .*npx hilum models pull no-such-model/)]);
});
