/** Finds tools and models by their folders. There is no list of tools: `tools/<id>/manifest.json` alone makes a tool known. */
import { access, readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
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
import { atPath } from '../system-refusal.ts';

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
    const tool = module.createTool(entry);
    const lacking = TOOL_MEMBERS.filter((member) => typeof tool?.[member] !== 'function');
    if (typeof tool?.name === 'string' && lacking.length === 0) return tool;
    const given = tool instanceof Promise ? 'a promise: it is not async' : `no tool: ${lackingIn(tool, lacking)}`;
    throw new ConfigurationError(`${shown}: createTool(entry) gives ${given}`);
  } catch (cause) {
    if (cause instanceof HilumError) throw cause;
    throw new ConfigurationError(`${shown} cannot be loaded: ${loadFailure(cause, root)}`, { cause });
  }
}

const TOOL_MEMBERS = ['versionId', 'description', 'canProcessImage', 'process'] as const;

/** What a tool's object lacks. The compiler would say so, but a developer need not run it. */
function lackingIn(tool: unknown, lacking: readonly string[]): string {
  if (typeof tool !== 'object' || tool === null) return `it returns ${tool === null ? 'null' : typeof tool}`;
  return lacking.length === 0 ? 'its name is no text' : `it lacks ${lacking.map((name) => `${name}()`).join(', ')}`;
}

/**
 * What the loader or the tool's module threw, as one line, and where. The text cannot quote a data set, because none has been
 * read yet.
 */
function loadFailure(error: unknown, root: string): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `it throws ${inspect(error, { depth: 1 })}`;
  const folder = `${resolve(root)}${sep}`;
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const place = placeBelow(folder, error);
  return `${line}${place === undefined ? '' : ` (${place})`}`.replaceAll(folder, '');
}

/** `tools/x/tool.ts:1`: the first place in the stack that lies below the folder. Places in Node's own loader would not help. */
function placeBelow(folder: string, error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const places = stack.match(/(?:file:\/\/)?\/[^\s()]+?:\d+/g) ?? [];
  const paths = places.map((place) => (place.startsWith('file:') ? fileURLToPath(place) : place));
  return paths.find((path) => path.startsWith(folder))?.slice(folder.length);
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
  const text = await atPath(shownPath, () => readFile(path, 'utf8'));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = text === '' ? 'it is empty' : cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`${shownPath} is not JSON: ${why}`, { cause });
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
