import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { externalDataOf } from '#adapters/onnx/external-data.ts';
import { runtimeReason } from '#adapters/onnx/reason.ts';
import { ConfigurationError, ModelDigestError, ModelError } from '#core/errors.ts';
import type { ExpectedShape, Tensor } from '#core/ports.ts';
import { DOUBLE_ONNX, NOT_FITTING, NOT_LOADABLE, X, Y } from '../fixtures/broken-models.ts';
import { sha256Of, thresholdOnnx, tinyOnnx } from '../fixtures/tiny-onnx.ts';

describe('the ONNX engine', () => {
  let modelsDir: string;
  const card = async (file: string, sha256: string, id = 'double'): Promise<void> => {
    const content = { id, version: '1.0.0', file, sha256, licence: 'Apache-2.0', summary: 'Doubles' };
    await mkdir(join(modelsDir, id), { recursive: true });
    await writeFile(join(modelsDir, id, 'model.json'), JSON.stringify(content));
  };
  const put = async (file: Buffer): Promise<void> => {
    await writeFile(join(modelsDir, 'double', 'double.onnx'), file);
    await card('double.onnx', sha256Of(file));
  };
  const engine = () => createOnnxEngine({ modelsDir, threads: 1 });

  beforeEach(async () => {
    modelsDir = await mkdtemp(join(tmpdir(), 'hilum-models-'));
    await mkdir(join(modelsDir, 'double'));
    await put(DOUBLE_ONNX);
  });

  it('runs a model whose file is the one its card names', async () => {
    const { y } = await engine().run('double', X, { y: [1, 'any'] });

    expect(y).toEqual({ data: new Float32Array([2, 5]), shape: [1, 2] });
  });

  it('accepts any size of an axis that the model leaves open', async () => {
    await put(thresholdOnnx(3));
    const image = { data: new Float32Array([2, 3, 4, 5, 6, 1]), shape: [1, 1, 2, 3] };

    const { mask } = await engine().run('double', { image }, { mask: [1, 1, 2, 3] });

    expect([...mask.data]).toEqual([0, 0, 1, 1, 1, 0]);
  });

  it.each([
    ['no name', ['', 2]],
    ['no shape', []],
  ])('accepts any size of an axis with %s', async (_what, shape) => {
    const [inputs, outputs] = [[{ name: 'x', shape }], [{ name: 'y', shape }]];
    await put(tinyOnnx({ inputs, outputs, nodes: [{ operator: 'Add', inputs: ['x', 'x'], outputs: ['y'] }] }));

    const { y } = await engine().run('double', { x: { data: new Float32Array(6), shape: [3, 2] } }, { y: [3, 2] });

    expect(y.shape).toEqual([3, 2]);
  });

  it('refuses a model with another file before it is loaded', async () => {
    await card('double.onnx', 'a'.repeat(64));

    await expect(engine().run('double', {}, Y)).rejects.toBeInstanceOf(ModelDigestError);
  });

  it('prepares a model for its first use, with the errors that running it would give', async () => {
    const prepared = engine();
    await prepared.prepare('double');
    await rm(join(modelsDir, 'double'), { recursive: true });

    await expect(prepared.run('double', X, Y)).resolves.toHaveProperty('y');
    await expect(prepared.prepare('triple')).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('takes the model once it is fixed', async () => {
    const fixed = engine();
    await card('none.onnx', 'a'.repeat(64));
    await expect(fixed.run('double', {}, Y)).rejects.toBeInstanceOf(ConfigurationError);
    await put(DOUBLE_ONNX);

    await expect(fixed.run('double', X, Y)).resolves.toHaveProperty('y');
  });

  it.each([
    ['that is not there', 'triple', /model\.json of the model triple cannot be opened: it does not exist/],
    ['that is a folder', 'folder', /folder\.onnx of the model folder cannot be read: it is a folder, where a file/],
    ['of more than a protobuf holds', 'huge', /huge\.onnx of the model huge cannot be read: it is larger than 2 GiB/],
    ['with a card that is none', 'broken', /model\.json of the model broken is not a valid model card/],
  ])('names a model %s, and no folder of this machine', async (_what, model, says) => {
    await mkdir(join(modelsDir, 'broken'));
    await writeFile(join(modelsDir, 'broken', 'model.json'), '{');
    await card('folder.onnx', 'a'.repeat(64), 'folder');
    await mkdir(join(modelsDir, 'folder', 'folder.onnx'));
    await card('huge.onnx', 'a'.repeat(64), 'huge');
    await writeFile(join(modelsDir, 'huge', 'huge.onnx'), '');
    // Without blocks on the disk.
    await truncate(join(modelsDir, 'huge', 'huge.onnx'), 2 ** 31 + 1);

    const error: unknown = await engine()
      .run(model, {}, {})
      .catch((it: unknown) => it);

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(says);
    expect(String(error)).not.toContain(basename(modelsDir));
  });

  it.each(NOT_LOADABLE)('says why it cannot load $what', async ({ file, code, says }) => {
    await put(file);

    for (const work of [engine().prepare('double'), engine().run('double', X, Y)]) {
      const error: unknown = await work.catch((it: unknown) => it);
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(says), facts: { model: 'double' } });
    }
  });

  it('recognises a Git LFS pointer before it checks the digest, which is always wrong for it', async () => {
    const [pointer] = NOT_LOADABLE.filter(({ what }) => what.includes('LFS'));
    await writeFile(join(modelsDir, 'double', 'double.onnx'), pointer?.file ?? '');

    await expect(engine().prepare('double')).rejects.toMatchObject({ code: 'model-not-loadable' });
  });

  it.each(NOT_FITTING)('says what does not fit: $what', async ({ file, inputs = X, expected = Y, code, says }) => {
    await put(file);

    const error: unknown = await engine()
      .run('double', inputs, expected)
      .catch((it: unknown) => it);

    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
  });

  it.each([
    ['no values', { shape: [1, 2] }],
    ['no shape', { data: new Float32Array(2) }],
    ['a list', { data: [1, 2], shape: [1, 2] }],
    ['other numbers', { data: new Float64Array(2), shape: [1, 2] }],
    ['nothing', null],
  ])('says of a tool that was not compiled that it gives %s for an input', async (_what, x) => {
    const inputs = { x } as unknown as Record<string, Tensor>;

    await expect(engine().run('double', inputs, Y)).rejects.toThrow(
      /given its input x in another form than \{ data: Float32Array, shape: number\[\] \}\. It takes x/,
    );
  });

  it('says of a tool that was not compiled that it expects an output without a shape', async () => {
    const expected = { y: 'any' } as unknown as Record<string, ExpectedShape>;

    await expect(engine().run('double', X, expected)).rejects.toThrow(
      /y of the model double is expected without a shape/,
    );
  });
});

