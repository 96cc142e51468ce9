/** Lets results be stored once more that were delivered: the PACS does not have them, and somebody wants them. */
import { currentBeside } from './patients.ts';
import type { PinnedSet, RoutedUpload, SetPlace, SetState, SetTable } from './ports.ts';
import { changeSets, isAtHome, outrunBy, withSet } from './sets.ts';

/** What becomes of a run's results that a person wants stored again. */
export type Again =
  /** They are stored again once the set's message comes to delivery. `was` is the state until now. */
  | { readonly kind: 'again'; readonly set: PinnedSet; readonly was: SetState }
  /** The images are gone from the PACS. */
  | { readonly kind: 'withdrawn' }
  /** The study has newer results of the tool. */
  | { readonly kind: 'superseded'; readonly by: PinnedSet }
  /** A newer upload of other images is on its way to the tool. */
  | { readonly kind: 'outrun'; readonly by: RoutedUpload }
  /** The run has no set. */
  | { readonly kind: 'none' };

/** Lets the current set be stored once more, if it is the run's: what the PACS does not have any more, it gets again. */
export async function storeAgain(table: SetTable, place: SetPlace, runId: string): Promise<Again> {
  return await changeSets<Again>(table, place, async (study) => {
    const current = currentBeside(study.sets, runId);
    if (current === undefined) return { answer: { kind: 'none' } };
    if (current.runId !== runId) return { answer: { kind: 'superseded', by: current } };
    const routed = outrunBy(study, current);
    if (routed !== undefined) return { answer: { kind: 'outrun', by: routed } };
    if (current.state === 'withdrawn') return { answer: { kind: 'withdrawn' } };
    const answer = { kind: 'again', set: current, was: current.state } as const;
    return isAtHome(current.state)
      ? { answer, study: withSet(study, current.setId, { state: 'converted' }) }
      : { answer };
  });
}
