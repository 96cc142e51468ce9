/** The sets of a run's results, as `hilum status` shows them for one study. */
import { currentOf } from '#pipeline/patients.ts';
import type { PinnedSet, RunRecord, SetTable } from '#pipeline/ports.ts';
import { isAtHome } from '#pipeline/sets.ts';

/** A set, and whether the PACS is to show it. At most one set of a patient, study and tool is current. */
export type ShownSet = Pick<
  PinnedSet,
  'setId' | 'runId' | 'answer' | 'state' | 'sequence' | 'createdAt' | 'replaces'
> & {
  readonly current: boolean;
  /** The set that took its place in the PACS, or is taking it. */
  readonly replacedBy?: string;
  /** The PACS has a note that it is replaced. */
  readonly noted?: boolean;
};

/** Looks up the sets of runs of one study, each tool once. */
export function createSetsLookup(table: Pick<SetTable, 'get'>): (run: RunRecord) => Promise<readonly ShownSet[]> {
  const asked = new Map<string, ReturnType<SetTable['get']>>();
  return async ({ runId, StudyInstanceUID, tool }) => {
    const answer = asked.get(tool) ?? table.get({ StudyInstanceUID, tool });
    asked.set(tool, answer);
    const { sets } = (await answer).study;
    const atHome = sets.filter(({ state }) => isAtHome(state));
    const own = sets.filter((set) => set.runId === runId);
    return own.map((set) => ({ ...shown(set, sets), current: set === currentOf(atHome, set) }));
  };
}

function shown(set: PinnedSet, sets: readonly PinnedSet[]): Omit<ShownSet, 'current'> {
  const { setId, runId, answer, state, sequence, createdAt, replaces, noted } = set;
  const by = sets.find((other) => other.stored === true && other.replaces.includes(setId));
  return {
    ...{ setId, runId, answer, state, sequence, createdAt, replaces },
    ...(noted !== undefined && { noted }),
    ...(by && { replacedBy: by.setId }),
  };
}

/** What a set is to the study, in words. */
export function setInWords({ runId, state, current, replacedBy, noted }: ShownSet): string {
  switch (state) {
    case 'converted':
      return 'converted, on its way to the PACS';
    case 'storing':
      return 'being stored in the PACS';
    case 'delivered':
      return current ? 'delivered, the current one: its objects are in the PACS' : 'delivered';
    case 'superseded':
      if (replacedBy === undefined) return 'superseded before it was stored';
      return `superseded by set ${replacedBy.slice(0, 8)}${noted === true ? '' : ', which is being stored'}`;
    case 'withdrawn':
      return 'withdrawn: the PACS does not have its images any more';
    case 'missing':
      return `missing: the PACS has its images, and not all of its objects; \`hilum deliver ${runId.slice(0, 8)}\` stores them again`;
  }
}
