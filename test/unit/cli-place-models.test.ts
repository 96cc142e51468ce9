import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { placeModels } from '#cli/place-models.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

const MODEL = Buffer.from('a model');

/** A tool whose model is fetched from elsewhere, or that has no model. */
const entry = (id: string, fetched: boolean): ToolEntry => ({
  manifest: {
    ...{ id, version: '1.0.0', label: id, purpose: 'p', inputs: 'i', outputs: 'o', limits: 'l' },
    seriesNumber: 10_000,
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

let modelsDir: string;
let localFolder: string;
let said: string[];
beforeEach(() => {
  modelsDir = mkdtempSync(join(tmpdir(), 'hilum-models-'));
  localFolder = mkdtempSync(join(tmpdir(), 'hilum-local-'));
  said = [];
});

it('says that a tool without its model is left out, and how to get the model', async () => {
  await placeModels(catalog, { modelsDir, localFolder }, (line) => said.push(line));

  expect(existsSync(join(modelsDir, 'fetched'))).toBe(false);
  expect(said).toEqual([expect.stringMatching(/The tool foreign is left out\. .*`hilum models pull fetched/)]);
});

it('puts a model from the local folder in its place', async () => {
  writeFileSync(join(localFolder, 'any-name'), MODEL);

  await placeModels(catalog, { modelsDir, localFolder }, (line) => said.push(line));

  expect(readFileSync(join(modelsDir, 'fetched', 'fetched.onnx'))).toEqual(MODEL);
  expect(said).toEqual([]);
});
