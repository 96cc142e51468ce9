/** Files that were refused, for people: each with its reason, or counted by code where there are many. */
import type { RefusedFile } from '#files/dicom-files.ts';

/** More of one code than this are counted, and the first few named. */
const MANY = 12;
const NAMED = 3;

/** Lines that name every refused file, or of many with one code the first. */
export function describeRefused(refused: readonly RefusedFile[]): readonly string[] {
  const byCode = Map.groupBy(refused, ({ code }) => code);
  return [...byCode].flatMap(([code, files]) => {
    if (files.length <= MANY) return files.map(line);
    const rest = files.length - NAMED;
    return [...files.slice(0, NAMED).map(line), `refused ${rest} more files for the same reason (${code})`];
  });
}

const line = ({ path, code, message }: RefusedFile): string => `refused ${path}: ${message} (${code})`;
