/** The reasons why a body has no grade, in words for people. */

export type NoGrade =
  | 'partly-in-view'
  | 'no-endplates'
  | 'unsure'
  | 'shape'
  | 'size'
  | 'too-high'
  | 'too-low'
  | 'split'
  | 'distance'
  | 'neighbours'
  | 'unsteady'
  | 'near-limit'
  | 'shared-endplate'
  | 'lowest';

interface Words {
  /** Follows "no grade", in parentheses. */
  readonly why: string;
  /** Follows a number of bodies. */
  readonly kind: string;
}

const UNLIKE = 'unlike the neighbours';
const WORDS: Readonly<Record<NoGrade, Words>> = {
  lowest: { why: 'the lowest body found may belong to the sacrum or be cut off', kind: 'lowest' },
  'partly-in-view': { why: 'only partly in view', kind: 'only partly in view' },
  'no-endplates': { why: 'its two endplates could not be found', kind: 'without two endplates' },
  unsure: { why: 'the model is unsure that it is one whole vertebral body', kind: 'uncertain' },
  shape: { why: 'too narrow or too wide for its depth to be one whole vertebral body', kind: UNLIKE },
  size: { why: 'its depth or width does not fit the bodies beside it', kind: UNLIKE },
  'too-high': { why: 'higher than the bodies beside it, so it may include a part of another', kind: UNLIKE },
  'too-low': {
    why: 'as low as the bodies beside it, but too low for its own depth and width, so all may have lost height',
    kind: 'too low for their depth and width',
  },
  split: { why: 'no higher than one body together with its neighbour, so both may be parts of one', kind: UNLIKE },
  distance: { why: 'its distance to the body beside it is not that of a disc', kind: UNLIKE },
  unsteady: {
    why: 'found or measured differently when the image was sampled again',
    kind: 'found differently when sampled again',
  },
  'near-limit': { why: 'its grade changes when the image is sampled again', kind: 'near the limit of a grade' },
  'shared-endplate': {
    why: 'one of two bodies has what the other lacks in height, so the endplate between them may be misplaced',
    kind: 'with a doubtful endplate',
  },
  neighbours: { why: 'too few comparable bodies beside it', kind: 'lacking comparable neighbours' },
};

/** The reason for one body. */
export const whyNoGrade = (reason: NoGrade): string => WORDS[reason].why;
/** The reason for a table's narrow column. */
export const kindOfNoGrade = (reason: NoGrade): string => WORDS[reason].kind;

/** Several reasons, counted by kind: `1 lowest, 2 only partly in view`. */
export function countsOf(reasons: readonly NoGrade[]): string {
  const kinds = Map.groupBy(reasons, kindOfNoGrade);
  return [...kinds].map(([kind, some]) => `${some.length} ${kind}`).join(', ');
}
