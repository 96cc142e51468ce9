/** Why AWS refuses a call, for people: the SDK's errors by name, each with its reason and fix. */

import { type Kind, refusalIn } from '../trust/refusal.ts';

/** The SDK's name for an error, or the system's code of a broken connection, or the error's class. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  if (error.name !== 'Error' && error.name !== 'AggregateError' && error.name !== 'TypeError') return error.name;
  // The SDK's own check of its settings has no name.
  if (error.message === 'Region is missing') return 'RegionMissing';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

const EXPIRED = 'the credentials have expired: sign in again (`aws sso login`), or set new ones';
const DENIED =
  'these credentials may not use it: give their role the permission, or use other ones (AWS_PROFILE, AWS_ACCESS_KEY_ID)';
const UNKNOWN =
  'the credentials are not valid there: check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
const NONE = 'no credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
const ABSENT = 'it does not exist: check the name, the account, the region (AWS_REGION) and AWS_ENDPOINT_URL';
const ELSEWHERE = 'it is in another region: set AWS_REGION to that region';

/** Errors that no retry can fix: a person has to correct a name, a permission or a setting. */
const SETTINGS: Readonly<Record<string, string>> = {
  ...{ ExpiredToken: EXPIRED, ExpiredTokenException: EXPIRED, RequestExpired: EXPIRED, TokenRefreshRequired: EXPIRED },
  ...{ AccessDenied: DENIED, AccessDeniedException: DENIED, Forbidden: DENIED, UnauthorizedOperation: DENIED },
  ...{ InvalidAccessKeyId: UNKNOWN, UnrecognizedClientException: UNKNOWN, InvalidClientTokenId: UNKNOWN },
  ...{ SignatureDoesNotMatch: UNKNOWN, InvalidSignatureException: UNKNOWN, IncompleteSignature: UNKNOWN },
  ...{ InvalidToken: UNKNOWN, MissingAuthenticationToken: UNKNOWN, MissingAuthenticationTokenException: UNKNOWN },
  ...{ CredentialsProviderError: NONE, TokenProviderError: NONE },
  ...{ NoSuchBucket: ABSENT, ResourceNotFoundException: ABSENT, QueueDoesNotExist: ABSENT, ParameterNotFound: ABSENT },
  'AWS.SimpleQueueService.NonExistentQueue': ABSENT,
  ...{ PermanentRedirect: ELSEWHERE, AuthorizationHeaderMalformed: ELSEWHERE },
  RegionMissing: 'no region is set: set AWS_REGION',
  ERR_INVALID_URL: 'AWS_ENDPOINT_URL is not an address: set it to one such as http://127.0.0.1:4566, or unset it',
};

const INSPECTED =
  'the certificate shown there is of no public authority, so that something between answers, such as a proxy that inspects TLS and would see the images. Have it let these connections pass; or, if it may see them, set NODE_EXTRA_CA_CERTS to its authority';
const CLOCK = 'the certificate shown there is not valid today: check the clock of this machine';
const NO_TLS = 'no TLS as Hilum needs it is spoken there: check AWS_ENDPOINT_URL and the proxies on the way';
/** A connection that was not trusted, or not accepted. Nothing was sent. */
const TLS: Readonly<Record<Kind, string>> = {
  ...{ unsigned: INSPECTED, unusable: INSPECTED, expired: CLOCK, early: CLOCK },
  name: 'the certificate shown there is for another name: check AWS_ENDPOINT_URL and the name service of this network',
  ...{ own: NO_TLS, handshake: NO_TLS, protocol: NO_TLS, 'unknown-name': NO_TLS, 'no-tls': NO_TLS },
};

const UNREACHABLE =
  'nothing answers: check the network and AWS_ENDPOINT_URL; for the local cloud, see `hilum local status`';
const BROKEN = 'the connection broke off: check the network';
const BUSY = 'the service is throttling requests';

/** Errors that a retry may overcome. */
const PASSING: Readonly<Record<string, string>> = {
  ...{ ECONNREFUSED: UNREACHABLE, ENOTFOUND: UNREACHABLE, EAI_AGAIN: UNREACHABLE, EHOSTUNREACH: UNREACHABLE },
  ...{ ENETUNREACH: UNREACHABLE, ETIMEDOUT: UNREACHABLE, ECONNRESET: BROKEN, EPIPE: BROKEN },
  TimeoutError: 'it does not answer in time: check the network',
  SyntaxError: 'the server at that address is not AWS: check AWS_ENDPOINT_URL',
  ...{ SlowDown: BUSY, ThrottlingException: BUSY, ProvisionedThroughputExceededException: BUSY },
  ...{ RequestLimitExceeded: BUSY, TooManyRequestsException: BUSY },
};

/** The reason, and whether a person has to act. */
export function reasonOfRefusal(error: unknown): { readonly isSetting: boolean; readonly why: string } {
  const name = errorName(error);
  const refusal = refusalIn(error);
  const setting = refusal === undefined ? SETTINGS[name] : TLS[refusal.kind];
  if (setting !== undefined) return { isSetting: true, why: setting };
  return { isSetting: false, why: PASSING[name] ?? 'the service failed, and a later attempt may succeed' };
}
