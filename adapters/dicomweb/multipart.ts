/** Reads and writes multipart/related streams as DICOMweb uses them (PS3.18 8.6, RFC 2387, RFC 2046 5.1). */
import { ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';

/** One part of a multipart message. Header names are lower case. */
export interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

/** A part whose bytes are still to come. The next part begins where they were read to. */
export interface StreamedPart extends Omit<Part, 'bytes'> {
  readonly body: AsyncGenerator<Uint8Array>;
}

/** Limits that are checked before memory is allocated for a server's answer. */
export interface MultipartLimits {
  readonly maxHeaderBytes: number;
  readonly maxPartBytes: number;
}

/** Enough for vendors' headers and for the largest DICOM file that is read into one buffer. */
const DEFAULT_LIMITS: MultipartLimits = { maxHeaderBytes: 16 * 1024, maxPartBytes: 1024 ** 3 };

const CRLF = '\r\n';
const HEADERS_END = Buffer.from(CRLF + CRLF);

/**
 * The boundary in a Content-Type header, quoted or not.
 *
 * @throws ArchiveRequestError if the header is not multipart/related with a boundary of 1 to 70 characters
 */
export function boundaryOf(contentType: string | undefined): string {
  const [mediaType = '', ...parameters] = splitParameters(contentType ?? '');
  const boundary = parameters.map(parseParameter).find(([name]) => name === 'boundary')?.[1];
  if (mediaType.trim().toLowerCase() !== 'multipart/related' || !boundary || boundary.length > 70)
    throw new ArchiveRequestError('The archive did not answer with multipart/related');
  return boundary;
}

/** Splits at semicolons outside quoted strings. It is a loop because a regular expression would be quadratic. */
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
 * The parts of a multipart stream, one at a time. Chunk boundaries of the stream do not matter.
 *
 * @throws ArchiveUnavailableError if the stream ends before the closing delimiter: the sender or the connection failed
 * @throws ArchiveRequestError if a part exceeds a limit
 */
export async function* readMultipart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits = DEFAULT_LIMITS,
): AsyncGenerator<Part> {
  for await (const { headers, body: pieces } of streamMultipart(body, boundary, limits))
    yield { headers, bytes: Buffer.concat(await Array.fromAsync(pieces)) };
}

/** The same, without a whole part in memory. What the caller did not ask for of a part is skipped. */
export async function* streamMultipart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits = DEFAULT_LIMITS,
): AsyncGenerator<StreamedPart> {
  const delimiter = Buffer.from(`${CRLF}--${boundary}`);
  // The body may begin with the first delimiter without its CRLF, so a CRLF is put before the stream.
  const reader = new StreamReader(body, Buffer.from(CRLF));
  try {
    await reader.until(delimiter, limits.maxHeaderBytes);
    for (;;) {
      if ((await reader.peek(2)) === '--') return await reader.drain();
      // The CRLF that ends the delimiter's line is kept, so that the end of empty headers is CRLF CRLF too.
      const headers = parseHeaders(await reader.until(HEADERS_END, limits.maxHeaderBytes));
      const pieces = reader.upTo(delimiter, limits.maxPartBytes);
      yield { headers, body: pieces };
      while (!(await pieces.next()).done);
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

/** Splits a stream at byte sequences. Bytes are copied once, into the result; only the seams between chunks twice. */
class StreamReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Bytes that were read from the stream but not returned yet. */
  #pending: Buffer;

  constructor(chunks: AsyncIterable<Uint8Array>, prefix: Buffer) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#pending = prefix;
  }

  /** All bytes before `needle`. Consumes `needle` too. */
  async until(needle: Buffer, limit: number): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this.upTo(needle, limit)));
  }

  /** The same, in pieces as they come. */
  async *upTo(needle: Buffer, limit: number): AsyncGenerator<Uint8Array> {
    let size = 0;
    const settled = (piece: Buffer): Buffer => {
      size += piece.length;
      if (size > limit)
        throw new ArchiveRequestError(`The archive sent a part of more than ${limit} bytes`, { facts: { limit } });
      return piece;
    };
    for (;;) {
      const at = this.#pending.indexOf(needle);
      if (at >= 0) {
        const last = settled(this.#pending.subarray(0, at));
        this.#pending = this.#pending.subarray(at + needle.length);
        yield last;
        return;
      }
      // The last bytes may be the beginning of the needle; they form a seam with the first bytes of the next chunk.
      const seam = Math.max(0, this.#pending.length - needle.length + 1);
      yield settled(this.#pending.subarray(0, seam));
      const [rest, next] = [this.#pending.subarray(seam), await this.#next()];
      const across = Buffer.concat([rest, next.subarray(0, needle.length - 1)]).includes(needle);
      if (across || next.length < needle.length) this.#pending = Buffer.concat([rest, next]);
      else {
        this.#pending = next;
        yield settled(rest);
      }
    }
  }

  /** The next characters, without consuming them. */
  async peek(length: number): Promise<string> {
    while (this.#pending.length < length) this.#pending = Buffer.concat([this.#pending, await this.#next()]);
    return this.#pending.toString('latin1', 0, length);
  }

  /** Reads and discards the epilogue, so that the connection can be reused. */
  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }

  /** Releases the stream, even if it was not read to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new ArchiveUnavailableError("The archive's answer ended before it was complete");
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

/** A multipart body of `application/dicom` parts for a chunked request. The parts are not copied. */
export function* writeMultipart(files: Iterable<Uint8Array>, boundary: string): Generator<Uint8Array> {
  for (const file of files) {
    yield Buffer.from(`--${boundary}${CRLF}Content-Type: application/dicom${CRLF}${CRLF}`);
    yield file;
    yield Buffer.from(CRLF);
  }
  yield Buffer.from(`--${boundary}--${CRLF}`);
}
