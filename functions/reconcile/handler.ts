/**
 * Compares bucket, table and queues, and mends what differs: work whose message is gone is sent again. It runs on a schedule.
 * Every step may run twice with the same outcome, so that a message too many does no harm.
 */
import { LANES } from '#pipeline/keys.ts';
import type { Bookmarks } from '#pipeline/ports.ts';
import { deliveredRuns, failedRuns } from './ended-runs.ts';
import { manifests } from './manifests.ts';
import { openRuns } from './open-runs.ts';
import { createResending, type ReconcilePorts } from './resend.ts';
import { sweep } from './sweep.ts';

export interface ReconcileDependencies extends ReconcilePorts {
  readonly bookmarks: Bookmarks;
}

/** Kept at the end of an invocation, so that the last page is finished. */
const RESERVE_MS = 15_000;

export function makeHandler(dependencies: ReconcileDependencies) {
  return async (_event: unknown, context: { readonly getRemainingTimeInMillis: () => number }): Promise<void> => {
    const deadlineMs = dependencies.clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const surroundings = { ...dependencies, deadlineMs };
    const resending = createResending(dependencies);
    await sweep(openRuns(dependencies, resending), surroundings);
    for (const lane of LANES) await sweep(manifests(lane, dependencies, resending), surroundings);
    await sweep(failedRuns(dependencies, resending), surroundings);
    await sweep(deliveredRuns(dependencies, resending), surroundings);
  };
}
