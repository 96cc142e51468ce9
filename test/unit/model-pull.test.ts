/** Fetching a model that is not committed, from a loopback server instead of the card's host. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findModelFile, howToGet, type ModelPlaces } from '#adapters/models/model-file.ts';
import { type PullOptions, pullModel } from '#adapters/models/pull.ts';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { ConfigurationError, dispositionOf, ModelDigestError, ModelSourceError } from '#core/errors.ts';
import { isCommitted, type ModelCard, ModelCardSchema } from '#core/tool-manifest.ts';

const MODEL = Buffer.from('a model of thirty-one bytes, 31');
const HOST = 'https://models.example';

const card: ModelCard = {
  id: 'foreign',
  version: '1.0.0',
  file: 'foreign.onnx',
  sha256: createHash('sha256').update(MODEL).digest('hex'),
  source: { url: `${HOST}/model.onnx`, sizeBytes: MODEL.length, origin: 'somebody else' },
  licence: 'BSD-2-Clause',
  summary: 's',
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const serving =
  (body: Uint8Array): Answer =>
  (_, response) =>
    response.end(body);
const leading =
  (location: string): Answer =>
  (_, response) =>
    response.writeHead(302, { location }).end();

let modelsDir: string;
let asked: string[];
let answer: Answer;
const server = createServer((request, response) => answer(request, response));

/** Node's fetch with the card's host on the loopback interface; other hosts do not exist. */
const fetchHere: PullOptions['fetch'] = (url, options) => {
  asked.push(url);
  const { port } = server.address() as AddressInfo;
  return fetch(url.replace(HOST, `http://127.0.0.1:${port}`), options);
};
const pull = (localFolder?: string) => pullModel(card, { modelsDir, localFolder, fetch: fetchHere });
const inFolder = (): readonly string[] => readdirSync(join(modelsDir, card.id));

beforeEach(async () => {
  modelsDir = mkdtempSync(join(tmpdir(), 'hilum-models-'));
  await mkdir(join(modelsDir, card.id));
  asked = [];
  answer = serving(MODEL);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('puts it beside the committed ones or in the folder for fetched ones, and finds it there', async () => {
  const fetchedDir = mkdtempSync(join(tmpdir(), 'hilum-fetched-'));
  const places = { modelsDir, fetchedDir };

  expect(await pullModel(card, { ...places, fetch: fetchHere })).toBe('fetched');

  expect(inFolder()).toEqual([]);
  expect(readdirSync(join(fetchedDir, card.id))).toEqual([card.file]);
  expect(await findModelFile(places, card)).toBe(join(fetchedDir, card.id, card.file));
  expect(await findModelFile({ modelsDir }, card)).toBeUndefined();
});

describe('a model that is fetched', () => {
  it('is stored in its folder, and no other file is left there', async () => {
    const how = await pull();

    expect(how).toBe('fetched');
    expect(inFolder()).toEqual([card.file]);
    expect(readFileSync(join(modelsDir, card.id, card.file))).toEqual(MODEL);
  });

  it('is not fetched again', async () => {
    await pull();

    expect(await pull()).toBe('present');
    expect(asked).toHaveLength(1);
  });

  it('replaces a file with a wrong digest', async () => {
    writeFileSync(join(modelsDir, card.id, card.file), 'something else');

    expect(await pull()).toBe('fetched');
    expect(readFileSync(join(modelsDir, card.id, card.file))).toEqual(MODEL);
  });

  it('may be behind redirects', async () => {
    answer = (request, response) =>
      (request.url === '/model.onnx' ? leading('/elsewhere') : serving(MODEL))(request, response);

    expect(await pull()).toBe('fetched');
    expect(asked).toEqual([`${HOST}/model.onnx`, `${HOST}/elsewhere`]);
  });

  it('with another digest is not kept', async () => {
    answer = serving(Buffer.from(MODEL).fill(0));

    await expect(pull()).rejects.toBeInstanceOf(ModelDigestError);
    expect(inFolder()).toEqual([]);
  });

  it.each<[string, Answer, RegExp]>([
    ['is refused', (_, response) => response.writeHead(404).end(), /models\.example answers 404/],
    ['is larger than it says', serving(Buffer.alloc(MODEL.length + 1)), /larger than the 31 bytes/],
    ['never ends', (_, response) => void endless(response), /larger than the 31 bytes/],
    ['is smaller than it says', serving(MODEL.subarray(1)), /30 bytes, but its card says 31/],
    ['leads to http', leading('http://models.example/model.onnx'), /not https/],
    ['leads to a file', leading('file:///etc/passwd'), /not https/],
    ['leads in a circle', leading('/model.onnx'), /more than 5 redirects/],
    ['breaks off', (_, response) => response.destroy(), /models\.example does not answer/],
  ])('that %s is an error that says what to do, and nothing is kept', async (_what, given, message) => {
    answer = given;

    const error: unknown = await pull().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ModelSourceError);
    expect(String(error)).toMatch(message);
    expect(String(error)).toMatch(/HILUM_MODELS_DIR/);
    expect(dispositionOf(error)).toBe('retry');
    expect(inFolder()).toEqual([]);
  });
});

describe('a local folder', () => {
  let localFolder: string;
  beforeEach(() => {
    localFolder = mkdtempSync(join(tmpdir(), 'hilum-local-'));
    writeFileSync(join(localFolder, 'a-other.bin'), Buffer.from(MODEL).fill(7));
    writeFileSync(join(localFolder, 'b-under-any-name.bin'), MODEL);
  });

  it('provides the model by its digest, under any name, without network access', async () => {
    expect(await pull(localFolder)).toBe('copied');
    expect(readFileSync(join(modelsDir, card.id, card.file))).toEqual(MODEL);
    expect(asked).toEqual([]);
  });

  it('without the model changes nothing', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'hilum-local-'));

    expect(await pull(empty)).toBe('fetched');
  });

  it('that does not exist is a wrong setting', async () => {
    await expect(pull('/no/such/folder')).rejects.toThrow(/HILUM_MODELS_DIR names \/no\/such\/folder/);
    await expect(pull('/no/such/folder')).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('provides the model to the engine without a pull', async () => {
    expect(await findModelFile({ modelsDir, localFolder }, card)).toBe(join(localFolder, 'b-under-any-name.bin'));
    expect(inFolder()).toEqual([]);
  });
});

