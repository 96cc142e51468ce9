/** Which requests the guard before the local cloud takes: from a program with this home's key, and from no web page. */
import { type AccessKey, type Claim, isSignedBy, readClaim, type SignableRequest } from '#adapters/aws/signature.ts';
import type { Refusal } from './refusal.ts';

/** What the guard knows of this home. */
export interface GuardSettings {
  /** The port of 127.0.0.1 that the guard listens on. */
  readonly port: number;
  /** The access key of this home. */
  readonly key: AccessKey;
  /** The file that holds it for people to use. */
  readonly keyFile: string;
}

/**
 * MiniStack signs its functions' requests with the number of the account as the key's id, and with the secret that it was
 * started with, which is this home's.
 */
const FUNCTIONS_KEY_ID = '000000000000';

/** A request as it came, before its body. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
}

/** A request that may go on, if its signature holds. */
export interface Candidate {
  readonly request: SignableRequest;
  readonly claim: Claim;
}

/** Headers of which a second one could be read by one program and not by the next. */
const SINGLE = ['authorization', 'content-length', 'content-type', 'host', 'transfer-encoding', 'x-amz-content-sha256'];

/**
 * Judges a request by its line and headers, but for the signature itself.
 *
 * Pages are refused first, by what browsers say of them: an Origin, or a Sec-Fetch-Site (a person's own navigation has
 * `none`). The Host must be this guard's own, so that a page elsewhere whose name was led to 127.0.0.1 gets nothing. What a
 * browser does not say is no danger: a page cannot sign, for it does not know the key.
 */
export function judge(arrived: Arrived, { port, key, keyFile }: GuardSettings, now: Date): Candidate | Refusal {
  const headers = joined(arrived.rawHeaders);
  if (headers === undefined || !/^\/(?![/\\])[\x21-\x22\x24-\x7e]*$/.test(arrived.url))
    return {
      status: 400,
      code: 'InvalidRequest',
      message: 'The path is none that an AWS client sends, or a header is there twice.',
      about: {},
    };
  const refuse = (code: string, message: string): Refusal => ({ status: 403, code, message, about: headers });
  const site = headers['sec-fetch-site'] ?? 'none';
  if (headers['origin'] !== undefined || site !== 'none')
    return refuse('AccessDenied', 'The local cloud answers no web page.');
  if (headers['host'] !== `127.0.0.1:${port}`)
    return refuse(
      'AccessDenied',
      `The local cloud answers to http://127.0.0.1:${port} only: use that as AWS_ENDPOINT_URL.`,
    );
  if ((headers['transfer-encoding'] ?? 'chunked').toLowerCase() !== 'chunked')
    return { ...refuse('InvalidRequest', 'The local cloud takes no other transfer coding than chunked.'), status: 400 };
  const request = { method: arrived.method, url: arrived.url, headers };
  const claim = readClaim(request);
  if (claim === undefined)
    return refuse(
      'AccessDenied',
      `The request is not signed (AWS Signature Version 4). Use the access key in ${keyFile} (AWS_SHARED_CREDENTIALS_FILE).`,
    );
  if (![key.accessKeyId, FUNCTIONS_KEY_ID].includes(claim.accessKeyId))
    return refuse(
      'InvalidAccessKeyId',
      `This is not the access key of this local cloud. Use the one in ${keyFile} (AWS_SHARED_CREDENTIALS_FILE).`,
    );
  const [from, to] = claim.valid;
  if (now.getTime() < from || now.getTime() > to)
    return refuse('RequestTimeTooSkewed', 'The signature is not valid at this time: see the clock, and sign again.');
  return { request, claim };
}

/**
 * Why the signature does not hold; undefined where it does.
 *
 * @param payload what stands for the body in it
 */
export async function judgeSignature(
  { request, claim }: Candidate,
  payload: string,
  { key, keyFile }: GuardSettings,
): Promise<Refusal | undefined> {
  const { accessKeyId } = claim;
  if (await isSignedBy({ ...key, accessKeyId }, request, { claim, payload })) return undefined;
  return {
    status: 403,
    code: 'SignatureDoesNotMatch',
    message: `The signature is not that of this request. Use the secret key in ${keyFile}, and change nothing after signing.`,
    about: request.headers,
  };
}

/** Headers by name, repeated ones joined as they are signed; undefined where one is repeated that must not be. */
function joined(rawHeaders: readonly string[]): Readonly<Record<string, string>> | undefined {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    const value = rawHeaders[index + 1]?.trim() ?? '';
    const before = headers[name];
    if (before !== undefined && SINGLE.includes(name)) return undefined;
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return headers;
}
