import { DicomError, type DicomErrorOptions, DicomWriteError, type ErrorFacts } from '#dicom/error.ts';
import type { DicomObject } from './results/dicom-object.ts';

/**
 * Every error that Hilum raises on purpose, and what becomes of the work. `pipeline/ends.ts` says how long each stage tries.
 *
 * - `reject`: the input will never work, and no other attempt is made.
 * - `retry`: another attempt may succeed; the message returns to its queue.
 * - `halt`: nothing will work until a person acts; the message returns to its queue and an alarm is raised.
 *
 * `message` is written for people. It holds UIDs, numbers, codes and setting names, and never contents of a data set.
 */
export type Disposition = 'reject' | 'retry' | 'halt';

export type HilumErrorOptions = DicomErrorOptions;

/** The base of all errors below. `code` is stable and machine-readable; scripts may rely on it. */
export abstract class HilumError extends Error {
  abstract readonly code: string;
  abstract readonly disposition: Disposition;
  readonly facts: ErrorFacts;

  constructor(message: string, options: HilumErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.facts = options.facts ?? {};
  }
}

/** The slices of a series do not make a volume that may be measured. The code reaches the run and the non-result. */
export class GeometryError extends HilumError {
  readonly disposition = 'reject';
  readonly code: GeometryErrorCode;
  constructor(code: GeometryErrorCode, message: string, options?: HilumErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
export type GeometryErrorCode =
  | 'missing-geometry'
  | 'mixed-orientation'
  | 'mixed-matrix'
  | 'missing-slices'
  | 'variable-spacing'
  | 'duplicate-slices'
  | 'gantry-tilt'
  | 'too-few-slices'
  | 'pixel-spacing-unknown'
  | 'functional-groups'
  | 'incomplete-concatenation';

/** A tool took a suitable image and cannot evaluate it. The reason is written for the radiologist. */
export class NotEvaluableError extends HilumError {
  readonly disposition = 'reject';
  readonly code: string;
  constructor(code: string, message: string, options?: HilumErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The output gate refuses an object. `object` holds the patient's attributes: it goes to quarantine and never into a log. It
 * is therefore not a property that loggers print.
 */
export class RefusedObjectError extends DicomWriteError {
  readonly #object: DicomObject;
  constructor(object: DicomObject, message: string, options?: HilumErrorOptions) {
    super(message, options);
    this.#object = object;
  }
  get object(): DicomObject {
    return this.#object;
  }
}

/** The key exists already, with other content than the caller expects. */
export class ContentConflictError extends HilumError {
  readonly disposition = 'halt';
  readonly code = 'content-conflict';
}

/** Stored bytes do not have the digest in the manifest or the receipt. */
export class IntegrityError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'integrity';
}

/** A chunk that a manifest names is not in the bucket. The edge may still put it there, also again after a loss. */
export class MissingChunkError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'missing-chunk';
}

/** A study's manifest is not in the bucket. The edge may put it there again, like a chunk. */
export class MissingManifestError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'missing-manifest';
}

/** What an earlier step stored of a run is not in the bucket any more. That step makes it again. */
export class MissingProductError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'missing-product';
}

/**
 * A queue message or stored object has a newer format than this code knows: another part of Hilum was updated first, or this
 * one was set back. It is sound, and waits for the code that knows it.
 */
export class NewerFormatError extends HilumError {
  readonly disposition = 'halt';
  readonly code = 'newer-format';
}

/** A queue message, manifest or stored result does not have the shape that its version promises. */
export class MessageError extends HilumError {
  readonly disposition = 'reject';
  readonly code = 'invalid-message';
}

/** The SHA-256 of a model's file differs from the one on its card. */
export class ModelDigestError extends HilumError {
  readonly disposition = 'halt';
  readonly code = 'model-digest-mismatch';
}

/**
 * A model cannot be used as its tool asks. The message carries the runtime's own reason, which names files, tensors, shapes
 * and operators.
 */
export class ModelError extends HilumError {
  readonly code: ModelErrorCode;
  constructor(code: ModelErrorCode, message: string, options?: HilumErrorOptions) {
    super(message, options);
    this.code = code;
  }
  get disposition(): Disposition {
    return MODEL_DISPOSITIONS[this.code];
  }
}
/**
 * A model and a tool that do not fit together fail for every study, so a person has to fix one of them. A model that fails on
 * an input will fail on it again. Memory may be free at another time.
 */
