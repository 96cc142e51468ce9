/** Finds tools and models by their folders. There is no list of tools: `tools/<id>/manifest.json` alone makes a tool known. */
import { access, readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { ConfigurationError, HilumError } from '#core/errors.ts';
import type { ImageProcessingTool } from '#core/tool.ts';
import {
  type ModelCard,
  ModelCardSchema,
  type ToolEntry,
  type ToolManifest,
  ToolManifestSchema,
} from '#core/tool-manifest.ts';

const TOOLS = 'tools';
const MODELS = join('layers', 'models');
const PROGRAMS = ['tool.mjs', 'tool.js', 'tool.ts'];

/**
 * All tools below `root` with their models' cards, sorted by id. Reads only manifests and cards, no code and no weights.
 *
 * @param root the folder that holds `tools/` and `layers/models/`: the clone, or a Lambda's task root
 * @throws ConfigurationError naming file and field if a manifest or a card is wrong or a model's folder is missing
 */
export async function loadCatalog(root: string): Promise<readonly ToolEntry[]> {
  const models = new Map((await loadModels(root)).map((card) => [card.id, card]));
  const manifests = await readFolders(root, TOOLS, 'manifest.json', ToolManifestSchema);
  return manifests.map((manifest) => ({
    manifest,
    models: manifest.models.map((id) => modelOf(manifest, id, models)),
  }));
}

/**
 * All model cards below `root`, sorted by id.
 *
 * @throws ConfigurationError naming file and field if a card is wrong
 */
export function loadModels(root: string): Promise<readonly ModelCard[]> {
  return readFolders(root, MODELS, 'model.json', ModelCardSchema);
}

/**
 * Loads a tool's code: `tools/<id>/tool.ts` in a clone, `tool.js` in the package, `tool.mjs` in a bundle.
 *
 * @throws ConfigurationError if there is no such file, or it does not load, or it does not export `createTool(entry)`; the
 *   message says what is wrong and where
 */
export async function loadTool(root: string, entry: ToolEntry): Promise<ImageProcessingTool> {
  const folder = join(root, TOOLS, entry.manifest.id);
  const present = await Promise.all(PROGRAMS.map((name) => isThere(join(folder, name))));
  const file = PROGRAMS[present.indexOf(true)];
  if (file === undefined) {
    throw new ConfigurationError(
      `The tool ${entry.manifest.id} has no code: add ${join(TOOLS, entry.manifest.id, 'tool.ts')}`,
    );
  }
  const shown = join(TOOLS, entry.manifest.id, file);
  try {
    const module: { readonly createTool?: (entry: ToolEntry) => ImageProcessingTool } = await import(
      pathToFileURL(join(folder, file)).href
    );
    if (typeof module.createTool !== 'function') {
      throw new ConfigurationError(`${shown} does not export createTool(entry)`);
    }
    return module.createTool(entry);
  } catch (cause) {
    if (cause instanceof HilumError) throw cause;
    throw new ConfigurationError(`${shown} cannot be loaded: ${loadFailure(cause, root)}`, { cause });
  }
}

/**
 * What the loader or the tool's module threw, as one line, and where. The text cannot quote a data set, because none has been
 * read yet.
 */
function loadFailure(error: unknown, root: string): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const [place] = /\/[^\s:()]+:\d+/.exec(error instanceof Error ? (error.stack ?? '') : '') ?? [];
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return `${line}${place === undefined ? '' : ` (${place})`}`.replaceAll(`${resolve(root)}${sep}`, '');
}

function modelOf(manifest: ToolManifest, id: string, models: ReadonlyMap<string, ModelCard>): ModelCard {
  const card = models.get(id);
  if (card === undefined) {
    const file = join(TOOLS, manifest.id, 'manifest.json');
    throw new ConfigurationError(`${file}: models names ${id}, but there is no ${join(MODELS, id, 'model.json')}`);
  }
  return card;
}

/** The validated descriptions `<folder>/<id>/<name>`. Folders without one are skipped (shared code, unfinished work). */
async function readFolders<Description extends { readonly id: string }>(
  root: string,
  folder: string,
  name: string,
  schema: z.ZodType<Description>,
): Promise<readonly Description[]> {
  const ids = (await isThere(join(root, folder))) ? (await readdir(join(root, folder))).sort() : [];
  const found: Description[] = [];
  for (const id of ids) {
    const file = join(root, folder, id, name);
    if (!(await isThere(file))) continue;
    const description = await readDescription(file, relative(root, file), schema);
    if (description.id !== id) {
      throw new ConfigurationError(`${relative(root, file)}: id is ${description.id}, but its folder is named ${id}`);
    }
    found.push(description);
  }
  return found;
}

async function readDescription<Description>(
  path: string,
  shownPath: string,
  schema: z.ZodType<Description>,
): Promise<Description> {
  const text = await readFile(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigurationError(`${shownPath} is not JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new ConfigurationError(`${shownPath}: ${faults.join('; ')}`, { cause: parsed.error });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw error;
  }
}
