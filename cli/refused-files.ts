/** Lines about refused files for people: each with its reason, or counted by code if there are many. */
import type { RefusedFile } from '#files/dicom-files.ts';

/** If more files than this have the same code, only the first few are named. */
const MANY = 12;
const NAMED = 3;

/** One line per refused file. Of many files with the same code, the first few are named and the others counted. */
export function describeRefused(refused: readonly RefusedFile[]): readonly string[] {
  const byCode = Map.groupBy(refused, ({ code }) => code);
  return [...byCode].flatMap(([code, files]) => {
    if (files.length <= MANY) return files.map(line);
    const rest = files.length - NAMED;
    return [...files.slice(0, NAMED).map(line), `refused ${rest} more files for the same reason (${code})`];
  });
}

const line = ({ path, code, message }: RefusedFile): string => `refused ${path}: ${message} (${code})`;
