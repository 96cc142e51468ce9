/**
 * Verifies AWS Signature Version 4 as a service does ("Create a signed AWS API request", IAM User Guide). It reads what a
 * request claims about its signature, and checks whether the owner of a key made it: AWS's own signer signs the request
 * again, over the headers that the request names, and the two signatures are compared.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@smithy/core/checksum';
import { createScope, getCanonicalHeaders, getCanonicalQuery, SignatureV4 } from '@smithy/signature-v4';

/** An access key. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The line and the headers of a request. */
export interface SignableRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** By lower-case name. Values of a repeated header are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request claims about its signature, in the Authorization header or in the query (a presigned URL). */
export interface Claim {
  readonly accessKeyId: string;
  readonly signedAt: Date;
  /** The period in which the signature is valid, ms since the epoch. */
  readonly valid: readonly [from: number, to: number];
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** The last line of the canonical request, if the request states it: a digest in hex, or a word such as UNSIGNED-PAYLOAD. */
  readonly payload: string | undefined;
}

/** How far a client's clock may be off: 15 minutes, as in AWS. */
const SKEW_MS = 15 * 60_000;
/** The longest life of a presigned URL: a week, as in AWS. */
const LONGEST_S = 7 * 24 * 3600;
const ALGORITHM = 'AWS4-HMAC-SHA256';
/** The services that are signed by S3's rules. */
const S3 = ['s3', 's3express', 's3-object-lambda', 's3-outposts'];
const NOT_SIGNED = 'UNSIGNED-PAYLOAD';

/** Reads what a request claims about its signature; undefined if there is no claim or it is incomplete. */
export function readClaim({ url, headers }: SignableRequest): Claim | undefined {
  const query = queryOf(url);
  if (query === undefined) return undefined;
  const { authorization } = headers;
  const isPresigned = 'X-Amz-Signature' in query || 'X-Amz-Algorithm' in query;
  if (isPresigned === (authorization !== undefined)) return undefined;
  return authorization === undefined ? claimInQuery(query, headers) : claimInHeader(authorization, headers);
}

function claimInHeader(authorization: string, headers: SignableRequest['headers']): Claim | undefined {
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 +Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  const claim = claimOf({ credential, date: headers['x-amz-date'], signedHeaders, signature });
  if (claim === undefined) return undefined;
  const at = claim.signedAt.getTime();
  return { ...claim, valid: [at - SKEW_MS, at + SKEW_MS], payload: headers['x-amz-content-sha256'] };
}

function claimInQuery(query: Query, headers: SignableRequest['headers']): Claim | undefined {
  const one = (name: string): string | undefined => {
    const value = query[`X-Amz-${name}`];
    return typeof value === 'string' ? value : undefined;
  };
  const claim = claimOf({
    credential: one('Credential'),
    date: one('Date'),
    signedHeaders: one('SignedHeaders'),
    signature: one('Signature'),
  });
  const seconds = one('Expires') ?? '';
  if (claim === undefined || one('Algorithm') !== ALGORITHM || !/^[0-9]{1,6}$/.test(seconds)) return undefined;
  if (Number(seconds) < 1 || Number(seconds) > LONGEST_S) return undefined;
  const at = claim.signedAt.getTime();
  const said = one('Content-Sha256') ?? headers['x-amz-content-sha256'];
  return {
    ...claim,
    valid: [at - SKEW_MS, at + Number(seconds) * 1000],
    payload: said ?? (S3.includes(claim.service) ? NOT_SIGNED : undefined),
  };
}

interface Parts {
  readonly credential: string | undefined;
  readonly date: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
}

