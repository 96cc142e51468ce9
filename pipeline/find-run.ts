/** Finds the run that a person names by its id, or by the beginning of it. */
import { newestRuns } from './newest-runs.ts';
import type { CallOptions, RunRecord, RunStore } from './ports.ts';
import { RUN_STATES } from './run-state.ts';

const PAGE = 500;
/** More of the runs that begin so are not looked for. */
const MOST_FOUND = 5;

/** The runs whose ids begin with the text: one that is named whole is found at once, otherwise all are looked through. */
export async function findRuns(
  runs: Pick<RunStore, 'get' | 'list'>,
  text: string,
  options: CallOptions = {},
): Promise<readonly RunRecord[]> {
  const named = text.length === 32 ? await runs.get(text, options) : undefined;
  if (named !== undefined || text.length >= 32) return named === undefined ? [] : [named];
  const found = new Map<string, RunRecord>();
  for await (const run of newestRuns(runs, { state: RUN_STATES }, PAGE, options)) {
    // A run that changes its state meanwhile may come twice.
    if (run.runId.startsWith(text)) found.set(run.runId, run);
    if (found.size === MOST_FOUND) break;
  }
  return [...found.values()];
}