describe('a missing model', () => {
  it('is an error that says how to get it', async () => {
    writeFileSync(join(modelsDir, card.id, 'model.json'), JSON.stringify(card));
    const engine = createOnnxEngine({ modelsDir, threads: 1 });

    await expect(engine.run(card.id, {}, {})).rejects.toThrow(
      /`hilum models pull foreign.* from models\.example \(31 bytes, licence BSD-2-Clause\)/,
    );
    await expect(engine.run(card.id, {}, {})).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('and is part of the clone has to be restored', () => {
    const { source: _, ...committed } = card;

    expect(howToGet(committed)).toMatch(/restore it/);
  });
});

describe('weights that were trained elsewhere and lie on this machine', () => {
  const places = (): ModelPlaces => ({ modelsDir: join(share, 'checkout', 'layers', 'models') });
  const onShare = (path: string): ModelCard => ({ ...card, source: { path, sha256: card.sha256 } });
  const pullFrom = (path: string) => pullModel(onShare(path), { ...places(), fetch: fetchHere });
  let share: string;
  beforeEach(() => {
    share = mkdtempSync(join(tmpdir(), 'hilum-share-'));
    writeFileSync(join(share, 'weights.onnx'), MODEL);
  });

  it.each([
    ['absolute', () => join(share, 'weights.onnx')],
    ['relative, from the checkout', () => '../weights.onnx'],
  ])('are copied from the path of their card: %s', async (_what, path) => {
    expect(await findModelFile(places(), onShare(path()))).toBe(join(share, 'weights.onnx'));
    expect(await pullFrom(path())).toBe('copied');
    expect(readFileSync(join(places().modelsDir, card.id, card.file))).toEqual(MODEL);
    expect(await pullFrom(path())).toBe('present');
    expect(asked).toEqual([]);
  });

  it('are taken from HILUM_MODELS_DIR by name and digest, if the share is elsewhere', async () => {
    expect(await findModelFile({ ...places(), localFolder: share }, onShare('/mnt/gone/weights.onnx'))).toBe(
      join(share, 'weights.onnx'),
    );
    expect(await findModelFile({ ...places(), localFolder: share }, onShare('/mnt/gone/other.onnx'))).toBeUndefined();
  });

  it('are not put in place if they are missing or not those on the card', async () => {
    writeFileSync(join(share, 'weights.onnx'), 'others');

    await expect(pullFrom('../weights.onnx')).rejects.toBeInstanceOf(ModelDigestError);
    await expect(pullFrom('/mnt/gone/weights.onnx')).rejects.toThrow(
      /names the file \/mnt\/gone\/weights\.onnx, which does not exist or/,
    );
    await expect(pullFrom('..')).rejects.toThrow(/cannot be copied: .* cannot be read: it is a folder/);
    expect(howToGet(onShare('/mnt/gone/weights.onnx'))).toMatch(
      /names the file \/mnt\/gone\/weights\.onnx, which does not exist or.*HILUM_MODELS_DIR/,
    );
    expect(readdirSync(join(share))).toEqual(['weights.onnx']);
  });

  it('are committed if their card has only an origin', async () => {
    const committed: ModelCard = { ...card, source: { origin: 'A group, trained on its own data' } };

    expect([isCommitted(committed), isCommitted(onShare('x')), isCommitted(card)]).toEqual([true, false, false]);
    expect(howToGet(committed)).toMatch(/restore it/);
    await expect(pullModel(committed, { ...places(), fetch: fetchHere })).rejects.toThrow(/part of the clone/);
  });
});

describe('the card of a model', () => {
  it.each([
    [{ path: 'x.onnx' }, true],
    [{ path: 'x.onnx', sha256: card.sha256, origin: 'a group' }, true],
    [{ origin: 'a group' }, true],
    [{ path: 'x.onnx', sha256: 'b'.repeat(64) }, false],
    [{ path: '' }, false],
    [{ path: 'x.onnx', url: 'https://models.example/x.onnx' }, false],
    [{}, false],
  ])('may name the source of weights that were trained elsewhere: %j', (source, isLegal) => {
    expect(ModelCardSchema.safeParse({ ...card, source }).success).toBe(isLegal);
  });

  it.each([
    ['no https address', { url: 'http://models.example/model.onnx' }],
    ['no size', { sizeBytes: 0 }],
    ['a size beyond 4 GiB', { sizeBytes: 5 * 2 ** 30 }],
    ['something that nobody knows', { extra: 1 }],
  ])('with a source that has %s is refused', (_what, fault) => {
    expect(ModelCardSchema.safeParse({ ...card, source: { ...card.source, ...fault } }).success).toBe(false);
    expect(ModelCardSchema.safeParse(card).success).toBe(true);
  });
});

/** Writes until the reader goes away. */
function endless(response: ServerResponse): void {
  const write = (): void => {
    if (!response.destroyed) response.write(Buffer.alloc(4096), () => setImmediate(write));
  };
  write();
}
