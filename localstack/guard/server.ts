/** The guard in front of the local cloud: a server that forwards to MiniStack's socket what `judge` lets through. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { digestIn } from '#adapters/aws/signature.ts';
import { checkedBody, WrongDigest } from './body.ts';
import { type Candidate, type GuardSettings, judge, judgeSignature } from './judge.ts';
import { answerOf, type Refusal } from './refusal.ts';
import { createUpstream, type Upstream } from './upstream.ts';

/** The largest body that is read completely before it is forwarded, in bytes: AWS's own limit for requests to Lambda. */
const LARGEST_SIGNED = 70_167_211;

/**
 * Makes the server. The caller makes it listen.
 *
 * @param socket path of MiniStack's socket, relative to the working directory if the full path is too long for a socket
 */
export function createGuard(settings: GuardSettings, socket: string): Server {
  const upstream = createUpstream(socket);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response, { settings, upstream }).catch(() => response.destroy());
  };
  const server = createServer(
    // Only headers have a time limit: a long poll takes up to 20 s, a function up to 15 min, and an upload as long as it
    // needs.
    { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000, insecureHTTPParser: false },
    answer,
  );
  // A client that asks before it sends the body (`Expect: 100-continue`) gets a refusal at once.
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
  // A body without a digest (UNSIGNED-PAYLOAD, STREAMING-…) is not checked, and neither are the signatures of its chunks. The
  // headers prove the sender, and nobody else can change what passes over the loopback interface.
  const body = digest === undefined ? request : request.pipe(checkedBody(digest));
  const outcome = await upstream.send(request, { body, response });
  if (outcome === 'sent') return;
  const { headers: about } = candidate.request;
  refuse(response, outcome instanceof WrongDigest ? { ...WRONG_DIGEST, about } : { ...NO_CLOUD, about });
}

const WRONG_DIGEST = {
  status: 400,
  code: 'XAmzContentSHA256Mismatch',
  message: 'The body does not have the digest in x-amz-content-sha256.',
} as const;
const NO_CLOUD = {
  status: 503,
  code: 'ServiceUnavailable',
  message: 'The local cloud does not answer. `hilum local status` says more.',
} as const;

/**
 * Reads the body before it checks the signature. For most services the signature covers the body's digest, but the request
 * does not state the digest.
 */
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
  message: `A request that is signed with its body may have at most ${LARGEST_SIGNED} bytes.`,
} as const;

function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { headers, body } = answerOf(refusal);
  // After a malformed request, the start of the next one on the connection is unknown.
  if (refusal.status === 400) response.setHeader('connection', 'close');
  response.writeHead(refusal.status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
