/** Why a body has no grade, in words for people. */

export type NoGrade =
  | 'partly-in-view'
  | 'no-endplates'
  | 'unsure'
  | 'shape'
  | 'size'
  | 'too-high'
  | 'split'
  | 'distance'
  | 'neighbours'
  | 'lowest';

interface Words {
  /** After "no grade: ". */
  readonly why: string;
  /** After a number of bodies. */
  readonly kind: string;
}

const UNLIKE = 'unlike those beside';
const WORDS: Readonly<Record<NoGrade, Words>> = {
  lowest: { why: 'the lowest body found may be the sacrum or cut off', kind: 'lowest' },
  'partly-in-view': { why: 'only partly in view', kind: 'only partly in view' },
  'no-endplates': { why: 'no two endplates to measure between', kind: 'without two endplates' },
  unsure: { why: 'the model is unsure that it is one whole vertebral body', kind: 'too unsure' },
  shape: { why: 'too narrow or too wide for its depth to be one whole vertebral body', kind: UNLIKE },
  size: { why: 'its depth or width does not fit the bodies beside it', kind: UNLIKE },
  'too-high': { why: 'higher than the bodies beside it, it may hold a part of another', kind: UNLIKE },
  split: { why: 'together with the body beside it no higher than one, they may be parts of one', kind: UNLIKE },
  distance: { why: 'its distance to the body beside it is not that of a disc', kind: UNLIKE },
  neighbours: { why: 'too few bodies beside it fit to compare it with', kind: 'beside too few that fit' },
};

/** What is said of one body. */
export const whyNoGrade = (reason: NoGrade): string => WORDS[reason].why;
/** The same in a table's narrow column. */
export const kindOfNoGrade = (reason: NoGrade): string => WORDS[reason].kind;

/** Several of them, counted by kind: `1 lowest, 2 only partly in view`. */
export function countsOf(reasons: readonly NoGrade[]): string {
  const kinds = Map.groupBy(reasons, kindOfNoGrade);
  return [...kinds].map(([kind, some]) => `${some.length} ${kind}`).join(', ');
}
