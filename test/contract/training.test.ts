/**
 * Every model trained in this project is reproducible: a tiny run of its `training/train.sh` (few phantoms, few steps, quantisation) gives
 * the same bytes twice, with the inputs and outputs of the committed file, and touches neither card nor file.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadModels } from '#adapters/catalog/catalog.ts';
import { loadOnnxRuntime } from '#adapters/onnx/runtime.ts';
import { describeWith } from '../fixtures/lanes.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'hilum-training-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The smallest settings with which every training completes. */
const TINY = { TRAIN_PHANTOMS: '3', TRAIN_STEPS: '3' };
const LIMIT_MS = 600_000;

const ours = (await loadModels(root)).filter(({ source }) => source === undefined);

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Trains with the Node of this process. @throws Error with the last of what it said, where it fails */
function train(id: string, name: string): Promise<string> {
  const script = join(root, 'layers', 'models', id, 'training', 'train.sh');
  const out = join(folder, `${id}-${name}.onnx`);
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [script, scratch, out], {
      cwd: folder,
      env: { ...process.env, ...TINY, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 && existsSync(out)) resolve(out);
      else reject(new Error(`train.sh of ${id} ended with ${code}:\n${Buffer.concat(said).toString().slice(-2000)}`));
    });
  });
}

/** Names and shapes; a dimension of variable length is given by its name. */
async function interfaceOf(path: string): Promise<unknown> {
  const { InferenceSession } = await loadOnnxRuntime();
  const { inputMetadata, outputMetadata } = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const told = (metadata: typeof inputMetadata) =>
    metadata.map((one) => [one.name, one.isTensor ? one.type : '', one.isTensor ? one.shape : []]);
  return { inputs: told(inputMetadata), outputs: told(outputMetadata) };
}

describeWith(['torch', 'training'], 'a tiny run of the training', () => {
  it.each(ours.map(({ id, file }) => [id, file] as const))(
    'of %s makes the same bytes twice, with the inputs and outputs of the committed file',
    async (id, file) => {
      const committed = join(root, 'layers', 'models', id, file);
      const card = join(root, 'layers', 'models', id, 'model.json');
      const before = [committed, card].map(digestOf);

      const [first, second] = [await train(id, 'first'), await train(id, 'second')];

      expect(digestOf(second)).toBe(digestOf(first));
      expect(await interfaceOf(first)).toEqual(await interfaceOf(committed));
      expect([committed, card].map(digestOf)).toEqual(before);
    },
    LIMIT_MS,
  );
});
