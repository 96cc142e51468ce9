import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { ConfigurationError, ModelDigestError } from '#core/errors.ts';

/** An ONNX model of one node: y = x + x, both float32 of shape 1 × 2. */
const DOUBLE = Buffer.from(
  'CAg6PQoOCgF4CgF4EgF5IgNBZGQSAWdaEwoBeBIOCgwIARIICgIIAQoCCAJiEwoBeRIOCgwIARIICgIIAQoCCAJCAhAN',
  'base64',
);

describe('the ONNX engine', () => {
  let modelsDir: string;
  const write = async (file: string, sha256: string): Promise<void> => {
    const card = { id: 'double', version: '1.0.0', file, sha256, licence: 'Apache-2.0', summary: 'Doubles' };
    await writeFile(join(modelsDir, 'double', 'model.json'), JSON.stringify(card));
  };

  beforeEach(async () => {
    modelsDir = await mkdtemp(join(tmpdir(), 'hilum-models-'));
    await mkdir(join(modelsDir, 'double'));
    await writeFile(join(modelsDir, 'double', 'double.onnx'), DOUBLE);
    await write('double.onnx', createHash('sha256').update(DOUBLE).digest('hex'));
  });

  it('runs a model whose file matches its card', async () => {
    const engine = createOnnxEngine({ modelsDir, threads: 1 });

    const { y } = await engine.run('double', { x: { data: new Float32Array([1, 2.5]), shape: [1, 2] } });

    expect(y).toEqual({ data: new Float32Array([2, 5]), shape: [1, 2] });
  });

  it('refuses a model whose file does not match its card, before it is loaded', async () => {
    const engine = createOnnxEngine({ modelsDir, threads: 1 });
    await write('double.onnx', 'a'.repeat(64));

    await expect(engine.run('double', {})).rejects.toBeInstanceOf(ModelDigestError);
  });

  it('prepares a model, and refuses there what it would refuse to run', async () => {
    const engine = createOnnxEngine({ modelsDir, threads: 1 });
    await engine.prepare('double');
    await rm(join(modelsDir, 'double'), { recursive: true });

    await expect(engine.run('double', { x: { data: new Float32Array(2), shape: [1, 2] } })).resolves.toHaveProperty(
      'y',
    );
    await expect(engine.prepare('triple')).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('accepts the model once it is repaired', async () => {
    const engine = createOnnxEngine({ modelsDir, threads: 1 });
    await write('none.onnx', 'a'.repeat(64));
    await expect(engine.run('double', {})).rejects.toBeInstanceOf(ConfigurationError);
    await write('double.onnx', createHash('sha256').update(DOUBLE).digest('hex'));

    await expect(engine.run('double', { x: { data: new Float32Array(2), shape: [1, 2] } })).resolves.toHaveProperty(
      'y',
    );
  });

  it('names a missing model', async () => {
    const engine = createOnnxEngine({ modelsDir, threads: 1 });

    await expect(engine.run('triple', {})).rejects.toThrow(/model\.json of model .*triple/);
  });
});
