/** Shows what `hilum status` is asked for. */
import type { Journal } from '#edge/journal.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { newestRuns } from '#pipeline/newest-runs.ts';
import type { RunRecord, RunStore, SetTable } from '#pipeline/ports.ts';
import { placeInState, RUN_STATES } from '#pipeline/run-state.ts';
import { counted } from '../counted.ts';
import { refusedOf, type ShownRun, type StudyAtEdge, studiesAtEdge } from './at-edge.ts';
import { printAtEdge, printRuns } from './print.ts';
import type { StatusQuery } from './query.ts';
import { createSetsLookup } from './sets.ts';

/** The runs of one request to the table, and the most that are printed together. */
const PAGE = 50;

export interface Shown {
  /** How many runs and studies were shown. */
  readonly count: number;
  /** How to see what was not. */
  readonly hints: readonly string[];
}

/**
 * Shows page after page, so that a long list needs no more memory than a short one.
 *
 * @param sets asked for the sets of results, if the runs are those of one study
 * @param out takes the items for scripts; without it they are printed for people
 */
export async function showStatus(
  { runs, sets }: { readonly runs: Pick<RunStore, 'list'>; readonly sets: Pick<SetTable, 'get'> },
  journal: Journal | undefined,
  query: StatusQuery,
  out: { readonly add: (item: ShownRun | StudyAtEdge) => void } | undefined,
): Promise<Shown> {
  const studies = new Set<string>();
  const setsOf = query.study === undefined ? undefined : createSetsLookup(sets);
  const hints: string[] = [];
  let [count, after] = [0, ''];
  let page: ShownRun[] = [];
  const flush = (): void => {
    if (out === undefined) printRuns(page);
    else for (const run of page) out.add(run);
    page = [];
  };
  for await (const run of runsOf(runs, query)) {
    if (count === query.limit) {
      hints.push(moreRuns(query, after));
      break;
    }
    const entry = journal?.study(run.StudyInstanceUID);
    const own = (await setsOf?.(run)) ?? [];
    page.push({ ...run, ...(own.length > 0 && { sets: own }), ...(entry && refusedOf(entry)) });
    studies.add(run.StudyInstanceUID);
    after = placeInState(run);
    count += 1;
    if (page.length === PAGE) flush();
  }
  flush();
  if (journal !== undefined) {
    const edge = await studiesAtEdge(journal, runs, query, studies);
    for (const study of edge.studies) {
      if (out === undefined) printAtEdge(study);
      else out.add(study);
    }
    count += edge.studies.length;
    for (const [state, more] of edge.left) {
      const all = `\`hilum status --state ${state} --limit ${query.limit + more}\``;
      hints.push(`Not shown: ${counted(more, 'study', 'studies')} at the edge (${state}): ${all}`);
    }
  }
  return { count, hints };
}

async function* runsOf(
  runs: Pick<RunStore, 'list'>,
  { study, runs: query, after, limit }: StatusQuery,
): AsyncGenerator<RunRecord> {
  if (query === undefined) return;
  if (study !== undefined) yield* await allRuns(runs, query);
  else {
    const state = query.state === undefined ? RUN_STATES : [query.state].flat();
    yield* newestRuns(runs, { ...query, state, ...(after !== undefined && { after }) }, Math.min(PAGE, limit) + 1);
  }
}

function moreRuns({ study, runs, sinceMs, limit }: StatusQuery, after: string): string {
  if (study !== undefined) return 'There are more runs: leave out --limit';
  const options = [
    ...(runs?.state === undefined ? [] : [`--state ${[runs.state].flat().join(',')}`]),
    ...(sinceMs === 0 ? [] : [`--since ${new Date(sinceMs).toISOString()}`]),
    `--limit ${limit}`,
    `--after ${after}`,
  ];
  return `There are more runs: \`hilum status ${options.join(' ')}\``;
}
