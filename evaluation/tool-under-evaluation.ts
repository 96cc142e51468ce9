/** The tool that an evaluation runs, with its models loaded, in this process. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { howToGet, missingModels } from '#adapters/models/model-file.ts';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import type { ImageProcessingTool, ProcessingContext } from '#core/tool.ts';
import { type ModelCard, ModelCardSchema, type ToolEntry, threadsFor } from '#core/tool-manifest.ts';
import { dataFolder } from '../localstack/parts.mjs';

const ROOT = join(import.meta.dirname, '..');
const MODELS = join(ROOT, 'layers', 'models');
const { HILUM_MODELS_DIR } = process.env;

export interface ToolUnderEvaluation {
  readonly entry: ToolEntry;
  readonly tool: ImageProcessingTool;
  readonly engine: ProcessingContext['engine'];
  readonly context: ProcessingContext;
}

/** Models that are never committed: in the folder that HILUM_MODELS_DIR names, else beside the real data. */
const localFolder = [HILUM_MODELS_DIR, join(dataFolder(), 'models')].find((folder) => folder && existsSync(folder));

/**
 * What is known of a tool of this checkout without loading it, with the cards of the models in `modelsDir`.
 *
 * @param modelsDir lies elsewhere where other weights are compared: a folder per model with its `model.json`
 * @throws Error where there is no such tool, or a model's file lies nowhere
 */
export async function entryOf(id: string, modelsDir: string = MODELS): Promise<ToolEntry> {
  const found = (await loadCatalog(ROOT)).find(({ manifest }) => manifest.id === id);
  if (found === undefined) throw new Error(`There is no tool ${id}`);
  const entry = { ...found, models: found.models.map((model) => cardIn(modelsDir, model)) };
  const missing = await missingModels(entry, { modelsDir, localFolder });
  if (missing.length > 0) throw new Error(missing.map(howToGet).join(' '));
  return entry;
}

/** Loads a tool of this checkout. `modelsDir` as for `entryOf`. */
export async function toolUnderEvaluation(id: string, modelsDir: string = MODELS): Promise<ToolUnderEvaluation> {
  const entry = await entryOf(id, modelsDir);
  const engine = createOnnxEngine({ modelsDir, localFolder, threads: threadsFor(entry) });
  const context = { inputDigest: '0'.repeat(64), engine, signal: new AbortController().signal };
  return { entry, tool: await loadTool(ROOT, entry), engine, context };
}

function cardIn(modelsDir: string, { id }: ModelCard): ModelCard {
  return ModelCardSchema.parse(JSON.parse(readFileSync(join(modelsDir, id, 'model.json'), 'utf8')));
}
