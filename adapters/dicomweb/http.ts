/**
 * HTTP to an archive, with Basic authentication, an idle timeout, and errors in Hilum's own classes. It is HTTP/1.1, because
 * HTTP/2 behind some proxies loses parts of long multipart answers. Error messages never quote the archive's answer: it may
 * hold patient data.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveDeniedError, ArchiveRequestError, ArchiveUnavailableError, ConfigurationError } from '#core/errors.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { abortSignalOf } from '../call.ts';

export interface ArchiveAccess {
  /** http or https, without credentials. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** How long the connection may be idle before the archive counts as unreachable; 60 s by default. */
  readonly timeoutMs?: number | undefined;
  /** Aborted, it ends every request that has no signal of its own. */
  readonly signal?: AbortSignal | undefined;
}

interface ArchiveRequest extends CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Relative to the archive's URL, without a leading slash. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  /** Sent with chunked transfer encoding. */
  readonly body?: Iterable<Uint8Array>;
  /** Statuses besides 2xx that the caller handles. */
  readonly expect?: readonly number[];
}

export interface ArchiveResponse {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends one request and resolves when the answer's headers have arrived. */
export type ArchiveHttp = (request: ArchiveRequest) => Promise<ArchiveResponse>;

/** The largest answer that is read into memory as a whole (listings, metadata, pictures). */
const MAX_WHOLE_BYTES = 256 * 1024 * 1024;

/**
 * @throws ConfigurationError where the URL is not http or https, or carries credentials
 */
export function createArchiveHttp({
  url,
  username,
  password,
  timeoutMs = 60_000,
  ...access
}: ArchiveAccess): ArchiveHttp {
  const base = checkedBase(url);
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  const authorization =
    username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;

  return async ({ method = 'GET', path, accept, contentType, body, expect = [], ...call }) => {
    const options: CallOptions = access.signal === undefined ? call : { signal: access.signal, ...call };
    const signal = abortSignalOf(options);
    const request = send(new URL(path, base), {
      method,
      timeout: timeoutMs,
      ...(signal && { signal }),
      headers: {
        ...(authorization && { Authorization: authorization }),
        ...(accept && { Accept: accept }),
        ...(contentType && { 'Content-Type': contentType }),
      },
    });
    const away = (cause: unknown): Error =>
      options.signal?.aborted
        ? abortReason(options.signal)
        : new ArchiveUnavailableError(
            signal?.aborted
              ? `The archive at ${base.host} did not answer by the deadline`
              : `The archive at ${base.host} cannot be reached (${networkCode(cause)})`,
            { cause },
          );
    request.on('timeout', () => request.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })));

    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', reject);
    });
    if (body === undefined) request.end();
    // An archive may answer (401, 413 …) and close the connection before it has read the body. The answer then counts.
    else pipeline(Readable.from(body, { objectMode: false }), request).catch((error) => request.destroy(error));

    const response = await answered.catch((cause) => Promise.reject(away(cause)));
    const status = response.statusCode ?? 0;
    if ((status < 200 || status > 299) && !expect.includes(status)) {
      response.resume();
      throw errorForStatus(status, base.host);
    }
    return { status, contentType: response.headers['content-type'], body: translated(response, away) };
  };
}

/** The error for a status. Also used by callers that read the body first. */
export function errorForStatus(status: number, host: string): Error {
  const options = { facts: { status } };
  if (status === 401 || status === 403)
    return new ArchiveDeniedError(
      `The archive at ${host} refuses access (HTTP ${status}): check its user name and password in the settings`,
      options,
    );
  if (status >= 500 || status === 408 || status === 429)
    return new ArchiveUnavailableError(`The archive at ${host} is unavailable (HTTP ${status})`, options);
  return new ArchiveRequestError(`The archive at ${host} refuses the request (HTTP ${status})`, options);
}

/**
 * The whole body.
 *
 * @throws ArchiveRequestError if it is larger than MAX_WHOLE_BYTES
 */
export async function wholeBody({ body }: ArchiveResponse): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_WHOLE_BYTES)
      throw new ArchiveRequestError(`The archive's answer is larger than ${MAX_WHOLE_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

/** The body as JSON; undefined if it is not JSON. */
export async function jsonBody(response: ArchiveResponse): Promise<unknown> {
  const bytes = await wholeBody(response);
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined; // The caller reports it: the parser's error would quote the body.
  }
}

async function* translated(
  response: IncomingMessage,
  away: (cause: unknown) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw away(cause);
  }
}

function checkedBase(url: string): URL {
  const base = URL.parse(url.endsWith('/') ? url : `${url}/`);
  if (base === null || !['http:', 'https:'].includes(base.protocol))
    throw new ConfigurationError("The archive's URL must begin with http:// or https://");
  if (base.username !== '' || base.password !== '')
    throw new ConfigurationError("Set the archive's user name and password in their own settings, not in its URL");
  return base;
}

const networkCode = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'connection lost';

const abortReason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
