import { DicomReadError } from '../error.ts';

/** A compressed frame that is broken, or whose picture is not the one that the header describes. */
export function corrupt(message: string, cause?: unknown): DicomReadError {
  return new DicomReadError('corrupt-pixel-data', message, { cause });
}

/** A compressed frame that may be valid, but of a kind that no decoder here reads correctly. */
export function unsupported(message: string): DicomReadError {
  return new DicomReadError('unsupported-pixel-format', message);
}
