/** Reports the outcome of a run of mutations. */
import { reasonFor, type staleEntries } from './accepted.ts';
import type { Tried } from './campaign.ts';
import type { Mutant } from './mutants.ts';

/** The share of the tried mutations that must be caught. */
const FLOOR = 0.95;

export interface Survivor extends Pick<Mutant, 'file' | 'was' | 'becomes'> {
  readonly line?: number;
  readonly operator?: string;
  /** The reason why it may survive; undefined if there is none. */
  readonly reason?: string | undefined;
}

export interface Report {
  readonly seed: number;
  readonly tried: number;
  readonly caught: number;
  /** Of those caught: tests that never ended. */
  readonly stuck: number;
  /** Caught of tried; a survivor with a reason is not caught. */
  readonly score: number;
  readonly namedSurvivors: number;
  readonly passed: boolean;
  readonly survivors: readonly Survivor[];
  readonly stale: ReturnType<typeof staleEntries>;
}

export interface Outcome {
  readonly seed: number;
  readonly tried: readonly Tried[];
  readonly named: readonly Mutant[];
  readonly stale: ReturnType<typeof staleEntries>;
}

export function reportOf({ seed, tried, named, stale }: Outcome): Report {
  const living = tried.filter(({ outcome }) => outcome === 'survived').map(({ mutant }) => mutant);
  const caught = tried.length - living.length;
  const score = tried.length === 0 ? 0 : caught / tried.length;
  const namedSurvivors = named.filter((mutant) => living.includes(mutant)).length;
  return {
    ...{ seed, tried: tried.length, caught, score, namedSurvivors, stale },
    stuck: tried.filter(({ outcome }) => outcome === 'stuck').length,
    passed: score >= FLOOR && namedSurvivors === 0,
    survivors: living.map((mutant) => {
      const { file, line, operator, was, becomes } = mutant;
      return { file, line, operator, was, becomes, reason: reasonFor(mutant) };
    }),
  };
}

/** The lines before and after, as a diff says it. */
export function diffOf({ file, line, operator, was, becomes }: Survivor): string {
  const place = [line === undefined ? file : `${file}:${line}`, operator].filter(Boolean).join('  ');
  return `${place}\n- ${was}\n+ ${becomes}`;
}