describe('weights in another file', () => {
  const weights = [{ name: 'w', shape: [1], values: 'elsewhere.bin' }];
  const tiny = { inputs: [], outputs: [], nodes: [] };

  it.each([
    ['of a model that keeps them in itself', DOUBLE_ONNX, undefined],
    ['of a model with some elsewhere', tinyOnnx({ ...tiny, weights }), 'elsewhere.bin'],
    ['of what is no model', Buffer.alloc(64, 0xff), undefined],
    ['of an empty file', Buffer.alloc(0), undefined],
  ])('are found by name, or not: %s', (_what, file, name) => {
    expect(externalDataOf(file)).toBe(name);
  });
});

describe('the runtime’s reason', () => {
  it.each([
    [new Error('/src/onnxruntime/core/graph/model.cc:202 void f(int)  Unsupported\n version'), 'Unsupported version'],
    [new Error('cannot open "/home/jane/models/x.onnx" or C:\\models\\y.onnx'), 'cannot open "x.onnx" or y.onnx'],
    [new Error('\u001b[31mred'), '[31mred'],
    [new Error(''), 'the runtime gives no reason'],
    ['thrown as it is', 'thrown as it is'],
    [new Error('x'.repeat(2000)), `${'x'.repeat(499)}…`],
  ])('is one line without paths of this machine: %s', (thrown, reason) => {
    expect(runtimeReason(thrown)).toBe(reason);
  });
});
