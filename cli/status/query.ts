/** What `hilum status` is asked for. */
import type { StudyState } from '#edge/journal.ts';
import type { RunQuery } from '#pipeline/ports.ts';
import { RUN_STATES, type RunState } from '#pipeline/run-state.ts';
import { UsageError } from '../command.ts';
import { notAmong } from '../suggest.ts';
import { pointInTime, studyUid, wholeNumber } from '../usage.ts';

const EDGE_STATES: readonly StudyState[] = ['seen', 'skipped', 'uploaded'];

export const STATES: readonly string[] = [...RUN_STATES, ...EDGE_STATES];

const DEFAULT_LIMIT = 50;

export interface StatusOptions {
  readonly state?: readonly string[];
  readonly since?: string;
  readonly limit?: string;
  readonly after?: string;
  readonly json?: true;
}

/** A checked question. */
export interface StatusQuery {
  readonly study: string | undefined;
  /** The runs to list; undefined if only studies at the edge are asked for. */
  readonly runs: Pick<RunQuery, 'StudyInstanceUID' | 'state' | 'since'> | undefined;
  readonly after: string | undefined;
  /** The states of the studies at the edge to list. */
  readonly edge: readonly StudyState[];
  /** ms since the epoch; 0 if all are asked for. */
  readonly sinceMs: number;
  /** The most runs, and the most studies of each state at the edge. A study is shown whole, unless a limit is given. */
  readonly limit: number;
}

/** @throws UsageError */
export function statusQuery(study: string | undefined, options: StatusOptions): StatusQuery {
  const { state, since, limit, after } = options;
  if (study !== undefined) studyUid(study, 'status');
  const unknown = state?.find((name) => !STATES.includes(name));
  if (unknown !== undefined) throw new UsageError(notAmong('state', unknown, STATES));
  if (after !== undefined && study !== undefined)
    throw new UsageError('--after continues a list of all studies: leave it out, or leave out the study');
  if (after !== undefined && !CURSOR.test(after))
    throw new UsageError(`--after takes what the end of the last page says, not ${after.slice(0, 80) || "''"}`);
  const sinceMs = since === undefined ? 0 : pointInTime(since, '--since');
  const runStates = RUN_STATES.filter((name) => state?.includes(name));
  return {
    study,
    runs: state !== undefined && runStates.length === 0 ? undefined : { ...runsOf(study, state && runStates, sinceMs) },
    after,
    // A page after the first goes on with runs alone.
    edge: after === undefined ? EDGE_STATES.filter((name) => state?.includes(name) ?? true) : [],
    sinceMs,
    limit:
      limit === undefined
        ? study === undefined
          ? DEFAULT_LIMIT
          : Number.MAX_SAFE_INTEGER
        : wholeNumber(limit, '--limit', { least: 1, most: 10_000_000 }),
  };
}

const CURSOR = /^\d{4}-\d\d-\d\dT[\d:.]+Z\/[0-9a-z]+$/;

function runsOf(study: string | undefined, state: readonly RunState[] | undefined, sinceMs: number) {
  return {
    ...(study !== undefined && { StudyInstanceUID: study }),
    ...(state !== undefined && { state }),
    ...(sinceMs > 0 && { since: new Date(sinceMs).toISOString() }),
  };
}
