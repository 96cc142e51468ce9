/** Records the models' inputs: each tool runs once on each suitable phantom, and each model's largest input is kept. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { findModelFile, missingModels } from '#adapters/models/model-file.ts';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { loadImage } from '#core/image/load.ts';
import type { ExpectedShape, InferenceEngine, Tensor } from '#core/ports.ts';
import { inputDigestOf } from '#core/study/revision.ts';
import { selectImages } from '#core/study/selection.ts';
import { type ToolEntry, threadsFor } from '#core/tool-manifest.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { places } from '../../test/fixtures/models.ts';
import { PHANTOM_STUDIES, type PhantomStudy } from '../../test/fixtures/phantom-studies.ts';

/** An input of one model, in files that both runtimes read. */
export interface ModelInput {
  readonly model: string;
  readonly phantom: string;
  readonly threads: number;
  readonly modelPath: string;
  /** JSON: `inputs`, a list of `{ name, shape, file }` whose files hold little-endian float32, and `expected` of `engine.run`. */
  readonly spec: string;
  /** For the report, e.g. `1 × 2 × 256 × 336`. */
  readonly shape: string;
}

/** Records the inputs into `folder`. Tools whose models are not on this machine are skipped with a message. */
export async function recordInputs(folder: string, say: (line: string) => void): Promise<readonly ModelInput[]> {
  const studies = Object.entries(PHANTOM_STUDIES).map(([name, make]) => ({ name, study: make() }));
  const found: ModelInput[] = [];
  for (const entry of await loadCatalog(ROOT)) {
    if ((await missingModels(entry, places)).length > 0) {
      say(`left out: ${entry.manifest.id}, for its model is not on this machine (bin/hilum models pull)`);
      continue;
    }
    for (const { name, study } of studies) {
      const inputs = await inputsOf(entry, study);
      for (const [model, asked] of inputs) {
        const card = entry.models.find(({ id }) => id === model);
        const modelPath = card && (await findModelFile(places, card));
        if (modelPath === undefined) continue;
        const spec = write(folder, `${model}-${name}`, asked);
        const shape = Object.values(asked.inputs).map((tensor) => tensor.shape.join(' × '));
        found.push({ model, phantom: name, threads: threadsFor(entry), modelPath, spec, shape: shape.join(', ') });
      }
    }
  }
  return found;
}

type Inputs = Readonly<Record<string, Tensor>>;

/** One call of the engine. */
interface Asked {
  readonly inputs: Inputs;
  readonly expected: Readonly<Record<string, ExpectedShape>>;
}

async function inputsOf(entry: ToolEntry, study: PhantomStudy): Promise<ReadonlyMap<string, Asked>> {
  const kept = new Map<string, Asked>();
  const { selected } = selectImages(entry.manifest.selection, study.images);
  if (selected.length === 0) return kept;
  const real = createOnnxEngine({ ...places, threads: threadsFor(entry) });
  const engine: InferenceEngine = {
    run(model, inputs, expected) {
      if (sizeOf(inputs) > sizeOf(kept.get(model)?.inputs ?? {})) kept.set(model, { inputs, expected });
      return real.run(model, inputs, expected);
    },
  };
  const decoder = createDecoder();
  const images = await Promise.all(selected.map((image) => loadImage(image, study.read, decoder)));
  const tool = await loadTool(ROOT, entry);
  const context = { inputDigest: inputDigestOf(selected), engine, signal: new AbortController().signal };
  await tool.process(images, context);
  return kept;
}

const sizeOf = (inputs: Inputs): number => Object.values(inputs).reduce((sum, { data }) => sum + data.length, 0);

function write(folder: string, name: string, { inputs, expected }: Asked): string {
  const listed = Object.entries(inputs).map(([input, { data, shape }]) => {
    const file = join(folder, `${name}-${input}.f32`);
    writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { name: input, shape, file };
  });
  const spec = join(folder, `${name}.json`);
  writeFileSync(spec, JSON.stringify({ inputs: listed, expected }));
  return spec;
}
