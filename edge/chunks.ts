/**
 * Chunks: instances laid end to end, about 16 MB each, named by their SHA-256. Few large objects are faster and cheaper
 * to store than thousands of small ones, and a name made of the content makes storing one twice harmless.
 */
import { createHash } from 'node:crypto';
import type { Manifest } from '#core/study/manifest.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';

export const CHUNK_BYTES = 16 * 1024 * 1024;

/** An instance's header with the place of its bytes, as the manifest lists it. */
export type ManifestInstance = Manifest['instances'][number];

/** One file on its way: its index and its Part 10 bytes. */
export interface IndexedFile {
  readonly instance: InstanceIndex;
  readonly bytes: Uint8Array;
}

export interface Chunk {
  readonly sha256: string;
  readonly bytes: Uint8Array;
  /** What lies in it, in order. */
  readonly instances: readonly ManifestInstance[];
}

/**
 * Seals files into chunks of at most `targetBytes`, in the order they come; a larger file makes a chunk of its own.
 * The same files in the same order make the same chunks.
 *
 * The memory of one chunk is taken once and used for all: a chunk's bytes are good until the next one is asked for.
 */
export async function* sealChunks(
  files: AsyncIterable<IndexedFile>,
  targetBytes: number = CHUNK_BYTES,
): AsyncGenerator<Chunk> {
  const memory = new Uint8Array(targetBytes);
  let open: InstanceIndex[] = [];
  let size = 0;
  for await (const { instance, bytes } of files) {
    if (size + bytes.length > targetBytes) {
      if (open.length > 0) yield seal(open, memory.subarray(0, size));
      open = [];
      size = 0;
    }
    if (bytes.length > targetBytes) yield seal([instance], bytes);
    else {
      memory.set(bytes, size);
      open.push(instance);
      size += bytes.length;
    }
  }
  if (open.length > 0) yield seal(open, memory.subarray(0, size));
}

function seal(files: readonly InstanceIndex[], bytes: Uint8Array): Chunk {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let offset = 0;
  const instances = files.map((instance) => {
    const entry: ManifestInstance = { ...instance, chunk: sha256, offset, length: instance.sizeBytes };
    offset += instance.sizeBytes;
    return entry;
  });
  return { sha256, bytes, instances };
}
