/**
 * HTTP to an archive, with Basic authentication, a limit on silence, and errors in Hilum's own classes. It is HTTP/1.1, because
 * HTTP/2 behind some proxies loses parts of long multipart answers. Error messages never quote the archive's answer: it may
 * hold patient data.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import {
  ArchiveDeniedError,
  ArchiveRequestError,
  ArchiveTrustError,
  ArchiveUnavailableError,
  HilumError,
} from '#core/errors.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { abortSignalOf } from '../call.ts';
import { connectionsTo } from '../trust/agent.ts';
import type { ArchiveTrust, Certificates } from '../trust/certificates.ts';
import { endpointOf } from '../trust/endpoint.ts';
import { perhapsOwn, refusalByPage, trustRefusal } from '../trust/refusal.ts';
import { createPatience } from './patience.ts';

/** A user of the archive. Without a name, requests carry no credentials. */
export interface ArchiveAccount {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface ArchiveAccess extends ArchiveAccount, ArchiveTrust {
  /** https without credentials; on this machine and to `plainHttpHost` also http. Every request goes there. */
  readonly url: string;
  /**
   * The longest time for which the archive may be silent before it counts as unreachable; 60 s by default. The wait begins
   * shorter (`patience.ts`).
   */
  readonly timeoutMs?: number | undefined;
  /** Aborted, it ends every request. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Reads account and certificates again after a 401, and after a certificate was refused or may have been: by a page, a 403, or
   * by hanging up. If they have changed, the request is sent once more.
   */
  readonly renewed?: (() => Renewable | Promise<Renewable>) | undefined;
  /** Resolves names; by default as the system does. */
  readonly lookup?: LookupFunction | undefined;
}
type Renewable = ArchiveAccount & ArchiveTrust;

interface ArchiveRequest extends CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Relative to the archive's URL, without a leading slash. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  /** Sent with chunked transfer encoding. It is called for each attempt. */
  readonly body?: () => Iterable<Uint8Array>;
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
 * @throws ConfigurationError where the URL may not be used (`endpointOf`), or a certificate cannot be used (`certificatesOf`)
 */
export function createArchiveHttp(access: ArchiveAccess): ArchiveHttp {
  const endpoint = endpointOf(access.url, access.plainHttpHost);
  const { host } = endpoint;
  const send = endpoint.transport === 'tls' ? httpsRequest : httpRequest;
  const patience = createPatience(access.timeoutMs ?? 60_000);
  const connectedAs = (given: Renewable) => ({
    ...connectionsTo(endpoint, given, access.lookup),
    authorization: authorizationOf(given),
    given: JSON.stringify([given.username, given.password, given.ca, given.certificate, given.key]),
  });
  let current = connectedAs(access);

  async function attempt(request: ArchiveRequest): Promise<ArchiveResponse> {
    const { agent, certificates, authorization } = current;
    const { method = 'GET', path, accept, contentType, body } = request;
    const given = [access.signal, request.signal].filter((signal) => signal !== undefined);
    const caller = given.length > 1 ? AbortSignal.any(given) : given[0];
    const signal = abortSignalOf({ ...request, ...(caller && { signal: caller }) });
    const asked = `${method} ${path.split('?')[0]}`;
    const silenceMs = patience.of(asked);
    const sent = send(endpoint.urlOf(path), {
      method,
      agent,
      timeout: silenceMs,
      ...(signal && { signal }),
      headers: {
        ...(authorization && { Authorization: authorization }),
        ...(accept && { Accept: accept }),
        ...(contentType && { 'Content-Type': contentType }),
      },
    });
    const away = (cause: unknown): Error => {
      if (caller?.aborted) return abortReason(caller);
      if (cause instanceof HilumError) return cause;
      const refused = trustRefusal(cause, { host, certificates, nowMs: Date.now() });
      if (refused !== undefined) return refused;
      if (cause === SILENT) patience.exhausted(asked);
      const hungUp = !signal?.aborted && isHungUp(sent, cause);
      const why = signal?.aborted
        ? 'did not answer by the deadline'
        : hungUp
          ? `ends connections without an answer (${networkCode(cause)}). If that goes on, ${perhapsOwn(certificates)}`
          : `cannot be reached (${networkCode(cause)})`;
      return new ArchiveUnavailableError(`The archive at ${host} ${why}`, {
        cause,
        ...(hungUp && { facts: { hungUp } }),
      });
    };
    // Before the answer, bytes on their way in either direction count as progress, and so does the connection.
    sent.on('timeout', () => sent.destroy(SILENT));

    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve);
      sent.on('error', reject);
    });
    if (body === undefined) sent.end();
    // An archive may answer (401, 413 …) and close the connection before it has read the body. The answer then counts.
    else pipeline(Readable.from(body(), { objectMode: false }), sent).catch((error) => sent.destroy(error));

    const response = await answered.catch((cause) => Promise.reject(away(cause)));
    // From here on, only the time counts for which a reader waits: a slow reader is no silent archive.
    sent.setTimeout(0);
    return {
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'],
      body: watched(response, { silenceMs, away, done: () => patience.answered(asked) }),
    };
  }

  /** Whether account or certificates have changed since a request was refused, perhaps by another request. */
  async function isRenewed(refused: typeof current): Promise<boolean> {
    if (access.renewed !== undefined && current === refused) {
      const next = connectedAs(await access.renewed());
      if (next.given !== current.given) current = next;
    }
    return current !== refused;
  }

  async function accepted(request: ArchiveRequest): Promise<ArchiveResponse> {
    const { certificates } = current;
    const response = await attempt(request);
    const { status } = response;
    if (status >= 200 && status <= 299) return response;
    if (request.expect?.includes(status) && !isPage(response)) return response;
    const page = await discarded(response);
    throw refusalByPage(status, page, { host, certificates, nowMs: Date.now() }) ?? refused(status, certificates);
  }

  /** Proxies refuse a client certificate by the status of a user who may not do this, too. */
  function refused(status: number, certificates: Certificates): Error {
    const error = errorForStatus(status, host);
    if (status !== 403 || certificates.own === undefined) return error;
    return new ArchiveDeniedError(`${error.message}. Or ${perhapsOwn(certificates)}`, { facts: { status } });
  }

  return async (request) => {
    const used = current;
    try {
      return await accepted(request);
    } catch (error) {
      if (!isOfWhoAsks(error, used.certificates) || !(await isRenewed(used))) throw error;
    }
    return await accepted(request);
  };
}

