/**
 * How a tool is judged: `evaluation/<tool-id>/evaluation.ts` exports an `Evaluation`, which `npm run evaluate -- <tool>`
 * runs over all its cases. Cases and outcomes are plain JSON, for they cross process borders and lie in files.
 */
import type { ToolUnderEvaluation } from './tool-under-evaluation.ts';

/** One figure with its uncertainty and what is wanted of it. */
export interface Metric {
  readonly value: number;
  /** 95 % interval, bootstrapped over cases (patients), not over findings. */
  readonly interval?: readonly [low: number, high: number];
  /** How many findings, bodies, pictures … it is made of. */
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
  /** File name without its ending, unique in the evaluation. */
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
}

/** A picture of the page, e.g. of `gallery`. */
export interface Picture {
  /** File name without its ending, unique in the evaluation. */
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

/** Cases of one kind: held-out phantoms, a real study and its variants, studies out of scope … */
export interface Part<Case = unknown, Outcome = unknown> {
  readonly name: string;
  readonly title: string;
  /** What it needs that a checkout lacks: the folder of real data (HILUM_DATA). */
  readonly needs?: 'data';
  /** All cases in order; the first ones are those that CI runs. */
  cases(): readonly Case[];
  /** How many of the first cases CI runs. */
  readonly ciCases: number;
  run(one: Case, tool: ToolUnderEvaluation): Promise<Outcome>;
  summarise(outcomes: readonly Outcome[]): Summary;
}

export interface Evaluation {
  readonly tool: string;
  /** The parts, in the page's order. `Part<Case, Outcome>` of differing types are put in by `part`. */
  readonly parts: readonly Part[];
}

/** A part with its types, as the list of an evaluation holds it. */
export function part<Case, Outcome>(one: Part<Case, Outcome>): Part {
  return one as unknown as Part;
}
