/** What an operator is, and what it changes. */
import type { Node } from './syntax.ts';

/** Puts `text` in the place of the source from `start` to `end`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Operator {
  readonly name: string;
  /** For people. */
  readonly what: string;
  readonly changes: (node: Node, source: string) => readonly Change[];
}