function claimOf(parts: Parts): Omit<Claim, 'valid' | 'payload'> | undefined {
  const { credential = '', date = '', signedHeaders = '', signature = '' } = parts;
  const [accessKeyId = '', day, region = '', service = '', end, ...more] = credential.split('/');
  const [, year, month, dayOfMonth, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const signedAt = new Date(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  const isWhole = accessKeyId !== '' && region !== '' && service !== '' && end === 'aws4_request' && more.length === 0;
  if (!isWhole || Number.isNaN(signedAt.getTime()) || day !== date.slice(0, 8)) return undefined;
  if (!/^[0-9a-f]{64}$/.test(signature)) return undefined;
  return { accessKeyId, signedAt, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

/** The digest of the body that the request states, in hex. */
export const digestIn = ({ payload = '' }: Claim): string | undefined =>
  /^[0-9a-f]{64}$/.test(payload) ? payload : undefined;

/**
 * Whether the claim is true: the request was signed with this key, and the signature covers the host and all of AWS's own
 * headers (x-amz-…). The caller checks the time (`valid`).
 *
 * @param payload the last line of the canonical request: the claim's payload, else the SHA-256 of the body in hex
 */
export async function isSignedBy(
  key: AccessKey,
  request: SignableRequest,
  { claim, payload }: { readonly claim: Claim; readonly payload: string },
): Promise<boolean> {
  const { signedHeaders, signature } = claim;
  const names = new Set(signedHeaders);
  const own = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  if (names.size !== signedHeaders.length || !names.has('host') || own.some((name) => !names.has(name))) return false;
  if (signedHeaders.some((name) => request.headers[name] === undefined)) return false;
  const query = queryOf(request.url);
  if (query === undefined) return false;
  const again = await signatureOf(key, { ...request, query }, { claim, payload });
  return again.length === signature.length && timingSafeEqual(Buffer.from(again), Buffer.from(signature));
}

/** Signs a request, with the canonical request and the string to sign of AWS's reference. */
function signatureOf(
  key: AccessKey,
  { method, url, headers, query }: SignableRequest & { readonly query: Query },
  { claim, payload }: { readonly claim: Claim; readonly payload: string },
): Promise<string> {
  const { signedAt, region, service, signedHeaders: names } = claim;
  const signed = Object.fromEntries(names.map((name) => [name, headers[name] ?? '']));
  const values = getCanonicalHeaders(
    { method, protocol: '', hostname: '', path: '', headers: signed },
    undefined,
    new Set(names),
  );
  const canonical = [
    method,
    canonicalPath(url.split('?')[0] ?? '', service),
    getCanonicalQuery({ method, protocol: '', hostname: '', path: '', headers: {}, query }),
    ...Object.entries(values).map(([name, value]) => `${name}:${value}`),
    '',
    Object.keys(values).join(';'),
    payload,
  ];
  const time = signedAt.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = createScope(time.slice(0, 8), region, service);
  const digest = createHash('sha256').update(canonical.join('\n')).digest('hex');
  const text = [ALGORITHM, time, scope, digest].join('\n');
  return signerOf(key, claim).sign(text, { signingDate: signedAt });
}

/** S3 signs the path as sent. Other services sign it without dot segments and doubled slashes, and encoded once more. */
function canonicalPath(path: string, service: string): string {
  if (S3.includes(service)) return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encodeURIComponent(segment).replace(/[!'()*]/g, percent));
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${end}`;
}

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

export interface RequestToSign {
  /** Without a query. */
  readonly url: URL;
  readonly region: string;
  readonly service: string;
  /** GET by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body whose digest is signed. For a body that is not signed, the header `x-amz-content-sha256` says UNSIGNED-PAYLOAD. */
  readonly body?: string;
}

/** The headers of a signed request. */
export async function signedHeaders(
  key: AccessKey,
  { url, region, service, method = 'GET', headers = {}, body = '' }: RequestToSign,
): Promise<Readonly<Record<string, string>>> {
  const { host, hostname, pathname: path } = url;
  const request = { method, protocol: 'http:', hostname, path, headers: { host, ...headers }, body };
  return (await signerOf(key, { region, service }).sign(request)).headers;
}

function signerOf(credentials: AccessKey, { region, service }: Pick<Claim, 'region' | 'service'>): SignatureV4 {
  return new SignatureV4({ credentials, region, service, sha256: Sha256, uriEscapePath: !S3.includes(service) });
}

type Query = Record<string, string | string[]>;

/**
 * The query by name, decoded once; undefined if it is not percent-encoded as by AWS's clients. A bare plus is refused, too,
 * because it is a plus to the signature and a space to servers.
 */
function queryOf(url: string): Query | undefined {
  const query: Query = Object.create(null);
  const [, text = ''] = url.split(/\?(.*)/s);
  if (text.includes('+')) return undefined;
  for (const pair of text.split('&')) {
    const [name, value] = pair.split(/=(.*)/s).concat('').map(decode);
    if (name === undefined || value === undefined) return undefined;
    const before = query[name];
    if (name !== '') query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // URIError: a percent sign without its digits, or no UTF-8.
    return undefined;
  }
}
