/** Loads the tool that is evaluated, with its models, in this process. */
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

/** The folder of models that are not committed: HILUM_MODELS_DIR, or else the one beside the real data. */
const localFolder = [HILUM_MODELS_DIR, join(dataFolder(), 'models')].find((folder) => folder && existsSync(folder));

/**
 * The manifest of a tool of this clone, with the cards of its models in `modelsDir`.
 *
 * @param modelsDir a folder with one folder per model, which holds `model.json`; another one to evaluate other weights
 * @throws Error if there is no such tool, or if a model's file is missing
 */
export async function entryOf(id: string, modelsDir: string = MODELS): Promise<ToolEntry> {
  const found = (await loadCatalog(ROOT)).find(({ manifest }) => manifest.id === id);
  if (found === undefined) throw new Error(`There is no tool ${id}`);
  const entry = { ...found, models: found.models.map((model) => cardIn(modelsDir, model)) };
  const missing = await missingModels(entry, { modelsDir, localFolder });
  if (missing.length > 0) throw new Error(missing.map(howToGet).join(' '));
  return entry;
}

/** Loads a tool of this clone; for `modelsDir` see `entryOf`. */
export async function toolUnderEvaluation(id: string, modelsDir: string = MODELS): Promise<ToolUnderEvaluation> {
  const entry = await entryOf(id, modelsDir);
  const engine = createOnnxEngine({ modelsDir, localFolder, threads: threadsFor(entry) });
  const context = { inputDigest: '0'.repeat(64), engine, signal: new AbortController().signal };
  return { entry, tool: await loadTool(ROOT, entry), engine, context };
}

function cardIn(modelsDir: string, { id }: ModelCard): ModelCard {
  return ModelCardSchema.parse(JSON.parse(readFileSync(join(modelsDir, id, 'model.json'), 'utf8')));
}
