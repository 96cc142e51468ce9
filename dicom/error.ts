/** The errors of reading and writing DICOM. The caller decides what becomes of the work. */

/** Small facts an error carries for logs: UIDs, numbers, codes, keywords. Never values of a data set. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean>>;

export interface DicomErrorOptions {
  readonly facts?: ErrorFacts;
  readonly cause?: unknown;
}

/**
 * The base of this folder's errors. `code` is stable and machine-readable; `message` is written for people and quotes no
 * value of a data set.
 */
export abstract class DicomError extends Error {
  abstract readonly code: string;
  readonly facts: ErrorFacts;

  constructor(message: string, options: DicomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.facts = options.facts ?? {};
  }
}

/** Bytes that cannot be read as DICOM: not DICOM, truncated, an invalid UID, a syntax without a decoder, over a limit. */
export class DicomReadError extends DicomError {
  readonly code: DicomReadErrorCode;
  constructor(code: DicomReadErrorCode, message: string, options?: DicomErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
export type DicomReadErrorCode =
  | 'not-dicom'
  | 'truncated'
  | 'missing-uid'
  | 'invalid-uid'
  | 'unsupported-transfer-syntax'
  | 'unsupported-pixel-format'
  | 'corrupt-pixel-data'
  | 'no-pixel-data'
  | 'limit-exceeded'
  | 'not-hounsfield'
  | 'malformed';

/** Attributes that would violate the standard if they were written. */
export class DicomWriteError extends DicomError {
  readonly code = 'invalid-dicom-object';
}
