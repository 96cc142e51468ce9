/** multipart/related as DICOMweb uses it (PS3.18 8.6, RFC 2387, RFC 2046 5.1): read from a stream, written to a stream. */
import { ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';

/** One part of a multipart message. Header names are lower case. */
export interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

/** Checked before memory is taken for what a server sends. */
export interface MultipartLimits {
  readonly maxHeaderBytes: number;
  readonly maxPartBytes: number;
}

/** Room for vendors' headers, and for the largest DICOM file one buffer may hold with ease. */
const DEFAULT_LIMITS: MultipartLimits = { maxHeaderBytes: 16 * 1024, maxPartBytes: 1024 ** 3 };

const CRLF = '\r\n';
const HEADERS_END = Buffer.from(CRLF + CRLF);

/**
 * The boundary that a Content-Type header names, quoted or not.
 *
 * @throws ArchiveRequestError where the header is not multipart/related with a boundary of 1 to 70 characters
 */
export function boundaryOf(contentType: string | undefined): string {
  const [mediaType = '', ...parameters] = splitParameters(contentType ?? '');
  const boundary = parameters.map(parseParameter).find(([name]) => name === 'boundary')?.[1];
  if (mediaType.trim().toLowerCase() !== 'multipart/related' || !boundary || boundary.length > 70)
    throw new ArchiveRequestError('The archive did not answer with multipart/related');
  return boundary;
}

/** Splits at semicolons that stand outside quoted strings; a loop, for a pattern looks for the end of each quote anew. */
function splitParameters(value: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < value.length; i += 1) {
    if (isQuoted && value[i] === '\\') i += 1;
    else if (value[i] === '"') isQuoted = !isQuoted;
    else if (value[i] === ';' && !isQuoted) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, value.slice(start)];
}

function parseParameter(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=');
  const value = text.slice(equals + 1).trim();
  const unquoted = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
  return [text.slice(0, equals).trim().toLowerCase(), unquoted];
}

/**
 * The parts of a multipart stream, one at a time, wherever the stream is cut into chunks.
 *
 * @throws ArchiveUnavailableError where the stream ends before the closing delimiter: the sender or the connection died
 * @throws ArchiveRequestError where a part is over a limit
 */
export async function* readMultipart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits = DEFAULT_LIMITS,
): AsyncGenerator<Part> {
  const delimiter = Buffer.from(`${CRLF}--${boundary}`);
  // The first delimiter may open the body without the CRLF that belongs to it, so one is put before the stream.
  const reader = new StreamReader(body, Buffer.from(CRLF));
  try {
    await reader.until(delimiter, limits.maxHeaderBytes);
    for (;;) {
      if ((await reader.peek(2)) === '--') return await reader.drain();
      // The delimiter's own CRLF is left in place, so that a part without headers ends in CRLF CRLF too.
      const headers = parseHeaders(await reader.until(HEADERS_END, limits.maxHeaderBytes));
      yield { headers, bytes: await reader.until(delimiter, limits.maxPartBytes) };
    }
  } finally {
    await reader.close();
  }
}

function parseHeaders(block: Uint8Array): ReadonlyMap<string, string> {
  const lines = Buffer.from(block).toString('latin1').split(CRLF);
  return new Map(
    lines
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** Cuts a stream at byte sequences. Chunks are copied once, into what is handed out; only seams between them twice. */
class StreamReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What was read from the stream and not handed out. */
  #pending: Buffer;

  constructor(chunks: AsyncIterable<Uint8Array>, prefix: Buffer) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#pending = prefix;
  }

  /** Everything before `needle`, which is taken from the stream as well. */
  async until(needle: Buffer, limit: number): Promise<Uint8Array> {
    const pieces: Buffer[] = [];
    let size = 0;
    const settle = (piece: Buffer): void => {
      pieces.push(piece);
      size += piece.length;
      if (size > limit)
        throw new ArchiveRequestError(`The archive sent a part of more than ${limit} bytes`, { facts: { limit } });
    };
    for (;;) {
      const at = this.#pending.indexOf(needle);
      if (at >= 0) {
        settle(this.#pending.subarray(0, at));
        this.#pending = this.#pending.subarray(at + needle.length);
        return Buffer.concat(pieces, size);
      }
      // All is settled but the bytes that may be the needle's beginning: they make a seam with the next chunk's first.
      const seam = Math.max(0, this.#pending.length - needle.length + 1);
      settle(this.#pending.subarray(0, seam));
      const [rest, next] = [this.#pending.subarray(seam), await this.#next()];
      const across = Buffer.concat([rest, next.subarray(0, needle.length - 1)]).includes(needle);
      if (across || next.length < needle.length) this.#pending = Buffer.concat([rest, next]);
      else {
        settle(rest);
        this.#pending = next;
      }
    }
  }

  /** The next characters, left where they are. */
  async peek(length: number): Promise<string> {
    while (this.#pending.length < length) this.#pending = Buffer.concat([this.#pending, await this.#next()]);
    return this.#pending.toString('latin1', 0, length);
  }

  /** Reads the epilogue away, so that the connection can be used again. */
  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }

  /** Lets go of the stream, read to its end or not. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new ArchiveUnavailableError('The answer of the archive ended before it was complete');
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

/** A multipart body of `application/dicom` parts, for a chunked request: no copy of the parts is made. */
export function* writeMultipart(files: Iterable<Uint8Array>, boundary: string): Generator<Uint8Array> {
  for (const file of files) {
    yield Buffer.from(`--${boundary}${CRLF}Content-Type: application/dicom${CRLF}${CRLF}`);
    yield file;
    yield Buffer.from(CRLF);
  }
  yield Buffer.from(`--${boundary}--${CRLF}`);
}
