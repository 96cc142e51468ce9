/** Decides which requests the guard lets through: those of programs with this home's key, and never those of web pages. */
import { type AccessKey, type Claim, isSignedBy, readClaim, type SignableRequest } from '#adapters/aws/signature.ts';
import type { Refusal } from './refusal.ts';

/** What the guard knows of this home. */
export interface GuardSettings {
  /** The port of 127.0.0.1 that the guard listens on. */
  readonly port: number;
  /** The access key of this home. */
  readonly key: AccessKey;
  /** The file with that key, for people. */
  readonly keyFile: string;
}

/**
 * The key id that functions use. MiniStack gives them the account number as the key id, and this home's secret, which it was
 * started with.
 */
const FUNCTIONS_KEY_ID = '000000000000';

/** A request before its body has arrived. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
}

/** A request that may be forwarded if its signature is valid. */
export interface Candidate {
  readonly request: SignableRequest;
  readonly claim: Claim;
}

/** Headers that must not be repeated, because one program might read the first value and the next program the last. */
const SINGLE = ['authorization', 'content-length', 'content-type', 'host', 'transfer-encoding', 'x-amz-content-sha256'];

/**
 * Judges a request by its line and headers, without checking the signature.
 *
 * Web pages are recognised by the headers that browsers add: an Origin, or a Sec-Fetch-Site other than `none`, which means
 * that a person opened the address. The Host must be the guard's own address, because a page that uses DNS rebinding sends its
 * own host name. Any other request still needs a signature, and no page knows the key.
 */
export function judge(arrived: Arrived, { port, key, keyFile }: GuardSettings, now: Date): Candidate | Refusal {
  const headers = joined(arrived.rawHeaders);
  if (headers === undefined || !/^\/(?![/\\])[\x21-\x22\x24-\x7e]*$/.test(arrived.url))
    return {
      status: 400,
      code: 'InvalidRequest',
      message: 'No AWS client sends this path, or a header is repeated.',
      about: {},
    };
  const refuse = (code: string, message: string): Refusal => ({ status: 403, code, message, about: headers });
  const site = headers['sec-fetch-site'] ?? 'none';
  if (headers['origin'] !== undefined || site !== 'none')
    return refuse('AccessDenied', 'The local cloud does not answer web pages.');
  if (headers['host'] !== `127.0.0.1:${port}`)
    return refuse(
      'AccessDenied',
      `The local cloud answers only at http://127.0.0.1:${port}. Use that as AWS_ENDPOINT_URL.`,
    );
  if ((headers['transfer-encoding'] ?? 'chunked').toLowerCase() !== 'chunked')
    return {
      ...refuse('InvalidRequest', 'The only transfer coding that the local cloud accepts is chunked.'),
      status: 400,
    };
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
    return refuse('RequestTimeTooSkewed', 'The signature is not valid at this time. Check the clock, and sign again.');
  return { request, claim };
}

/**
 * The refusal of a wrong signature; undefined if the signature is right.
 *
 * @param payload the last line of the canonical request, which stands for the body
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
    message: `The signature does not match the request. Use the secret key in ${keyFile}, and do not change the request after signing.`,
    about: request.headers,
  };
}

/** Headers by name, with repeated ones joined as for signing; undefined if a header of `SINGLE` is repeated. */
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
