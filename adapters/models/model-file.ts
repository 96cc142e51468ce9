/** Finds a model's file: in the model's folder or, for models that are not committed, in a local folder. */
import { createHash } from 'node:crypto';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import type { ModelCard, ToolEntry } from '#core/tool-manifest.ts';

/** The folder with one folder per model, below the folder that also holds `tools/`. */
export const modelsDirOf = (root: string): string => join(root, 'layers', 'models');

export interface ModelPlaces {
  /** The folder that holds one folder per model (`layers/models`). */
  readonly modelsDir: string;
  /** The same of the models that are fetched, where they may not be put beside the committed ones (a package). */
  readonly fetchedDir?: string;
  /** A folder in which models that are not committed are looked for too, under any name (HILUM_MODELS_DIR). */
  readonly localFolder?: string | undefined;
}

/** The path where `hilum models pull` puts a model's file, and where a bundle takes it from. */
export function modelPath({ modelsDir, fetchedDir = modelsDir }: ModelPlaces, { id, file, source }: ModelCard): string {
  return join(source?.url === undefined ? modelsDir : fetchedDir, id, file);
}

/**
 * The path of a model's file; undefined if it is not on this machine. The digest of a file in the model's own folder is not
 * checked here but before its first use. A file in the local folder is recognised by its digest.
 *
 * @throws ConfigurationError if the local folder cannot be read
 */
export async function findModelFile(places: ModelPlaces, card: ModelCard): Promise<string | undefined> {
  const path = modelPath(places, card);
  if (await isThere(path)) return path;
  return places.localFolder === undefined ? undefined : findLocally(places.localFolder, card);
}

/** The cards of a tool's models whose files are not on this machine. */
export async function missingModels({ models }: ToolEntry, places: ModelPlaces): Promise<readonly ModelCard[]> {
  const paths = await Promise.all(models.map((card) => findModelFile(places, card)));
  return models.filter((_, index) => paths[index] === undefined);
}

/** A sentence that says how to get a model that is not on this machine. */
export function howToGet({ id, file, licence, source }: ModelCard): string {
  if (source === undefined)
    return `The file ${file} of the model ${id} is missing. It is part of the checkout: restore it.`;
  const host = new URL(source.url).host;
  return (
    `The model ${id} is not on this machine: \`hilum models pull ${id}\` fetches it from ${host} ` +
    `(${source.sizeBytes} bytes, licence ${licence}); where HILUM_MODELS_DIR names a folder that has it, it is taken from there.`
  );
}

/** SHA-256 (hex) of a file. */
export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** The file in the folder with the model's digest. Sizes are compared first, so that other large files are not read. */
async function findLocally(folder: string, { sha256, source }: ModelCard): Promise<string | undefined> {
  if (source === undefined) return undefined;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const { size } = await stat(path);
    if (size === source.sizeBytes && (await sha256Of(path)) === sha256) return path;
  }
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    throw new ConfigurationError(`HILUM_MODELS_DIR names ${folder}, which is not a readable folder`, { cause });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
