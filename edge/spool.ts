/**
 * Packs instances into chunks of about 16 MB, named by their SHA-256. Few large objects are faster and cheaper to store than
 * thousands of small ones. A name derived from the content makes it harmless to store a chunk twice.
 *
 * Chunks stay on disk until it is known whether a tool takes their series. Series that no tool takes are never uploaded, and
 * memory holds one file at a time, and none that is larger than `LARGE_BYTES`. Only the edge can read the folder (0700), and it is removed when the series is finished.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atPath } from '#adapters/system-refusal.ts';
import { IntegrityError } from '#core/errors.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { Manifest } from '#pipeline/manifest.ts';
import type { StoredFile } from '#pipeline/ports.ts';

const CHUNK_BYTES = 16 * 1024 * 1024;
/** Larger files go to the spool as they come, and to the bucket from there. */
export const LARGE_BYTES = CHUNK_BYTES;

/** An instance's header index with the place of its bytes, as listed in the manifest. */
export type ManifestInstance = Manifest['instances'][number];

/** One file: its header index and its Part 10 bytes. */
export interface IndexedFile {
  readonly instance: InstanceIndex;
  readonly bytes: Uint8Array;
}

/** A finished chunk in the spool. */
export interface SealedChunk {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Its instances, in order. */
  readonly instances: readonly ManifestInstance[];
}

/** Runs `work` with a new spool in `folder`, and removes the spool afterwards, even if `work` fails. */
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

/** Removes the spools of a killed process. The journal knows which chunks were uploaded; the rest is read again. */
export async function clearSpools(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Tests that the folder has room for a chunk.
 *
 * @throws SystemRefusalError if it has not, or cannot be written
 */
export async function proveRoom(folder: string, chunkBytes: number = CHUNK_BYTES): Promise<void> {
  await atPath(folder, () =>
    withSpool({ folder }, async ({ folder: own }) => {
      await writeFile(join(own, 'room'), new Uint8Array(chunkBytes), { mode: 0o600 });
    }),
  );
}

export class Spool {
  readonly folder: string;
  readonly #chunkBytes: number;
  #kept = 0;

  constructor(folder: string, chunkBytes: number = CHUNK_BYTES) {
    this.folder = folder;
    this.#chunkBytes = chunkBytes;
  }

  /**
   * Packs files into chunks, in order. A file that is larger than a chunk gets a chunk of its own. The same files in the same
   * order give the same chunks.
   */
  async seal(files: AsyncIterable<IndexedFile>): Promise<readonly SealedChunk[]> {
    const sealed: SealedChunk[] = [];
    let chunk: OpenChunk | undefined;
    try {
      for await (const file of files) {
        if (chunk !== undefined && chunk.sizeBytes + file.bytes.length > this.#chunkBytes) {
          sealed.push(await chunk.seal(this.folder));
          chunk = undefined;
        }
        chunk ??= await OpenChunk.create(this.folder);
        await chunk.append(file);
      }
      if (chunk !== undefined) sealed.push(await chunk.seal(this.folder));
      return sealed;
    } finally {
      await chunk?.close();
    }
  }

  /** Writes a large file, which is no chunk yet. */
  async keep(file: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    this.#kept += 1;
    const path = join(this.folder, `large-${this.#kept}`);
    const handle = await open(path, 'w', 0o600);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    try {
      for await (const piece of file) {
        await handle.writeFile(piece);
        hash.update(piece);
        sizeBytes += piece.length;
      }
    } finally {
      await handle.close();
    }
    return { path, sizeBytes, sha256: hash.digest('hex') };
  }

  /** Makes a kept file a chunk of its own. */
  async sealKept({ path, sizeBytes, sha256 }: StoredFile, instance: InstanceIndex): Promise<SealedChunk> {
    await rename(path, join(this.folder, sha256));
    return { sha256, sizeBytes, instances: [{ ...instance, chunk: sha256, offset: 0, length: sizeBytes }] };
  }

  async drop({ path }: StoredFile): Promise<void> {
    await rm(path);
  }

  fileOf({ sha256, sizeBytes }: SealedChunk): StoredFile {
    return { path: join(this.folder, sha256), sha256, sizeBytes };
  }

  /** The bytes of a chunk, read into `memory` if it is large enough. */
  async read({ sha256, sizeBytes }: SealedChunk, given: Uint8Array): Promise<Uint8Array> {
    const memory = sizeBytes <= given.length ? given : new Uint8Array(sizeBytes);
    const handle = await open(join(this.folder, sha256));
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

/** A chunk to which files can still be added. */
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

  /** Discards an unfinished chunk. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
