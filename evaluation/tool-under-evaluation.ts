/** The tool that an evaluation runs, with its models loaded, in this process. */
import { join } from 'node:path';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import type { ImageProcessingTool, ProcessingContext } from '#core/tool.ts';
import { type ToolEntry, threadsFor } from '#core/tool-manifest.ts';

const ROOT = join(import.meta.dirname, '..');

export interface ToolUnderEvaluation {
  readonly entry: ToolEntry;
  readonly tool: ImageProcessingTool;
  readonly engine: ProcessingContext['engine'];
  readonly context: ProcessingContext;
}

/** Loads a tool of this checkout. `modelsDir` lies elsewhere where other weights are compared. */
export async function toolUnderEvaluation(
  id: string,
  modelsDir: string = join(ROOT, 'layers', 'models'),
): Promise<ToolUnderEvaluation> {
  const entry = (await loadCatalog(ROOT)).find(({ manifest }) => manifest.id === id);
  if (entry === undefined) throw new Error(`There is no tool ${id}`);
  const engine = createOnnxEngine({ modelsDir, threads: threadsFor(entry) });
  const context = { inputDigest: '0'.repeat(64), engine, signal: new AbortController().signal };
  return { entry, tool: await loadTool(ROOT, entry), engine, context };
}
