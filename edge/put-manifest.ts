/** Puts the manifest that closes an upload, once everything that it names is in the bucket. */
import { MessageError, MissingChunkError, NewerFormatError } from '#core/errors.ts';
import { chunkKey, manifestKey } from '#pipeline/keys.ts';
import { encodeManifest, type Manifest, parseManifest } from '#pipeline/manifest.ts';
import type { CallOptions, ObjectStore } from '#pipeline/ports.ts';

/** Questions to the bucket at once. */
const AT_ONCE = 8;

/** Those of the chunks that are not in the bucket. */
export async function missingChunks(
  store: Pick<ObjectStore, 'exists'>,
  chunks: Iterable<string>,
  options?: CallOptions,
): Promise<readonly string[]> {
  const asked = [...new Set(chunks)];
  const missing: string[] = [];
  for (let from = 0; from < asked.length; from += AT_ONCE) {
    const some = asked.slice(from, from + AT_ONCE);
    const there = await Promise.all(some.map((chunk) => store.exists(chunkKey(chunk), options)));
    missing.push(...some.filter((_, index) => !there[index]));
  }
  return missing;
}

/**
 * Puts a manifest. One of the same revision that is in the bucket stays, so that the pipeline is not started again, unless `again`
 * asks for that, or a chunk that it names is gone: the same files may be packed into other chunks when they are put again.
 *
 * @throws MissingChunkError if a chunk has vanished since its series was looked at; the next attempt puts it again
 */
export async function putManifest(
  store: ObjectStore,
  manifest: Manifest,
  { again, ...options }: CallOptions & { readonly again: boolean },
): Promise<{ readonly key: string; readonly fresh: boolean }> {
  const { lane, StudyInstanceUID, revision, instances } = manifest;
  const key = manifestKey(lane, StudyInstanceUID, revision);
  const chunks = new Set(instances.map(({ chunk }) => chunk));
  const [missing] = await missingChunks(store, chunks, options);
  if (missing !== undefined)
    throw new MissingChunkError('A chunk has vanished from the bucket during the upload', {
      facts: { StudyInstanceUID, chunk: missing },
    });
  const bytes = encodeManifest(manifest);
  const put = (ifAbsent: boolean) => store.put(key, bytes, { ...options, ifAbsent, contentType: 'application/json' });
  const answer = await put(!again);
  if (answer === 'stored') return { key, fresh: true };
  const others = chunksIn(await store.get(key, options))?.filter((chunk) => !chunks.has(chunk));
  if (others !== undefined && (await missingChunks(store, others, options)).length === 0) return { key, fresh: false };
  await put(false);
  return { key, fresh: true };
}

/** The chunks that a manifest names; undefined if it is none. One of a newer version is not ours to replace. */
function chunksIn(bytes: Uint8Array | undefined): readonly string[] | undefined {
  if (bytes === undefined) return undefined;
  try {
    return parseManifest(bytes).instances.map(({ chunk }) => chunk);
  } catch (error) {
    if (error instanceof NewerFormatError) return [];
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}
