/**
 * Finds the file of a model: in the model's folder or, if the model is not committed, in a local folder or at the path that
 * its card names.
 */
import { createHash } from 'node:crypto';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import { isCommitted, type ModelCard, type ToolEntry } from '#core/tool-manifest.ts';
import { atPath } from '../system-refusal.ts';

/** The folder with one folder per model, below the folder that also holds `tools/`. */
export const modelsDirOf = (root: string): string => join(root, 'layers', 'models');

export interface ModelPlaces {
  /** The folder that holds one folder per model (`layers/models`). */
  readonly modelsDir: string;
  /** The same folder for fetched models, if they may not be put beside the committed ones (in a package). */
  readonly fetchedDir?: string;
  /** A further folder with models that are not committed, under any file name (HILUM_MODELS_DIR). */
  readonly localFolder?: string | undefined;
}

/** The path where `hilum models pull` puts a model's file, and where a bundle takes it from. */
export function modelPath({ modelsDir, fetchedDir = modelsDir }: ModelPlaces, card: ModelCard): string {
  return join(isCommitted(card) ? modelsDir : fetchedDir, card.id, card.file);
}

/**
 * The path of a model's file, or undefined if it is not on this machine. In the local folder, the model is recognised by its
 * digest. In the model's own folder and at the card's path, the digest is not checked here, but before the first use.
 *
 * @throws ConfigurationError if the local folder cannot be read
 */
export async function findModelFile(places: ModelPlaces, card: ModelCard): Promise<string | undefined> {
  const path = modelPath(places, card);
  if (await isThere(path)) return path;
  const local = places.localFolder === undefined ? undefined : await findLocally(places.localFolder, card);
  if (local !== undefined) return local;
  const elsewhere = sourcePath(places, card);
  return elsewhere !== undefined && (await isThere(elsewhere)) ? elsewhere : undefined;
}

/** The path that a card names as the source of its weights. A relative path begins at the clone. */
function sourcePath({ modelsDir }: ModelPlaces, { source }: ModelCard): string | undefined {
  return source && 'path' in source ? resolve(modelsDir, '..', '..', source.path) : undefined;
}

/** The cards of a tool's models whose files are not on this machine. */
export async function missingModels({ models }: ToolEntry, places: ModelPlaces): Promise<readonly ModelCard[]> {
  const paths = await Promise.all(models.map((card) => findModelFile(places, card)));
  return models.filter((_, index) => paths[index] === undefined);
}

/** A sentence that says how to get a model that is not on this machine. */
export function howToGet({ id, file, licence, source }: ModelCard): string {
  if (source !== undefined && 'path' in source) {
    return (
      `The model ${id} is not on this machine: its card names the file ${source.path}, which does not exist or cannot be read by this user. ` +
      'If the file is in another folder, set HILUM_MODELS_DIR to that folder.'
    );
  }
  if (source === undefined || !('url' in source))
    return `The file ${file} of the model ${id} is missing. It is part of the clone: restore it.`;
  const host = new URL(source.url).host;
  return (
    `The model ${id} is not on this machine: \`hilum models pull ${id}\` fetches it from ${host} ` +
    `(${source.sizeBytes} bytes, licence ${licence}), or copies it from the folder that HILUM_MODELS_DIR names.`
  );
}

/** SHA-256 (hex) of a file. */
export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await atPath(path, () => readFile(path)))
    .digest('hex');
}

/** The file in the folder with the model's digest. Size or name is compared first, so that large files are not read in vain. */
async function findLocally(folder: string, card: ModelCard): Promise<string | undefined> {
  if (isCommitted(card)) return undefined;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if ((await mayBe(path, card)) && (await sha256Of(path)) === card.sha256) return path;
  }
  return undefined;
}

async function mayBe(path: string, { file, source }: ModelCard): Promise<boolean> {
  if (source !== undefined && 'url' in source) return (await stat(path)).size === source.sizeBytes;
  const names = source !== undefined && 'path' in source ? [file, basename(source.path)] : [file];
  return names.includes(basename(path));
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
