import { join } from 'node:path';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { createOnnxEngine } from '#adapters/onnx/engine.ts';
import { ConfigurationError } from '#core/errors.ts';
import { threadsFor } from '#core/tool-manifest.ts';
import { InferEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { createServices, observed } from '../shared/services.ts';
import { makeHandler } from './handler.ts';
import { readyModels } from './ready.ts';

const root = import.meta.dirname;
const environment = readEnvironment(InferEnvironmentSchema, process.env);
const services = createServices(environment);
const entry = (await loadCatalog(root)).find(({ manifest }) => manifest.id === environment.HILUM_TOOL);
if (entry === undefined)
  throw new ConfigurationError(`HILUM_TOOL names ${environment.HILUM_TOOL}, which is not in this bundle.`);
const tool = await loadTool(root, entry);
const threads = threadsFor(entry);
const decoder = createDecoder({ threads });
const engine = createOnnxEngine({ modelsDir: join(root, 'layers', 'models'), threads });
await readyModels(entry.models, engine, services.observer);
const toolTimeoutMs = environment.HILUM_TOOL_TIMEOUT_S * 1000;

export const handler = observed(
  services.observer,
  makeHandler({ ...services, entry, tool, decoder, engine, toolTimeoutMs }),
);
