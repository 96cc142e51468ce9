/**
 * Compares bucket, table and queues, and mends what differs: work whose message is gone is sent again. It runs on a schedule.
 * Every step may run twice with the same outcome, so that a message too many does no harm.
 */
import * as z from 'zod';
import { errorFacts } from '#adapters/aws/observe.ts';
import { LANES } from '#pipeline/keys.ts';
import type { Bookmarks } from '#pipeline/ports.ts';
import { deliveredSets } from './delivered-sets.ts';
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

const SEEN_EMPTY = 'seen-empty';
const SeenEmptySchema = z.record(z.string(), z.number());

export function makeHandler(dependencies: ReconcileDependencies) {
  const { bookmarks, clock, observer } = dependencies;

  /** When each queue was last seen empty. Without it, less is found to be lost in this invocation. */
  async function seenEmptyBefore(): Promise<Map<string, number>> {
    const text = await bookmarks.get(SEEN_EMPTY).catch(() => undefined);
    return new Map(Object.entries(SeenEmptySchema.catch({}).parse(text === undefined ? {} : parsed(text))));
  }

  return async (_event: unknown, context: { readonly getRemainingTimeInMillis: () => number }): Promise<void> => {
    const nowMs = clock.now();
    const surroundings = {
      ...dependencies,
      nowMs,
      deadlineMs: nowMs + context.getRemainingTimeInMillis() - RESERVE_MS,
    };
    const seenEmpty = await seenEmptyBefore();
    const resending = createResending(dependencies, seenEmpty, nowMs);
    await sweep(openRuns(dependencies, resending), surroundings);
    for (const lane of LANES) await sweep(manifests(lane, dependencies, resending), surroundings);
    await sweep(failedRuns(dependencies, resending), surroundings);
    await sweep(deliveredRuns(dependencies, resending), surroundings);
    await sweep(deliveredSets(dependencies, resending), surroundings);
    if (![...seenEmpty.values()].includes(nowMs)) return;
    await bookmarks.set(SEEN_EMPTY, JSON.stringify(Object.fromEntries(seenEmpty))).catch((error: unknown) => {
      observer.log('warn', 'not-remembered', errorFacts(error));
    });
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
