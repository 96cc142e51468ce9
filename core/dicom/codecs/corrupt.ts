import { DicomReadError } from '../../errors.ts';

/** A compressed frame that is broken or is another picture than the header says. */
export function corrupt(message: string, cause?: unknown): DicomReadError {
  return new DicomReadError('corrupt-pixel-data', message, { cause });
}
