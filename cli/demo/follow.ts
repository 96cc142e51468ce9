/** Follows runs in the runs table until all have ended, within a bound. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import type { RunRecord, RunStore } from '#pipeline/ports.ts';
import { RETURNED_STATES, type RunState } from '#pipeline/run-state.ts';

const ENDS: readonly RunState[] = [...RETURNED_STATES, 'not-applicable', 'rejected', 'failed'];
const POLL_MS = 500;

export interface Following {
  readonly runs: RunStore;
  readonly catalog: readonly ToolEntry[];
  readonly StudyInstanceUID: string;
  /** The reason if the forwarder left the study out, so that no run will come. */
  readonly skipped: () => string | undefined;
  readonly signal: AbortSignal;
  /** Called for each state that a run reaches. */
  readonly onChange: (run: RunRecord) => void;
}

/** How the wait for a study ended. `late`: the time was up. */
export type Ending =
  | { readonly kind: 'ended' | 'late'; readonly runs: readonly RunRecord[] }
  | { readonly kind: 'skipped'; readonly reason: string };

/** The runs of a study by the present versions of the catalogue's tools. */
export async function presentRuns(
  { runs, catalog }: Pick<Following, 'runs' | 'catalog'>,
  StudyInstanceUID: string,
): Promise<readonly RunRecord[]> {
  const wanted = new Set(catalog.map((entry) => `${entry.manifest.id} ${toolVersion(entry)}`));
  const found = await allRuns(runs, { StudyInstanceUID });
  return found.filter(({ tool, version }) => wanted.has(`${tool} ${version}`));
}

/** Waits until every tool of the catalogue, in its present version, has a run of the study that has ended. */
export async function followStudy({ skipped, signal, onChange, ...following }: Following): Promise<Ending> {
  const told = new Set<string>();
  for (;;) {
    const runs = await presentRuns(following, following.StudyInstanceUID);
    for (const run of runs) {
      const news = `${run.runId} ${run.state}`;
      if (!told.has(news)) onChange(run);
      told.add(news);
    }
    const tools = new Set(runs.map(({ tool }) => tool));
    if (tools.size === following.catalog.length && runs.every(({ state }) => ENDS.includes(state))) {
      return { kind: 'ended', runs };
    }
    const reason = skipped();
    if (reason !== undefined) return { kind: 'skipped', reason };
    if (signal.aborted) return { kind: 'late', runs };
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
