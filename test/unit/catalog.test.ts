import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { ConfigurationError } from '#core/errors.ts';
import { ToolManifestSchema, threadsFor, toolVersion } from '#core/tool-manifest.ts';

const manifest = {
  id: 'lung-nodule',
  version: '1.2.3',
  label: 'Lung nodules',
  purpose: 'p',
  inputs: 'i',
  outputs: 'o',
  limits: 'l',
  seriesNumber: 10_000,
  models: ['nodules'],
  selection: {
    image: 'volume',
    alternatives: [[{ attribute: 'Modality', in: ['CT'], reason: 'Not a CT' }]],
    take: 'best',
  },
  resources: { memoryMb: 3008, timeoutS: 60 },
};
const card = {
  id: 'nodules',
  version: '0.1.0',
  file: 'nodules.onnx',
  sha256: `abcdef01${'0'.repeat(56)}`,
  licence: 'Apache-2.0',
  summary: 's',
};

describe('the catalogue', () => {
  let root: string;
  const write = async (path: string, content: unknown): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hilum-catalog-'));
    await write('tools/lung-nodule/manifest.json', manifest);
    await write('layers/models/nodules/model.json', card);
  });

  it('finds tools by folder, with the cards of their models', async () => {
    await write('tools/shared/README.md', 'a folder without a manifest is no tool');
    await write('tools/brain/manifest.json', { ...manifest, id: 'brain', models: [] });

    const catalog = await loadCatalog(root);

    expect(catalog.map((entry) => entry.manifest.id)).toEqual(['brain', 'lung-nodule']);
    expect(catalog[1]?.models).toEqual([card]);
  });

  it('is empty if there are no tools', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'hilum-catalog-'));

    expect(await loadCatalog(empty)).toEqual([]);
  });

  it('gives a version that names semver, result format and every model', async () => {
    const [entry] = await loadCatalog(root);

    expect(entry && toolVersion(entry)).toMatch(/^1\.2\.3\+r\d+\.abcdef01$/);
  });

  it.each([
    ['tools/lung-nodule/manifest.json', { ...manifest, version: 'one' }, /manifest\.json: version: /],
    ['tools/lung-nodule/manifest.json', { ...manifest, colour: 'red' }, /manifest\.json: .*colour/],
    [
      'tools/lung-nodule/manifest.json',
      { ...manifest, id: 'other' },
      /id is other, but its folder is named lung-nodule/,
    ],
    ['tools/lung-nodule/manifest.json', { ...manifest, models: ['none'] }, /models names none/],
    ['tools/lung-nodule/manifest.json', '{', /manifest\.json is not JSON/],
    ['layers/models/nodules/model.json', { ...card, sha256: 'abc' }, /model\.json: sha256: /],
  ])('names the wrong file and field: %s', async (path, content, message) => {
    await write(path, content);

    await expect(loadCatalog(root)).rejects.toThrow(message);
    await expect(loadCatalog(root)).rejects.toBeInstanceOf(ConfigurationError);
  });

  const toolNamed = (prefix: string): string =>
    `export const createTool = ({ manifest: { id } }) => ({ name: '${prefix}' + id,
      versionId() {}, description() {}, canProcessImage() {}, process() {} });`;

  it('loads a checkout’s code, or a bundle’s code if there is one', async () => {
    const [entry] = await loadCatalog(root);
    if (entry === undefined) throw new Error('no entry');
    await write('tools/lung-nodule/tool.ts', toolNamed('source of '));
    const fromCheckout = await loadTool(root, entry);
    await write('tools/lung-nodule/tool.mjs', toolNamed('bundle of '));

    const fromBundle = await loadTool(root, entry);

    expect(fromCheckout.name).toBe('source of lung-nodule');
    expect(fromBundle.name).toBe('bundle of lung-nodule');
  });

  it('says what is missing if a tool has no code or the wrong exports', async () => {
    const [entry] = await loadCatalog(root);
    if (entry === undefined) throw new Error('no entry');
    await expect(loadTool(root, entry)).rejects.toThrow(/add tools\/lung-nodule\/tool\.ts/);
    await write('tools/lung-nodule/tool.ts', 'export const makeTool = () => 1;');

    await expect(loadTool(root, entry)).rejects.toThrow(/does not export createTool/);
  });

  it('gives a tool the threads of the CPU share that comes with its memory', () => {
    const threads = (memoryMb: number) =>
      threadsFor({
        manifest: ToolManifestSchema.parse({ ...manifest, resources: { memoryMb, timeoutS: 1 } }),
        models: [],
      });

    expect([512, 1769, 3008, 10_240].map(threads)).toEqual([1, 1, 2, 6]);
  });
});