const MODEL_DISPOSITIONS = {
  'model-not-loadable': 'halt',
  'model-input': 'halt',
  'model-output': 'halt',
  'model-run-failed': 'reject',
  'model-out-of-memory': 'retry',
} as const satisfies Record<string, Disposition>;
export type ModelErrorCode = keyof typeof MODEL_DISPOSITIONS;

/** A model's file cannot be fetched from where its card says it is. */
export class ModelSourceError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'model-source';
}

/** A tool threw an error that is not one of ours. The cause is kept; users do not see its text. */
export class ToolFailedError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'tool-failed';
}

/** A tool was not done by its deadline. */
export class ToolTimeoutError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'tool-timeout';
}

/** The PACS cannot be reached or answers 5xx. It may come back later. */
export class ArchiveUnavailableError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'archive-unavailable';
}

/** The PACS denies access: wrong credentials or no permission. */
export class ArchiveDeniedError extends HilumError {
  readonly disposition = 'halt';
  readonly code = 'archive-denied';
}

/**
 * The connection to the PACS is not the one that was agreed on: one side does not trust the other, or an answer leads elsewhere.
 * A person has to correct a certificate, a setting or the network.
 */
export class ArchiveTrustError extends HilumError {
  readonly disposition = 'halt';
  readonly code: ArchiveTrustErrorCode;
  constructor(code: ArchiveTrustErrorCode, message: string, options?: HilumErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
/** docs/ends.md explains each. */
export const ARCHIVE_TRUST_CODES = [
  'archive-untrusted',
  'archive-certificate-expired',
  'archive-certificate-early',
  'archive-certificate-name',
  'archive-client-certificate',
  'archive-tls',
  'archive-redirect',
  'archive-address',
] as const;
export type ArchiveTrustErrorCode = (typeof ARCHIVE_TRUST_CODES)[number];

/** The PACS cannot do what was asked: no such object, no such service, or an answer over a limit. */
export class ArchiveRequestError extends HilumError {
  readonly disposition = 'reject';
  readonly code = 'archive-request';
}

/** The PACS accepted the request and could not store some instances (PS3.18 10.5.3, Failed SOP Sequence). */
export class ArchiveStoreError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'archive-store-failed';
}

/** A service of the cloud (bucket, queue, table, secret) does not answer, or throttles. */
export class ServiceUnavailableError extends HilumError {
  readonly disposition = 'retry';
  readonly code = 'service-unavailable';
}

/** A setting is missing or wrong. The message names the setting and the fix. */
export class ConfigurationError extends HilumError {
  readonly disposition = 'halt';
  readonly code = 'configuration';
}

/**
 * The operating system of this machine refuses a file, a folder, a port or a program: a full disk, a missing permission. The
 * code is the system's own (errno: ENOSPC, EACCES …); the message says what is refused, why, and how to fix it.
 */
export class SystemRefusalError extends HilumError {
  readonly disposition = 'halt';
  readonly code: string;
  constructor(code: string, message: string, options?: HilumErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Errors with a code, facts and a message that may be shown: those raised here, and those of reading and writing DICOM. */
export type KnownError = HilumError | DicomError;

export const isKnown = (error: unknown): error is KnownError =>
  error instanceof HilumError || error instanceof DicomError;

/**
 * The one place that decides what becomes of work that met `error`. A file that cannot be read now cannot be read later, and
 * a result that cannot be written now cannot be written later. An error that we did not foresee is retried.
 */
export function dispositionOf(error: unknown): Disposition {
  if (error instanceof HilumError) return error.disposition;
  return error instanceof DicomError ? 'reject' : 'retry';
}

/** A reason as the runs table records it and non-results state it: a code and a plain sentence. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** The reason to record for `error`. The text of errors that are not ours is dropped, because it may quote a data set. */
export function reasonOf(error: unknown): Reason {
  return isKnown(error)
    ? { code: error.code, message: error.message }
    : { code: 'unexpected', message: 'An unexpected error occurred; the log of this run names its kind.' };
}
