import { DicomReadError } from '../error.ts';

/** A compressed frame that is broken or is another picture than the header says. */
export function corrupt(message: string, cause?: unknown): DicomReadError {
  return new DicomReadError('corrupt-pixel-data', message, { cause });
}

/** A compressed frame that may be good but is of a kind that nobody here reads rightly. */
export function unsupported(message: string): DicomReadError {
  return new DicomReadError('unsupported-pixel-format', message);
}
