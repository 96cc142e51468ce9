/** The guard before the local cloud: takes what `judge` lets through and hands it on, as it comes, to MiniStack's socket. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { digestIn } from '#adapters/aws/signature.ts';
import { checkedBody, WrongDigest } from './body.ts';
import { type Candidate, type GuardSettings, judge, judgeSignature } from './judge.ts';
import { answerOf, type Refusal } from './refusal.ts';
import { createUpstream, type Upstream } from './upstream.ts';

/** The largest body that is read whole before it goes on: what AWS takes at most where the body is signed and not streamed. */
const LARGEST_SIGNED = 70_167_211;

/**
 * Makes the server; `listen` is the caller's.
 *
 * @param socket path of MiniStack's socket, relative to this process' folder where the whole one is too long for a socket
 */
export function createGuard(settings: GuardSettings, socket: string): Server {
  const upstream = createUpstream(socket);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response, { settings, upstream }).catch(() => response.destroy());
  };
  const server = createServer(
    // A queue is asked for up to 20 s, a function runs up to 15 min, and an upload takes what it takes: only headers hurry.
    { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000, insecureHTTPParser: false },
    answer,
  );
  // So that who is refused is told before the body is sent.
  server.on('checkContinue', answer);
  return server;
}

interface Parts {
  readonly settings: GuardSettings;
  readonly upstream: Upstream;
}

async function handle(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { settings, upstream } = parts;
  const { method = '', url = '', rawHeaders } = request;
  const candidate = judge({ method, url, rawHeaders }, settings, new Date());
  if ('code' in candidate) return refuse(response, candidate);
  const { payload } = candidate.claim;
  if (payload === undefined) return readThenSend(request, response, { ...parts, candidate });
  const refusal = await judgeSignature(candidate, payload, settings);
  if (refusal !== undefined) return refuse(response, refusal);
  if (request.headers.expect !== undefined) response.writeContinue();
  const digest = digestIn(candidate.claim);
  // Where the payload is a word (UNSIGNED-PAYLOAD, STREAMING-…) the body, and the signatures of its chunks, are not looked
  // at: nobody is between a program and this machine's loopback, and the headers prove who sends.
  const body = digest === undefined ? request : request.pipe(checkedBody(digest));
  const outcome = await upstream.send(request, { body, response });
  if (outcome === 'sent') return;
  const { headers: about } = candidate.request;
  refuse(response, outcome instanceof WrongDigest ? { ...WRONG_DIGEST, about } : { ...NO_CLOUD, about });
}

const WRONG_DIGEST = {
  status: 400,
  code: 'XAmzContentSHA256Mismatch',
  message: 'The body is another than its x-amz-content-sha256 says.',
} as const;
const NO_CLOUD = {
  status: 503,
  code: 'ServiceUnavailable',
  message: 'The local cloud does not answer: `hilum local status` says more.',
} as const;

/** Most services have the body's digest in the signature and nowhere else: the body is read before it is judged. */
async function readThenSend(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, upstream, candidate }: Parts & { readonly candidate: Candidate },
): Promise<void> {
  const { headers: about } = candidate.request;
  if (Number(about['content-length'] ?? 0) > LARGEST_SIGNED) return refuse(response, { ...TOO_LARGE, about });
  if (request.headers.expect !== undefined) response.writeContinue();
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LARGEST_SIGNED) return refuse(response, { ...TOO_LARGE, about });
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  const payload = createHash('sha256').update(body).digest('hex');
  const refusal = await judgeSignature(candidate, payload, settings);
  if (refusal !== undefined) return refuse(response, refusal);
  if ((await upstream.send(request, { body, response })) !== 'sent') refuse(response, { ...NO_CLOUD, about });
}

const TOO_LARGE = {
  status: 413,
  code: 'RequestEntityTooLarge',
  message: `A request that is signed with its body has ${LARGEST_SIGNED} bytes at the most.`,
} as const;

function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { headers, body } = answerOf(refusal);
  // Where a request is malformed, what comes after it on the connection is not known to be one.
  if (refusal.status === 400) response.setHeader('connection', 'close');
  response.writeHead(refusal.status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
