/** Why a connection with TLS was not trusted, by either side, for people: each with its reason and fix. */
import type { X509Certificate } from 'node:crypto';
import { ArchiveTrustError, type ArchiveTrustErrorCode } from '#core/errors.ts';
import { type Certificates, SETTINGS } from './certificates.ts';

export type Kind = 'unsigned' | 'unusable' | 'expired' | 'early' | 'name' | 'own' | Handshake;
type Handshake = 'handshake' | 'protocol' | 'unknown-name' | 'no-tls';

/** How OpenSSL judges the certificate of the other side (X509_V_ERR_…), and Node.js its name. */
const VERDICTS: Readonly<Record<string, Kind>> = {
  ...{ DEPTH_ZERO_SELF_SIGNED_CERT: 'unsigned', SELF_SIGNED_CERT_IN_CHAIN: 'unsigned' },
  ...{ UNABLE_TO_GET_ISSUER_CERT: 'unsigned', UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unsigned' },
  ...{ UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unsigned', CERT_SIGNATURE_FAILURE: 'unsigned', CERT_UNTRUSTED: 'unsigned' },
  ...{ INVALID_PURPOSE: 'unusable', INVALID_CA: 'unusable', PATH_LENGTH_EXCEEDED: 'unusable' },
  ...{ CERT_CHAIN_TOO_LONG: 'unusable', CERT_REJECTED: 'unusable', CERT_REVOKED: 'unusable', UNSPECIFIED: 'unusable' },
  ...{ CERT_HAS_EXPIRED: 'expired', CERT_NOT_YET_VALID: 'early' },
  ...{ ERR_TLS_CERT_ALTNAME_INVALID: 'name', HOSTNAME_MISMATCH: 'name' },
};

/** The alerts by which the other side ends a handshake for a reason that stays (RFC 8446 6.2, RFC 5246 7.2). */
const ALERTS: Readonly<Record<number, Kind>> = {
  // Before TLS 1.3, 40 is also how a server refuses a client without a certificate.
  40: 'handshake',
  // bad, unsupported, revoked, expired, unknown certificate; unknown authority; access denied; certificate required
  ...{ 42: 'own', 43: 'own', 44: 'own', 45: 'own', 46: 'own', 48: 'own', 49: 'own', 116: 'own' },
  // version; insufficient security; unrecognised name
  ...{ 70: 'protocol', 71: 'protocol', 112: 'unknown-name' },
};
/** OpenSSL's own reasons (sslerr.h): no TLS, a version or a key of yesterday. Alerts follow from 1000 on. */
const REASONS: Readonly<Record<number, Kind>> = {
  ...{ 198: 'no-tls', 267: 'no-tls', 258: 'protocol', 338: 'protocol', 394: 'protocol' },
};
const FIRST_ALERT = 1000;

export interface Refusal {
  readonly kind: Kind;
  /** What Node.js or the other side calls it. */
  readonly code: string;
}

/**
 * Undefined if `error` is none of a connection that was not trusted. Where the handshake breaks off, Node.js's code for the same
 * alert varies (EPROTO; ERR_SSL_SSLV3_…, ERR_SSL_SSL/TLS_… by version), so that OpenSSL's number in the text decides.
 */
export function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const verdict = VERDICTS[error.code];
  if (verdict !== undefined) return { kind: verdict, code: error.code };
  const [, digits = ''] = /\berror:0A([0-9A-F]{6}):/.exec(error.message) ?? [];
  const reason = Number.parseInt(digits, 16);
  const kind = reason >= FIRST_ALERT ? ALERTS[reason - FIRST_ALERT] : REASONS[reason];
  const code = reason >= FIRST_ALERT ? `TLS alert ${reason - FIRST_ALERT}` : `OpenSSL reason ${reason}`;
  return kind && { kind, code };
}

const CODES: Readonly<Record<Kind, ArchiveTrustErrorCode>> = {
  ...{ unsigned: 'archive-untrusted', unusable: 'archive-untrusted', name: 'archive-certificate-name' },
  ...{ expired: 'archive-certificate-expired', early: 'archive-certificate-early', own: 'archive-client-certificate' },
  ...{ handshake: 'archive-tls', protocol: 'archive-tls', 'unknown-name': 'archive-tls', 'no-tls': 'archive-tls' },
};

interface Attempt {
  /** Of the archive, with its port. */
  readonly host: string;
  readonly certificates: Certificates;
  readonly nowMs: number;
}

/** The error for a connection that failed for want of trust; undefined if it failed for another reason. */
export function trustRefusal(cause: unknown, attempt: Attempt): ArchiveTrustError | undefined {
  const refusal = refusalIn(cause);
  if (refusal === undefined) return undefined;
  const { kind, code } = refusal;
  const message = `The archive at ${attempt.host} ${SENTENCES[kind](cause, attempt)} (${code})`;
  return new ArchiveTrustError(CODES[kind], message, { cause, facts: { error: code } });
}

/** Pages of nginx, which completes the handshake and then refuses the client by HTTP (ngx_http_special_response.c). */
const NGINX_REFUSES = /400 (No required SSL certificate was sent|The SSL certificate error)/;

/** The error for an answer that refuses the client certificate; undefined if it is another answer. @param page its beginning */
export function refusalByPage(status: number, page: Uint8Array, attempt: Attempt): ArchiveTrustError | undefined {
  if (status !== 400 || !NGINX_REFUSES.test(Buffer.from(page).toString('latin1'))) return undefined;
  const message = `The archive at ${attempt.host} ${SENTENCES.own(undefined, attempt)} (HTTP 400)`;
  return new ArchiveTrustError('archive-client-certificate', message, { facts: { status } });
}

/** Each follows "The archive at …". */
const SENTENCES: Readonly<Record<Kind, (cause: unknown, attempt: Attempt) => string>> = {
  unsigned: (_, { certificates: { authorities } }) =>
    authorities === undefined
      ? `shows a certificate that no public authority signed. If it is of the site's own authority, set ${SETTINGS.ca} to that authority's certificate`
      : `shows a certificate of an authority that ${SETTINGS.ca} does not have. Add that authority's certificate there, or have the archive send the certificates of the authorities between`,
  unusable: () => 'shows a certificate that cannot be used for a server: have another one issued',
  expired: (_, { certificates: { authorities = [] }, nowMs }) => {
    const old = authorities.find(({ validToDate }) => validToDate.getTime() < nowMs);
    const whose = old === undefined ? '' : `, perhaps the authority's in ${SETTINGS.ca}, which expired on ${day(old)}`;
    return `shows a certificate that has expired, or whose authority's has${whose}. Have it renewed, if the clock of this machine is right: it says ${clock(nowMs)}`;
  },
  early: (_, { nowMs }) =>
    `shows a certificate that is not valid yet. Check the clock of this machine, which says ${clock(nowMs)}, and when the certificate begins`,
  name: (cause) =>
    `shows a certificate for other names${namesIn(cause)}. Use the name of the certificate in the archive's URL, or have one issued for this name`,
  own: (_, { certificates: { own }, nowMs }) => {
    if (own === undefined) return `asks for a client certificate: set ${SETTINGS.certificate} and ${SETTINGS.key}`;
    const isOld = own.certificate.validToDate.getTime() < nowMs;
    const why = isOld
      ? `It expired on ${day(own.certificate)}: have it renewed`
      : 'It must be for clients, and of an authority that the archive knows. Certificates of authorities between belong into the same setting';
    return `does not accept the client certificate of ${SETTINGS.certificate}. ${why}`;
  },
  handshake: (_, { certificates: { own } }) =>
    own === undefined
      ? `ends the TLS handshake. It may ask for a client certificate: then set ${SETTINGS.certificate} and ${SETTINGS.key}. Or it has no cipher in common with Hilum`
      : `ends the TLS handshake. It may not accept the client certificate of ${SETTINGS.certificate}, or it has no cipher in common with Hilum`,
  protocol: () => 'has no version of TLS or no key in common with Hilum: it must offer TLS 1.2 or newer',
  'unknown-name': () => "does not know the name by which it is asked: check the name in the archive's URL",
  'no-tls': () =>
    "does not answer with TLS: check the port in the archive's URL, and whether the archive has TLS there",
};

/** What may be wrong where the archive ends a connection after the handshake, without a word: some refuse clients in this way. */
export const perhapsOwn = ({ own }: Certificates): string =>
  own === undefined
    ? `it may ask for a client certificate: ${SETTINGS.certificate}`
    : `it may not accept the client certificate of ${SETTINGS.certificate}`;

const clock = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
const day = ({ validToDate }: X509Certificate): string => validToDate.toISOString().slice(0, 10);

/** The first names that a certificate is for. Whoever answers wrote them, so nothing else of the certificate is quoted. */
function namesIn(cause: unknown): string {
  const { cert } = cause as { readonly cert?: { readonly subjectaltname?: unknown } };
  const names = String(cert?.subjectaltname ?? '').matchAll(/(?:DNS|IP Address):([A-Za-z0-9.*:-]{1,253})(?=,|$)/g);
  const found = [...names].slice(0, 3).map(([, name]) => name);
  return found.length === 0 ? '' : ` (${found.join(', ')})`;
}
