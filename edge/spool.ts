/**
 * Chunks: instances laid end to end, about 16 MB each, named by their SHA-256. Few large objects are faster and cheaper
 * to store than thousands of small ones, and a name made of the content makes storing one twice harmless.
 *
 * They wait on disk until their series is judged: what no tool takes never leaves the house, and memory holds one file at a
 * time. The folder is the edge's alone (0700), and is gone when the series is done with.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { IntegrityError } from '#core/errors.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { Manifest } from '#pipeline/manifest.ts';

const CHUNK_BYTES = 16 * 1024 * 1024;

/** An instance's header with the place of its bytes, as the manifest lists it. */
export type ManifestInstance = Manifest['instances'][number];

/** One file on its way: its index and its Part 10 bytes. */
export interface IndexedFile {
  readonly instance: InstanceIndex;
  readonly bytes: Uint8Array;
}

/** A finished chunk in the spool. */
export interface SealedChunk {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What lies in it, in order. */
  readonly instances: readonly ManifestInstance[];
}

/** Gives `work` a spool of its own in `folder`, and removes it however that ends. */
export async function withSpool<T>(
  { folder, chunkBytes }: { readonly folder: string; readonly chunkBytes?: number | undefined },
  work: (spool: Spool) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(join(folder, 'series-'));
  try {
    return await work(new Spool(own, chunkBytes));
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Removes what a process left that was killed: the journal knows what of it was uploaded, the rest is read again. */
export async function clearSpools(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export class Spool {
  readonly #folder: string;
  readonly #chunkBytes: number;

  constructor(folder: string, chunkBytes: number = CHUNK_BYTES) {
    this.#folder = folder;
    this.#chunkBytes = chunkBytes;
  }

  /**
   * Seals files into chunks, in the order they come; a file that is larger than a chunk makes one of its own. The same
   * files in the same order make the same chunks.
   */
  async seal(files: AsyncIterable<IndexedFile>): Promise<readonly SealedChunk[]> {
    const sealed: SealedChunk[] = [];
    let chunk: OpenChunk | undefined;
    try {
      for await (const file of files) {
        if (chunk !== undefined && chunk.sizeBytes + file.bytes.length > this.#chunkBytes) {
          sealed.push(await chunk.seal(this.#folder));
          chunk = undefined;
        }
        chunk ??= await OpenChunk.create(this.#folder);
        await chunk.append(file);
      }
      if (chunk !== undefined) sealed.push(await chunk.seal(this.#folder));
      return sealed;
    } finally {
      await chunk?.close();
    }
  }

  /** The bytes of a chunk, read into `memory`, which must be large enough. */
  async read({ sha256, sizeBytes }: SealedChunk, memory: Uint8Array): Promise<Uint8Array> {
    const handle = await open(join(this.#folder, sha256));
    try {
      const { bytesRead } = await handle.read(memory, 0, sizeBytes, 0);
      if (bytesRead === sizeBytes) return memory.subarray(0, sizeBytes);
      throw new IntegrityError('A chunk in the spool is shorter than it was', {
        facts: { sha256, sizeBytes, bytesRead },
      });
    } finally {
      await handle.close();
    }
  }
}

/** A chunk that takes files still. */
class OpenChunk {
  static async create(folder: string): Promise<OpenChunk> {
    return new OpenChunk(await open(join(folder, OpenChunk.#FILE), 'w', 0o600));
  }

  static readonly #FILE = 'open';
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #files: InstanceIndex[] = [];
  sizeBytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async append({ instance, bytes }: IndexedFile): Promise<void> {
    await this.#handle.writeFile(bytes);
    this.#hash.update(bytes);
    this.#files.push(instance);
    this.sizeBytes += bytes.length;
  }

  async seal(folder: string): Promise<SealedChunk> {
    await this.#handle.close();
    const sha256 = this.#hash.digest('hex');
    await rename(join(folder, OpenChunk.#FILE), join(folder, sha256));
    let offset = 0;
    const instances = this.#files.map((instance) => {
      const entry: ManifestInstance = { ...instance, chunk: sha256, offset, length: instance.sizeBytes };
      offset += instance.sizeBytes;
      return entry;
    });
    return { sha256, sizeBytes: this.sizeBytes, instances };
  }

  /** For one that will not be finished. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
