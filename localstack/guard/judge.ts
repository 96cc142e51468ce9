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
 * Functions sign with the secret of this home, which MiniStack was started with. As the id of the key, MiniStack gives them
 * the number of the account.
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

/** Of these headers one program would read the first and the next program the last, so there must be no second one. */
const SINGLE = ['authorization', 'content-length', 'content-type', 'host', 'transfer-encoding', 'x-amz-content-sha256'];

/**
 * Judges a request by its line and headers, but for the signature itself.
 *
 * Pages are refused by what browsers say of them: an Origin, or a Sec-Fetch-Site other than `none`, which is a person's own
 * navigation. The Host must be the guard's own address: a page whose name was led to 127.0.0.1 (DNS rebinding) has another
 * one. A request that gets past both still needs a signature, and no page knows the key.
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

/** Headers by name, repeated ones joined as they are signed; undefined where a header is repeated that must not be. */
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
