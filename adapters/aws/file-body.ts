/** A file as the body of a request. */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

const PIECE_BYTES = 64 * 1024;
/** A stream, a request and a socket together hold a handful of pieces at a time. The signature covers the content in any case. */
const PIECES = 64;

/** Reads the file into the same memory again and again: pieces of their own would be freed late, a hundred megabytes at a time. */
export function fileBody(path: string): Readable {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const handle = await open(path);
    const memory = Buffer.allocUnsafeSlow(PIECES * PIECE_BYTES);
    try {
      for (let number = 0; ; number = (number + 1) % PIECES) {
        const start = number * PIECE_BYTES;
        const { bytesRead } = await handle.read(memory, start, PIECE_BYTES);
        if (bytesRead === 0) return;
        yield memory.subarray(start, start + bytesRead);
      }
    } finally {
      await handle.close();
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES });
}
