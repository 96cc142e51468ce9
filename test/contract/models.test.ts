/** What every model promises, asked of each folder in `layers/models/`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog, loadModels } from '#adapters/catalog/catalog.ts';
import { findModelFile, howToGet } from '#adapters/models/model-file.ts';
import { loadOnnxRuntime } from '#adapters/onnx/runtime.ts';
import { skipUnless } from '../fixtures/lanes.ts';
import { headingsOf, sectionOf } from '../fixtures/model-card.ts';
import { places } from '../fixtures/models.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = (id: string): string => join(root, 'layers', 'models', id);
const models = await loadModels(root);

it('there is a model in every folder of layers/models, and a tool uses it', async () => {
  const used = (await loadCatalog(root)).flatMap(({ manifest }) => manifest.models);

  expect(models.map(({ id }) => id)).toEqual(readdirSync(join(root, 'layers', 'models')).sort());
  for (const { id } of models) expect(used).toContain(id);
});

const found = new Map(
  await Promise.all(models.map(async (card) => [card.id, await findModelFile(places, card)] as const)),
);

describe.each(models.map((card) => [card.id, card] as const))('the model %s', (id, card) => {
  const path = found.get(id) ?? '';
  const skip = card.source !== undefined && skipUnless(path !== '', howToGet(card));
  const text = readFileSync(join(folder(id), 'CARD.md'), 'utf8');

  it.skipIf(skip)('is the file that its card names', () => {
    const bytes = readFileSync(path);

    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.sha256);
  });

  it.skipIf(skip)('loads, with float32 inputs and outputs', async () => {
    const { InferenceSession } = await loadOnnxRuntime();
    const session = await InferenceSession.create(path, { logSeverityLevel: 3 });

    const types = [...session.inputMetadata, ...session.outputMetadata].map((it) =>
      it.isTensor ? it.type : 'no tensor',
    );
    expect(new Set(types)).toEqual(new Set(['float32']));
  });

  it('is made here by training/train.sh, or its source says where it comes from', () => {
    const isMadeHere = existsSync(join(folder(id), 'training', 'train.sh'));

    expect(isMadeHere || card.source !== undefined).toBe(true);
  });

  it('has a card with its version and digest, and what it is not for', () => {
    expect(text).toMatch(new RegExp(`^# ${id} ${card.version.replaceAll('.', '\\.')}$`, 'm'));
    expect(text).toContain(card.sha256);
    expect(text).toMatch(/not for clinical use/i);
  });

  it.each(headingsOf(card))('has a card that says something under “%s”', (heading) => {
    expect(sectionOf(text, heading)?.trim()).toMatch(/\S.{20}/s);
  });

  it('has a licence that its card names', () => {
    expect(card.licence).toMatch(/^[A-Za-z0-9.+-]+$/);
    expect(sectionOf(text, 'Licence')).toContain(card.licence);
  });

  if (card.source === undefined) {
    it('has figures with intervals, and shows where it fails', () => {
      const picture = /!\[[^\]]+\]\(([^)]+)\)/.exec(sectionOf(text, 'Failures') ?? '')?.[1];

      expect(sectionOf(text, 'Figures')).toContain('95 %');
      expect(picture && existsSync(join(folder(id), picture))).toBe(true);
    });
  }
});
