/** The states of a run and their order, so that late and repeated events never move a run back. */
export const RUN_STATES = [
  'received',
  'routed',
  'inferred',
  'converted',
  'delivered',
  'superseded',
  'withdrawn',
  'missing',
  'not-applicable',
  'rejected',
  'failed',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** The states of runs whose results were returned once, or were to be. */
export const RETURNED_STATES = [
  'delivered',
  'superseded',
  'withdrawn',
  'missing',
] as const satisfies readonly RunState[];

const RANKS: Readonly<Record<RunState, number>> = {
  received: 0,
  routed: 1,
  inferred: 2,
  converted: 3,
  'not-applicable': 4,
  rejected: 4,
  failed: 4,
  delivered: 5,
  superseded: 5,
  withdrawn: 5,
  missing: 5,
};

/**
 * A run moves only to a state of the same or a higher rank. The end states (not-applicable, rejected, failed) outrank all
 * steps on the way. What becomes of results outranks them: a failed run may still be delivered, for example after a redrive. Delivered
 * results may be superseded by those of a newer upload, withdrawn with their images, or missing from the PACS alone, and come back.
 */
export const stateRank = (state: RunState): number => RANKS[state];

/**
 * A run's place among the runs of its state: when it entered it, and its id, so that no two have the same. Places sort as text. In
 * a list of states, the place of a run is the cursor after it, whichever its state was.
 */
export const placeInState = ({ changed = '', runId }: { readonly changed?: string; readonly runId: string }): string =>
  `${changed}/${runId}`;
