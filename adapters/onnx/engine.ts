/** Runs models on the CPU with ONNX Runtime. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { ConfigurationError, ModelDigestError, ModelError, SystemRefusalError } from '#core/errors.ts';
import type { ExpectedShape, InferenceEngine, Tensor } from '#core/ports.ts';
import { type ModelCard, ModelCardSchema } from '#core/tool-manifest.ts';
import { findModelFile, howToGet, type ModelPlaces } from '../models/model-file.ts';
import { systemRefusal } from '../system-refusal.ts';
import { externalDataOf } from './external-data.ts';
import { modelError } from './reason.ts';
import { loadOnnxRuntime } from './runtime.ts';
import { checkInputs, checkOutputNames, expectedTensor } from './tensors.ts';

export interface OnnxEngineOptions extends ModelPlaces {
  /**
   * Threads of one operator, as given by `threadsFor` in `core/tool-manifest.ts`. It must be set: the CPU count that a
   * Lambda reports is wrong, and results with different thread counts may differ in the last bit.
   */
  readonly threads: number;
}

export interface OnnxEngine extends InferenceEngine {
  /** Loads a model before its first use. Throws the errors of `run`, and may be called again after one. */
  prepare(modelId: string): Promise<void>;
  /** Loads a model and returns its inputs and outputs. Throws the errors of `run`. */
  describe(modelId: string): Promise<ModelDescription>;
}

/** A model's inputs and outputs, by name. */
export interface ModelDescription {
  readonly inputs: InferenceSession['inputMetadata'];
  readonly outputs: InferenceSession['outputMetadata'];
}

/** One session per model and process. Sessions are never released, because creating and releasing them leaks memory. */
const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * An engine on ONNX Runtime's CPU provider. `run` blocks the event loop while the model computes.
 *
 * Its `run` throws ModelDigestError if the file's SHA-256 is not the card's, and ConfigurationError if the model or its card
 * cannot be read. It throws ModelError if the model cannot be loaded or run, with the runtime's reason, or if its inputs or
 * outputs do not fit the tool.
 */
export function createOnnxEngine({ threads, ...places }: OnnxEngineOptions): OnnxEngine {
  return {
    async prepare(modelId) {
      await sessionOf(modelId, places, threads);
    },
    async describe(modelId) {
      const { inputMetadata: inputs, outputMetadata: outputs } = await sessionOf(modelId, places, threads);
      return { inputs, outputs };
    },
    async run(modelId, inputs, expected): Promise<Readonly<Record<string, Tensor>>> {
      const session = await sessionOf(modelId, places, threads);
      checkInputs(modelId, session.inputMetadata, inputs);
      checkOutputNames(modelId, session.outputMetadata, Object.keys(expected));
      const outputs = await runSession(session, modelId, inputs);
      return Object.fromEntries(
        Object.entries<ExpectedShape>(expected).map(([name, shape]) => [
          name,
          expectedTensor(modelId, name, outputs[name], shape),
        ]),
      );
    },
  };
}

async function runSession(
  session: InferenceSession,
  modelId: string,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<InferenceSession.OnnxValueMapType> {
  const { Tensor: RuntimeTensor } = await loadOnnxRuntime();
  try {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape }]) => [name, new RuntimeTensor(data, [...shape])]),
    );
    return await session.run(feeds);
  } catch (thrown) {
    throw modelError(modelId, 'run', thrown);
  }
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
  checkFile(bytes, card);
  const { InferenceSession: Session } = await loadOnnxRuntime();
  try {
    return await Session.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Fatal errors only: any other error is thrown, and reported from there.
      logSeverityLevel: 4,
      // Threads that spin while they wait take CPU time from other programs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  } catch (thrown) {
    throw modelError(card.id, 'loaded', thrown);
  }
}

/**
 * Checks a file without the runtime. A Git LFS pointer is recognised before the digest is checked, which is always wrong for
 * it.
 *
 * @throws ModelError if the file cannot be a model, ModelDigestError if it is not the file that the card names
 */
function checkFile(bytes: Uint8Array, { id, file, sha256 }: ModelCard): void {
  const refuse = (why: string): never => {
    throw new ModelError('model-not-loadable', `The model ${id} cannot be loaded: ${why}`, { facts: { model: id } });
  };
  if (Buffer.from(bytes.subarray(0, LFS_POINTER.length)).toString('latin1') === LFS_POINTER) {
    refuse(`${file} is a Git LFS pointer and not the file itself. \`git lfs pull\` fetches the file.`);
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new ModelDigestError(
      `The file of model ${id} has SHA-256 ${found.slice(0, 12)}…, but its card says ${sha256.slice(0, 12)}…: restore the file that the card names, or write the SHA-256 of a new file into model.json`,
      { facts: { model: id, expected: sha256, found } },
    );
  }
  if (bytes.length === 0) refuse(`${file} is empty. Export it or copy it again.`);
  const external = externalDataOf(bytes);
  if (external !== undefined) {
    refuse(
      `it keeps weights in another file (external data, ${basename(external)}), which its digest does not cover. ` +
        'Save it as one file: `onnx.save(onnx.load(path), path)`.',
    );
  }
}

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

async function readCard(folder: string): Promise<ModelCard> {
  const model = basename(folder);
  const text = (await readNamed(join(folder, 'model.json'), model)).toString('utf8');
  try {
    return ModelCardSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ConfigurationError(`model.json of the model ${model} is not a valid model card`, {
      cause,
      facts: { model },
    });
  }
}

async function readNamed(path: string, model: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const known = systemRefusal(cause, `${basename(path)} of the model ${model}`);
    // Node reads at most 2 GiB at once, and a protobuf has no more.
    const isTooLarge = known instanceof Error && 'code' in known && known.code === 'ERR_FS_FILE_TOO_LARGE';
    const why = isTooLarge ? 'it is larger than 2 GiB, which ONNX in one file cannot be' : 'the system gives no reason';
    const message =
      known instanceof SystemRefusalError
        ? known.message
        : `${basename(path)} of the model ${model} cannot be read: ${why}`;
    throw new ConfigurationError(message, { cause, facts: { model } });
  }
}
