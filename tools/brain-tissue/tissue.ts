/** The model's classes, in the order of its output. */
export const TISSUE = { background: 0, white: 1, grey: 2 } as const;

/** Classes of `TISSUE` on the conformed grid; index = (z × 256 + y) × 256 + x, along the LPS axes. */
export type TissueMap = Uint8Array;
