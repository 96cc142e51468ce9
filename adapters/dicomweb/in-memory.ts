/** Decides of a file that is arriving whether it is read into memory. */

/** What becomes of files that are too large for memory. */
export interface LargeFiles {
  /** The largest file that is read into memory, bytes. */
  readonly over: number;
  /** Takes a larger file. */
  readonly keep: (file: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** The file; undefined if it is too large and was kept instead. */
export async function readOrKept(
  body: AsyncIterable<Uint8Array>,
  large: LargeFiles | undefined,
): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const rest = body[Symbol.asyncIterator]();
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    pieces.push(next.value);
    size += next.value.length;
    if (large === undefined || size <= large.over) continue;
    await large.keep(resumed(pieces, rest));
    return undefined;
  }
  return Buffer.concat(pieces, size);
}

async function* resumed(pieces: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces.splice(0);
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
