/**
 * How a tool is evaluated: `evaluation/<tool-id>/evaluation.ts` exports an `Evaluation`, and `npm run evaluate -- <tool>`
 * runs all its cases. Cases and outcomes are plain JSON, because they are sent between processes and stored in files.
 */
import type { ToolUnderEvaluation } from './tool-under-evaluation.ts';

/** One figure with its uncertainty and its goal. */
export interface Metric {
  readonly value: number;
  /** 95 % interval, bootstrapped over cases (patients), not over findings. */
  readonly interval?: readonly [low: number, high: number];
  /** The number of findings, bodies, pictures … that the figure is computed from. */
  readonly n: number;
  readonly unit?: string;
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
}

/** Rows of text below a header. */
export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A drawing of the page: an SVG file's content. */
export interface Figure {
  /** File name without extension, unique in the evaluation. */
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
}

/** A picture of the page, e.g. made by `gallery`. */
export interface Picture {
  /** File name without extension, unique in the evaluation. */
  readonly name: string;
  readonly caption: string;
  readonly png: Uint8Array;
}

export interface Summary {
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly tables?: readonly Table[];
  readonly figures?: readonly Figure[];
  readonly pictures?: readonly Picture[];
  /** Sentences for the page, above the figures. */
  readonly remarks?: readonly string[];
}

/** Cases of one kind: held-out phantoms, variants of a real study, studies out of scope … */
export interface Part<Case = unknown, Outcome = unknown> {
  readonly name: string;
  readonly title: string;
  /** What the part needs besides the clone: the folder of real data (HILUM_DATA). */
  readonly needs?: 'data';
  /** All cases in order. CI runs the first ones. */
  cases(): readonly Case[];
  /** How many cases CI runs. */
  readonly ciCases: number;
  run(one: Case, tool: ToolUnderEvaluation): Promise<Outcome>;
  summarise(outcomes: readonly Outcome[]): Summary;
}

export interface Evaluation {
  readonly tool: string;
  /** The parts, in the page's order. `part` converts a `Part<Case, Outcome>` for this list. */
  readonly parts: readonly Part[];
}

/** Converts a typed part for the list of an evaluation. */
export function part<Case, Outcome>(one: Part<Case, Outcome>): Part {
  return one as unknown as Part;
}