/** Whether an answer to a bad request may be a proxy's about the client certificate, and none of the archive about what it was sent. */
const isPage = ({ status, contentType }: ArchiveResponse): boolean =>
  status === 400 && contentType?.startsWith('text/html') === true;

/** Whether the archive would perhaps have accepted another account, or other certificates. */
function isOfWhoAsks(error: unknown, { own }: Certificates): boolean {
  if (error instanceof ArchiveTrustError) return error.code !== 'archive-redirect';
  if (error instanceof ArchiveDeniedError) return error.facts['status'] === 401 || own !== undefined;
  return error instanceof ArchiveUnavailableError && error.facts['hungUp'] === true && own !== undefined;
}

/** What ends a request whose connection shows no progress. */
const SILENT: Error = Object.assign(new Error('silent'), { code: 'ETIMEDOUT' });

const authorizationOf = ({ username, password = '' }: ArchiveAccount): string | undefined =>
  username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

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
  if (status >= 300 && status <= 399)
    return new ArchiveTrustError(
      'archive-redirect',
      `The archive at ${host} answers that it is somewhere else (HTTP ${status}). Hilum does not follow, because that could lead anywhere: set the archive's URL to the address that answers itself`,
      options,
    );
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

/** Reads an error's body, so that the connection can be reused, and returns its first piece. The rest of a longer one is cut off. */
async function discarded({ body }: ArchiveResponse): Promise<Uint8Array> {
  try {
    for await (const piece of body) if (piece.length > 0) return piece;
  } catch {
    // The status alone decides.
  }
  return new Uint8Array();
}

interface Watch {
  readonly silenceMs: number;
  readonly away: (cause: unknown) => Error;
  /** Called when the answer has ended. */
  readonly done: () => void;
}

/** The body's pieces. It fails if the archive is silent for too long while the caller waits for the next piece. */
async function* watched(
  response: IncomingMessage,
  { silenceMs, away, done }: Watch,
): AsyncGenerator<Uint8Array, void, undefined> {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    timer = setTimeout(() => response.destroy(SILENT), silenceMs);
  };
  try {
    wait();
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      yield piece;
      wait();
    }
    done();
  } catch (cause) {
    throw away(cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the archive ended a connection after its certificate was checked, as servers do that refuse a client without an alert. */
const isHungUp = ({ socket, reusedSocket, res }: ClientRequest & { readonly res?: unknown }, cause: unknown): boolean =>
  socket instanceof TLSSocket && socket.authorized && !reusedSocket && !res && networkCode(cause) === 'ECONNRESET';

const networkCode = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'connection lost';

const abortReason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
