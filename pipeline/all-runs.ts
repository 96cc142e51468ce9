import type { CallOptions, RunQuery, RunRecord, RunStore } from './ports.ts';

/** All runs that a query finds, newest first; they are all in memory at once. */
export async function allRuns(
  runs: Pick<RunStore, 'list'>,
  filter: Omit<RunQuery, 'limit' | 'after'> = {},
  options: CallOptions = {},
): Promise<readonly RunRecord[]> {
  const found: RunRecord[] = [];
  for (let after: string | undefined; ; ) {
    const page = await runs.list({ ...filter, ...(after !== undefined && { after }) }, options);
    found.push(...page.runs);
    if (page.next === undefined) break;
    after = page.next;
  }
  const bornAt = new Map(found.map((run) => [run.runId, firstTime(run)]));
  const born = ({ runId }: RunRecord): string => bornAt.get(runId) ?? '';
  return found.sort((a, b) => (born(a) < born(b) ? 1 : born(a) > born(b) ? -1 : 0));
}

/** The earliest time recorded for a run (ISO 8601, UTC: sorts as text). */
const firstTime = ({ stages }: RunRecord): string => Object.values(stages).sort()[0] ?? '';
