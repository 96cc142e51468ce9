/** The guard before the local cloud: a server that hands on to MiniStack's socket what `judge` lets through. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { digestIn } from '#adapters/aws/signature.ts';
import { checkedBody, WrongDigest } from './body.ts';
import { type Candidate, type GuardSettings, judge, judgeSignature } from './judge.ts';
import { answerOf, type Refusal } from './refusal.ts';
import { createUpstream, type Upstream } from './upstream.ts';

/** The largest body that is read whole before it goes on, in bytes: AWS's own limit, of requests to Lambda. */
const LARGEST_SIGNED = 70_167_211;

/**
 * Makes the server. The caller has it listen.
 *
 * @param socket path of MiniStack's socket, relative to this process' folder where the whole one is too long for a socket
 */
export function createGuard(settings: GuardSettings, socket: string): Server {
  const upstream = createUpstream(socket);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response, { settings, upstream }).catch(() => response.destroy());
  };
  const server = createServer(
    // Only headers have to hurry: a queue is asked for up to 20 s, a function runs for up to 15 min, an upload takes long.
    { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000, insecureHTTPParser: false },
    answer,
  );
  // A client that asks before it sends the body is told at once that it is refused.
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
  // A body without a digest (UNSIGNED-PAYLOAD, STREAMING-…) is not looked at, nor are the signatures of its chunks. The
  // headers prove who sends, and nobody stands between a program and the loopback of its own machine.
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

/** Reads the body before it judges the signature: the signatures of most services hold the digest of a body and do not name it. */
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
  // After a malformed request, nobody knows where the next one begins on the connection.
  if (refusal.status === 400) response.setHeader('connection', 'close');
  response.writeHead(refusal.status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
