/**
 * Where chunks of a series wait on disk until the whole series is judged: what no tool takes never leaves the house, and
 * memory holds one chunk. The folder is the edge's alone (0700), its files are removed once uploaded, and at every start.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chunk, ManifestInstance } from './chunks.ts';

export interface SpooledChunk {
  readonly sha256: string;
  readonly instances: readonly ManifestInstance[];
}

export class Spool {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Removes what an earlier process left: the journal knows what of it was uploaded, the rest is read again. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  async put({ sha256, bytes, instances }: Chunk): Promise<SpooledChunk> {
    await writeFile(this.#file(sha256), bytes, { mode: 0o600 });
    return { sha256, instances };
  }

  take({ sha256 }: SpooledChunk): Promise<Uint8Array> {
    return readFile(this.#file(sha256));
  }

  async remove({ sha256 }: SpooledChunk): Promise<void> {
    await rm(this.#file(sha256), { force: true });
  }

  #file(sha256: string): string {
    return join(this.#folder, sha256);
  }
}
