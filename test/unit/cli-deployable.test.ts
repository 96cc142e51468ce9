import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { deployable } from '#cli/deployable.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

const MODEL = Buffer.from('a model');

/** A tool whose model is fetched from elsewhere, or that has no model. */
const entry = (id: string, fetched: boolean): ToolEntry => ({
  manifest: {
    ...{ id, version: '1.0.0', label: id, purpose: 'p', inputs: 'i', outputs: 'o', limits: 'l' },
    models: fetched ? ['fetched'] : [],
    selection: { image: 'volume', alternatives: [], take: 'all', prefer: [] },
    resources: { memoryMb: 512, timeoutS: 1 },
  },
  models: fetched
    ? [
        {
          ...{ id: 'fetched', version: '1.0.0', file: 'fetched.onnx' },
          sha256: createHash('sha256').update(MODEL).digest('hex'),
          source: { url: 'https://models.example/model.onnx', sizeBytes: MODEL.length, origin: 'somebody else' },
          ...{ licence: 'MIT', summary: 's' },
        },
      ]
    : [],
});
const catalog = [entry('foreign', true), entry('plain', false)];
const idsOf = (tools: readonly ToolEntry[]): readonly string[] => tools.map(({ manifest }) => manifest.id);

let modelsDir: string;
let localFolder: string;
let said: string[];
beforeEach(() => {
  modelsDir = mkdtempSync(join(tmpdir(), 'hilum-models-'));
  localFolder = mkdtempSync(join(tmpdir(), 'hilum-local-'));
  said = [];
});

it('the demo skips a tool whose model is not on this machine, and says so', async () => {
  const tools = await deployable(catalog, { modelsDir, localFolder }, (line) => said.push(line));

  expect(idsOf(tools)).toEqual(['plain']);
  expect(said).toEqual([expect.stringMatching(/The tool foreign is left out\. .*`hilum models pull fetched/)]);
});

it('the demo copies a model from the local folder to its own folder', async () => {
  writeFileSync(join(localFolder, 'any-name'), MODEL);

  const tools = await deployable(catalog, { modelsDir, localFolder }, (line) => said.push(line));

  expect(idsOf(tools)).toEqual(['foreign', 'plain']);
  expect(readFileSync(join(modelsDir, 'fetched', 'fetched.onnx'))).toEqual(MODEL);
  expect(said).toEqual([]);
});
