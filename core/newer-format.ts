import { NewerFormatError } from './errors.ts';

/** `hilum.run/1`: a name, and a version that counts up. */
const FORMAT = /^(hilum\.[a-z-]+)\/(\d{1,9})$/;

/**
 * Parsed JSON that says of itself that its format is a later version of `known` is no fault of its writer.
 *
 * @throws NewerFormatError
 */
export function refuseNewer(json: unknown, known: string): void {
  if (typeof json !== 'object' || json === null || !('format' in json) || typeof json.format !== 'string') return;
  const [, name, version] = FORMAT.exec(json.format) ?? [];
  const [, ours, highest] = FORMAT.exec(known) ?? [];
  if (name === undefined || name !== ours || Number(version) <= Number(highest)) return;
  throw new NewerFormatError(
    `The format ${json.format} is newer than ${known}, the newest that this version of Hilum reads`,
  );
}
