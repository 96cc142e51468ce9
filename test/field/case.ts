/** One row of the table in docs/field.md: a study as the field sends it, and what Hilum must say of it. */
import type { StudyReport } from '#cli/run-study.ts';

export interface FieldCase {
  /** What is odd about the study. Unique in its area. */
  readonly name: string;
  /** Where such studies were reported, in plain words. */
  readonly source: string;
  /** What the files are made of. */
  readonly made: 'phantom' | 'phantom, changed' | 'real' | 'real, changed';
  readonly tool: 'vertebral-fracture' | 'caries' | 'brain-tissue';
  /** `data` where the files are made of the real data. */
  readonly needs?: 'data';
  /** The study's files as they lie in a folder. */
  readonly files: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  readonly expected: Expected;
}

/**
 * What must be said: a refusal, or an answer. Both together are for studies of which a part may be told or nothing at all, but
 * nothing wrong.
 */
export type Expected = Refused | Evaluated | (Refused & Evaluated);

/** No finding, and a reason that is true. */
interface Refused {
  /** The codes that are right, one or several. */
  readonly refused: readonly string[];
  /** What the reason must say. */
  readonly because: RegExp;
}

/** An answer, of which something holds. */
interface Evaluated {
  /** What does not hold, in words; empty if all does. */
  readonly faults: (report: StudyReport) => readonly string[];
}

/** What Hilum said of a case. */
export type Said =
  | { readonly report: StudyReport }
  /** No file could be read, so there is no study. */
  | { readonly unread: { readonly code: string; readonly message: string } };
