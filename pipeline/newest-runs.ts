/** Lists runs of states, the latest change first, however many there are. */
import type { CallOptions, RunQuery, RunRecord, RunStore } from './ports.ts';
import { placeInState, type RunState } from './run-state.ts';

/** The runs of one state that were read and not given yet. */
interface Stretch {
  readonly state: RunState;
  readonly runs: RunRecord[];
  /** Where the next page begins; undefined at the beginning. */
  after: string | undefined;
  isLast: boolean;
}

/**
 * Each state is read page by page, and no run twice, so that a long list needs no more memory than a short one.
 *
 * @param pageSize the runs of a page
 */
export async function* newestRuns(
  runs: Pick<RunStore, 'list'>,
  { state, ...query }: Pick<RunQuery, 'since' | 'before' | 'after'> & { readonly state: readonly RunState[] },
  pageSize: number,
  options: CallOptions = {},
): AsyncGenerator<RunRecord> {
  const stretches = state.map((name): Stretch => ({ state: name, runs: [], after: query.after, isLast: false }));
  async function fill(stretch: Stretch): Promise<void> {
    while (stretch.runs.length === 0 && !stretch.isLast) {
      const { after } = stretch;
      const page = await runs.list(
        { ...query, state: stretch.state, limit: pageSize, ...(after !== undefined && { after }) },
        options,
      );
      stretch.runs.push(...page.runs);
      stretch.after = page.next;
      stretch.isLast = page.next === undefined;
    }
  }
  for (;;) {
    await Promise.all(stretches.map(fill));
    const latest = stretches.reduce((found, stretch) => (headOf(stretch) > headOf(found) ? stretch : found), NOTHING);
    const run = latest.runs.shift();
    if (run === undefined) return;
    yield run;
  }
}

const NOTHING: Stretch = { state: 'received', runs: [], after: undefined, isLast: true };

function headOf({ runs: [run] }: Stretch): string {
  return run === undefined ? '' : placeInState(run);
}
