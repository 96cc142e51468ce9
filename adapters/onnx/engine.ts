/** Runs models on the CPU with ONNX Runtime. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { ConfigurationError, ModelDigestError } from '#core/errors.ts';
import type { InferenceEngine, Tensor } from '#core/ports.ts';
import { type ModelCard, ModelCardSchema } from '#core/tool-manifest.ts';
import { findModelFile, howToGet, type ModelPlaces } from '../models/model-file.ts';
import { loadOnnxRuntime } from './runtime.ts';

export interface OnnxEngineOptions extends ModelPlaces {
  /**
   * Threads of one operator, as given by `threadsFor` in `core/tool-manifest.ts`. It must be set: the CPU count that a
   * Lambda reports is wrong, and results with different thread counts may differ in the last bit.
   */
  readonly threads: number;
}

export interface OnnxEngine extends InferenceEngine {
  /** Loads a model before its first use; throws what `run` would throw for it, which may try again. */
  prepare(modelId: string): Promise<void>;
}

/** One session per model and process. Sessions are never released, because creating and releasing them leaks memory. */
const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * An engine on ONNX Runtime's CPU provider. `run` blocks the event loop while the model computes.
 *
 * Its `run` throws ModelDigestError where the file's SHA-256 is not its card's, ConfigurationError where model or card
 * cannot be read, and whatever the runtime throws where the inputs do not fit the model.
 */
export function createOnnxEngine({ threads, ...places }: OnnxEngineOptions): OnnxEngine {
  return {
    async prepare(modelId) {
      await sessionOf(modelId, places, threads);
    },
    async run(modelId, inputs) {
      const session = await sessionOf(modelId, places, threads);
      const { Tensor: RuntimeTensor } = await loadOnnxRuntime();
      const outputs = await session.run(
        Object.fromEntries(
          Object.entries(inputs).map(([name, { data, shape }]) => [name, new RuntimeTensor(data, [...shape])]),
        ),
      );
      return Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [name, floatTensor(modelId, name, tensor)]),
      );
    },
  };
}

function sessionOf(modelId: string, places: ModelPlaces, threads: number): Promise<InferenceSession> {
  const key = [places.modelsDir, modelId, places.localFolder, threads].join('\n');
  const known = sessions.get(key);
  if (known !== undefined) return known;
  const created = createSession(modelId, places, threads);
  sessions.set(key, created);
  // The model may be repaired while the process runs, so a failure is not kept.
  created.catch(() => sessions.delete(key));
  return created;
}

async function createSession(modelId: string, places: ModelPlaces, threads: number): Promise<InferenceSession> {
  const card = await readCard(join(places.modelsDir, modelId));
  const path = await findModelFile(places, card);
  if (path === undefined) throw new ConfigurationError(howToGet(card), { facts: { model: card.id } });
  const bytes = await readNamed(path, card.id);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== card.sha256) {
    throw new ModelDigestError(
      `The file of model ${card.id} has SHA-256 ${sha256.slice(0, 12)}…, its card says ${card.sha256.slice(0, 12)}…: put the file back that the card names`,
      { facts: { model: card.id, expected: card.sha256, found: sha256 } },
    );
  }
  const { InferenceSession: Session } = await loadOnnxRuntime();
  return Session.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // Threads that spin while they wait take CPU time from other processes.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
}

async function readCard(folder: string): Promise<ModelCard> {
  const file = join(folder, 'model.json');
  const parsed = ModelCardSchema.safeParse(JSON.parse((await readNamed(file, folder)).toString('utf8')));
  if (!parsed.success) throw new ConfigurationError(`The model card ${file} is wrong`, { cause: parsed.error });
  return parsed.data;
}

async function readNamed(file: string, model: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ConfigurationError(`${file} of model ${model} cannot be read: is the model there?`, { cause });
  }
}

function floatTensor(modelId: string, name: string, { data, dims }: OnnxTensor): Tensor {
  if (!(data instanceof Float32Array)) {
    throw new ConfigurationError(
      `Output ${name} of model ${modelId} is not float32: export the model with float32 outputs`,
    );
  }
  return { data, shape: dims };
}
