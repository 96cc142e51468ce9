/** The sets of a run's results, as `hilum status` shows them for one study. */
import { currentOf } from '#pipeline/patients.ts';
import type { PinnedSet, RunRecord, SetTable } from '#pipeline/ports.ts';

/** A set, and whether the PACS is to show it. At most one set of a patient, study and tool is current. */
export type ShownSet = Pick<PinnedSet, 'setId' | 'answer' | 'state' | 'sequence' | 'createdAt' | 'replaces'> & {
  readonly current: boolean;
};

/** Looks up the sets of runs of one study, each tool once. */
export function createSetsLookup(table: Pick<SetTable, 'get'>): (run: RunRecord) => Promise<readonly ShownSet[]> {
  const asked = new Map<string, ReturnType<SetTable['get']>>();
  return async ({ runId, StudyInstanceUID, tool }) => {
    const answer = asked.get(tool) ?? table.get({ StudyInstanceUID, tool });
    asked.set(tool, answer);
    const { sets } = (await answer).study;
    const delivered = sets.filter(({ state }) => state === 'delivered');
    return sets
      .filter((set) => set.runId === runId)
      .map((set) => {
        const { setId, answer: of, state, sequence, createdAt, replaces } = set;
        return { setId, answer: of, state, sequence, createdAt, replaces, current: set === currentOf(delivered, set) };
      });
  };
}
