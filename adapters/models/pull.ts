/**
 * Fetches or copies the file of a model that is not committed. It is fetched over https only, with limits on size and time,
 * and put in place only if its digest is right.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelDigestError, ModelSourceError, SystemRefusalError } from '#core/errors.ts';
import type { ModelCard } from '#core/tool-manifest.ts';
import { atPath, systemRefusal } from '../system-refusal.ts';
import { proveWritable } from '../writable-folder.ts';
import { findModelFile, howToGet, type ModelPlaces, modelPath, sha256Of } from './model-file.ts';

const MAX_REDIRECTS = 5;
/** A download's time limit is its size at this speed, but never shorter than this wait. */
const LEAST_BYTES_PER_SECOND = 50_000;
const LEAST_WAIT_MS = 60_000;

export interface PullOptions extends ModelPlaces {
  /** Node's `fetch`, or a test's replacement. */
  readonly fetch: (
    url: string,
    options: { readonly redirect: 'manual'; readonly signal: AbortSignal },
  ) => Promise<Response>;
}

/**
 * Puts a model's file in its folder. A file with the right digest is kept. Otherwise the file is copied from the local folder
 * if it is there, else fetched, and replaces a wrong one.
 *
 * @throws ModelSourceError if it cannot be fetched or copied: no answer, an error, another size, a redirect away from https,
 *   no file
 * @throws ModelDigestError if the obtained file does not have the SHA-256 on the card
 * @throws ConfigurationError if the local folder cannot be read
 * @throws SystemRefusalError if the model's folder cannot be written
 */
export async function pullModel(card: ModelCard, options: PullOptions): Promise<'present' | 'copied' | 'fetched'> {
  const path = modelPath(options, card);
  const found = await findModelFile(options, card);
  if (found === path && (await sha256Of(path)) === card.sha256) return 'present';
  const local = found === path ? undefined : found;
  // Tested before the download, which could not be saved otherwise.
  proveWritable(dirname(path));
  const bytes = local === undefined ? await fetchModel(card, options) : await readLocal(local, card);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== card.sha256) {
    throw new ModelDigestError(
      `The file obtained for the model ${card.id} has SHA-256 ${sha256.slice(0, 12)}…, but its card says ${card.sha256.slice(0, 12)}…: it was discarded`,
      { facts: { model: card.id, expected: card.sha256, found: sha256 } },
    );
  }
  await atPath(path, () => putInPlace(path, bytes));
  return local === undefined ? 'fetched' : 'copied';
}

/** Replaces the file atomically: a concurrent reader sees either the whole old file or the whole new one. */
async function putInPlace(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  try {
    const file = await open(part, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function readLocal(path: string, card: ModelCard): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const known = systemRefusal(cause, path);
    const why = known instanceof SystemRefusalError ? known.message : `${path} cannot be read.`;
    throw new ModelSourceError(`The model ${card.id} cannot be copied: ${why}`, {
      cause,
      facts: { model: card.id },
    });
  }
}

async function fetchModel(card: ModelCard, { fetch }: PullOptions): Promise<Uint8Array> {
  const { id, source } = card;
  if (source === undefined || !('url' in source)) throw new ModelSourceError(howToGet(card), { facts: { model: id } });
  const { url, sizeBytes } = source;
  const signal = AbortSignal.timeout(Math.max(LEAST_WAIT_MS, (sizeBytes / LEAST_BYTES_PER_SECOND) * 1000));
  try {
    return await readBody(
      card,
      sizeBytes,
      await followed(card, url, (target) => fetch(target, { redirect: 'manual', signal })),
    );
  } catch (cause) {
    if (cause instanceof ModelSourceError) throw cause;
    throw new ModelSourceError(`The model ${id} cannot be fetched: ${new URL(url).host} does not answer. ${OFFLINE}`, {
      cause,
      facts: { model: id },
    });
  }
}

const OFFLINE = 'Without access to that host, put the file in a folder and set HILUM_MODELS_DIR to the folder.';

function failure({ id }: ModelCard, why: string): ModelSourceError {
  return new ModelSourceError(`The model ${id} cannot be fetched: ${why}. ${OFFLINE}`, { facts: { model: id } });
}

/** Follows redirects, all of which must lead to https, and returns the final answer. */
async function followed(card: ModelCard, from: string, ask: (url: string) => Promise<Response>): Promise<Response> {
  let url = new URL(from);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await ask(url.href);
    if (response.ok) return response;
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) {
      throw failure(card, `${url.host} answers ${response.status}`);
    }
    const target = URL.parse(location, url.href);
    if (target?.protocol !== 'https:') throw failure(card, `${url.host} redirects to an address that is not https`);
    url = target;
  }
  throw failure(card, `it is behind more than ${MAX_REDIRECTS} redirects`);
}

/** Reads the body, whose size is known. A larger one is aborted, and a smaller one refused. */
async function readBody(card: ModelCard, sizeBytes: number, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > sizeBytes)
      throw failure(card, `the download is larger than the ${sizeBytes} bytes that its card names`);
    chunks.push(chunk);
  }
  if (length !== sizeBytes) throw failure(card, `the download has ${length} bytes, but its card says ${sizeBytes}`);
  return Buffer.concat(chunks);
}
