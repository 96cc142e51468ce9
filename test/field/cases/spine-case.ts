/** Cases for the spine tool: how they are put together. */
import { type Base, realSpine, type SpineTruth, soundSpine } from '../bases.ts';
import type { Expected, FieldCase } from '../case.ts';
import { bytesOf, type Changes, changed, type File } from '../edit.ts';
import { spineHolds } from '../holds.ts';

export const READERS = 'issue trackers of DICOM readers';
export const VENDORS = 'conformance statements of vendors';
export const DEPARTMENTS = 'reports of radiology departments';
export const OURS = 'found with an earlier version of Hilum';

/** Makes the files of a study from the slices of another one, feet to head. */
export type Change = (files: readonly File[]) => readonly File[];

/** The same change of every slice. */
export const eachSlice =
  (change: (file: File, slice: number) => File): Change =>
  (files) =>
    files.map(change);

export const withHeader = (changes: Changes): Change => eachSlice((file) => changed(file, changes));

interface Of {
  readonly base: () => Base<SpineTruth>;
  readonly made: FieldCase['made'];
  readonly needs?: 'data';
}
const SOUND: Of = { base: soundSpine, made: 'phantom, changed' };
export const REAL: Of = { base: realSpine, made: 'real, changed', needs: 'data' };

/** A spine after a change, and what must be said of it. */
export function spineCase(name: string, source: string, change: Change, expected: Expected, of: Of = SOUND): FieldCase {
  const { base, ...made } = of;
  return {
    name,
    source,
    ...made,
    tool: 'vertebral-fracture',
    files: () => change(base().files).map(bytesOf),
    expected,
  };
}

/** A sound spine after a change, evaluated as if nothing had happened; `says` is about what was left aside. */
export const evaluated = (name: string, source: string, change: Change, says?: RegExp, of: Of = SOUND): FieldCase =>
  spineCase(name, source, change, spineHolds({ truth: () => of.base().truth, graded: 3, ...(says && { says }) }), of);

/** A spine after a change that must be refused with a reason that is true. */
export const refused = (
  name: string,
  source: string,
  change: Change,
  codes: readonly string[],
  because: RegExp,
  of: Of = SOUND,
): FieldCase => spineCase(name, source, change, { refused: codes, because }, of);
