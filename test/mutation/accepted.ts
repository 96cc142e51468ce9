/** Mutations that live, and why no test can or need tell them from the source. An entry that fits no mutation is told. */
import type { Mutant } from './mutants.ts';

interface Accepted extends Pick<Mutant, 'file' | 'was' | 'becomes'> {
  readonly reason: string;
}

const ACCEPTED: readonly Accepted[] = [];

/** Why a mutation may live, where it may. */
export const reasonFor = ({ file, was, becomes }: Mutant): string | undefined =>
  ACCEPTED.find((entry) => entry.file === file && entry.was === was && entry.becomes === becomes)?.reason;

/** Entries that fit none of the mutations that there are. */
export const staleEntries = (mutants: readonly Mutant[]): readonly Accepted[] =>
  ACCEPTED.filter(
    (entry) =>
      !mutants.some(({ file, was, becomes }) => file === entry.file && was === entry.was && becomes === entry.becomes),
  );
