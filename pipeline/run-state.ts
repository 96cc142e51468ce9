/** Which state of a run may follow which, so that late and repeated events never move a run back. */
export const RUN_STATES = [
  'received',
  'routed',
  'inferred',
  'converted',
  'delivered',
  'not-applicable',
  'rejected',
  'failed',
] as const;
export type RunState = (typeof RUN_STATES)[number];

const RANKS: Readonly<Record<RunState, number>> = {
  received: 0,
  routed: 1,
  inferred: 2,
  converted: 3,
  'not-applicable': 4,
  rejected: 4,
  failed: 4,
  delivered: 5,
};

/**
 * A run moves to a state of the same or a higher rank only. What ended (not applicable, rejected, failed) outranks every
 * step on the way, and only a result that was delivered after all, for example after a redrive, outranks an end.
 */
export const stateRank = (state: RunState): number => RANKS[state];
