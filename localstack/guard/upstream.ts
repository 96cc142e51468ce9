/** Forwards requests to MiniStack's socket, and its answers to the client. */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** The body to forward, and the response for the answer. */
interface Passage {
  /** Forwarded as it arrives, or at once. */
  readonly body: Readable | Buffer;
  readonly response: ServerResponse;
}

export interface Upstream {
  /** Forwards a request and its answer. Returns `sent`, or the error if there is no answer. */
  send(request: IncomingMessage, passage: Passage): Promise<'sent' | Error>;
}

/** Headers that concern one connection (RFC 9110 7.6.1), and `Expect`, which the guard answers itself. */
const HOP_BY_HOP = ['connection', 'expect', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];
/** Headers by which MiniStack lets every page read its answers. */
const FOR_PAGES = /^access-control-/i;

/** @param socket path of MiniStack's socket */
export function createUpstream(socket: string): Upstream {
  // MiniStack closes an idle connection after 75 s. The guard closes it earlier, so that it never uses a closing one.
  const agent = new Agent({ keepAlive: true, timeout: 60_000 });
  return {
    send: (request, { body, response }) =>
      new Promise((resolve) => {
        const { method, url: path } = request;
        const headers = forwarded(request.headers, body);
        const onward = open({ socketPath: socket, agent, method, path, headers, setHost: false });
        const fail = (error: Error): void => {
          onward.destroy();
          resolve(error);
        };
        onward.on('error', fail);
        onward.on('response', (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.statusMessage, returned(answer.rawHeaders));
          answer.pipe(response);
          answer.on('error', () => response.destroy());
          resolve('sent');
        });
        // The client no longer waits for the answer.
        response.on('close', () => {
          if (!response.writableFinished) fail(new Error('the client hung up'));
        });
        if (Buffer.isBuffer(body)) onward.end(body);
        else body.on('error', fail).pipe(onward);
      }),
  };
}

function forwarded(headers: IncomingHttpHeaders, body: Passage['body']): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  if (!Buffer.isBuffer(body)) return Object.fromEntries(kept);
  const { 'transfer-encoding': _chunked, ...others } = Object.fromEntries(kept);
  return { ...others, 'content-length': String(body.length) };
}

/** The answer's headers. Repeated headers stay repeated. */
function returned(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!FOR_PAGES.test(name) && !HOP_BY_HOP.includes(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] ?? '');
  }
  return kept;
}
