/** What every model promises, asked of each folder in `layers/models/`, and of each tool's models. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog, loadModels } from '#adapters/catalog/catalog.ts';
import { findModelFile, howToGet } from '#adapters/models/model-file.ts';
import { isCommitted } from '#core/tool-manifest.ts';
import { skipUnless } from '../fixtures/lanes.ts';
import { headingsOf, sectionOf } from '../fixtures/model-card.ts';
import { asked, engineFor, places } from '../fixtures/models.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = (id: string): string => join(root, 'layers', 'models', id);
const all = await loadModels(root);
const catalog = await loadCatalog(root);
const tools = asked(catalog);
const isOfOne = tools.length < catalog.length;
const models = isOfOne ? all.filter(({ id }) => tools.some(({ manifest }) => manifest.models.includes(id))) : all;

it.skipIf(isOfOne)('there is a model in every folder of layers/models, and a tool uses it', () => {
  const used = catalog.flatMap(({ manifest }) => manifest.models);

  expect(all.map(({ id }) => id)).toEqual(readdirSync(join(root, 'layers', 'models')).sort());
  for (const { id } of all) expect(used).toContain(id);
});

const found = new Map(
  await Promise.all(models.map(async (card) => [card.id, await findModelFile(places, card)] as const)),
);

describe.each(models.map((card) => [card.id, card] as const))('the model %s', (id, card) => {
  const path = found.get(id) ?? '';
  const skip = !isCommitted(card) && skipUnless(path !== '', howToGet(card));

  it.skipIf(skip)('is the file that its card names', () => {
    const bytes = readFileSync(path);

    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.sha256);
  });

  it.skipIf(skip)('loads, with float32 inputs and outputs', async () => {
    const entry = catalog.find(({ manifest }) => manifest.models.includes(id));
    if (entry === undefined) throw new Error(`No tool uses ${id}`);

    const { inputs, outputs } = await engineFor(entry).describe(id);

    expect(outputs.length).toBeGreaterThan(0);
    expect([...inputs, ...outputs].map((it) => [it.name, it.isTensor ? it.type : 'not a tensor'])).toEqual(
      [...inputs, ...outputs].map(({ name }) => [name, 'float32']),
    );
  });

  it('is made here by training/train.sh, or its source says where it comes from', () => {
    const isMadeHere = existsSync(join(folder(id), 'training', 'train.sh'));

    expect(isMadeHere || card.source !== undefined).toBe(true);
  });

  it('has a licence that model.json names', () => {
    expect(card.licence).toMatch(/^[A-Za-z0-9.+-]+$/);
  });

  const file = join('layers', 'models', id, 'CARD.md');
  if (!existsSync(join(root, file))) {
    it('brings its card, CARD.md', () => {
      throw new Error(`${file} is missing: it is the model’s card (CONTRIBUTING, “Add a model”)`);
    });
    return;
  }
  const text = readFileSync(join(root, file), 'utf8');

  it('has a card with its version and digest, and what it is not for', () => {
    expect(text).toMatch(new RegExp(`^# ${id} ${card.version.replaceAll('.', '\\.')}$`, 'm'));
    expect(text).toContain(card.sha256);
    expect(text).toMatch(/not for clinical use/i);
  });

  it.each(headingsOf(card))('has a card with content under “%s”', (heading) => {
    expect(sectionOf(text, heading)?.trim()).toMatch(/\S.{20}/s);
  });

  it('names its licence in its card', () => {
    expect(sectionOf(text, 'Licence')).toContain(card.licence);
  });

  if (card.source === undefined) {
    it('has figures with intervals, and shows failures', () => {
      const picture = /!\[[^\]]+\]\(([^)]+)\)/.exec(sectionOf(text, 'Failures') ?? '')?.[1];

      expect(sectionOf(text, 'Figures')).toContain('95 %');
      expect(picture && existsSync(join(folder(id), picture))).toBe(true);
    });
  }
});

describe.each(tools.flatMap(({ manifest: { id, models } }) => models.map((model) => [id, model] as const)))(
  'the tool %s and its model %s',
  (id, model) => {
    const entry = tools.find(({ manifest }) => manifest.id === id);
    const card = entry?.models.find((one) => one.id === model);
    const isHere = card !== undefined && found.get(model) !== undefined;
    const skip = card !== undefined && !isCommitted(card) && skipUnless(isHere, howToGet(card));

    it.skipIf(skip)('know each other by name: the model, its inputs and one of its outputs', async () => {
      if (entry === undefined) throw new Error(`There is no tool ${id}`);
      const code = codeOf(join(root, 'tools', id));
      const names = (name: string): boolean =>
        new RegExp(`(?<![\\w-])${name.replaceAll(/\W/g, '\\$&')}(?![\\w-])`).test(code);

      const { inputs, outputs } = await engineFor(entry).describe(model);

      expect(
        [model, ...inputs.map(({ name }) => name)].filter((name) => !names(name)),
        `the code of tools/${id} does not name them`,
      ).toEqual([]);
      expect(
        outputs.map(({ name }) => name).some(names),
        `the code of tools/${id} names none of ${outputs.map(({ name }) => name).join(', ')}`,
      ).toBe(true);
    });
  },
);

/** What the tool's own files say, comments left out. */
function codeOf(path: string): string {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(path, name), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''))
    .join('\n');
}
