/** What may be lost in simulated time, and who mends it: the reconciler on its schedule, and the edge, which puts studies into the bucket again. */
import type { ManualClock } from '../fixtures/memory-ports.ts';
import { type Pipeline, s3Event } from '../fixtures/pipeline.ts';
import type { SimulatedQueues } from './queues.ts';

/** All messages, all objects, or all rows. */
export type Loss = 'queues' | 'bucket' | 'table';
/** It strikes between two requests, in the middle of an invocation. */
export interface Disaster {
  readonly atS: number;
  readonly losses: readonly Loss[];
}

/** The reconciler's schedule, and how long after a loss the edge puts studies into the bucket again. */
const RECONCILE_MS = 600_000;
const EDGE_MS = 1_200_000;

export interface LossesOptions {
  readonly disaster: Disaster | undefined;
  readonly clock: ManualClock;
  readonly pipeline: Pipeline;
  readonly queues: SimulatedQueues;
  /** The reconciler's handler. Without one, nobody mends anything. */
  readonly reconcile: (() => Promise<void>) | undefined;
}

export function createLosses({ disaster, clock, pipeline, queues, reconcile }: LossesOptions) {
  const { objects, runs, ledger, sets } = pipeline;
  const startMs = clock.now();
  const strikesMs = disaster === undefined ? Number.POSITIVE_INFINITY : startMs + disaster.atS * 1000;
  /** All chunks, identities and manifests of the edge's studies, by key. */
  const forwarded = new Map<string, Uint8Array>();
  let [hasStruck, isWhole, rounds] = [false, true, 0];
  let nextMs = reconcile === undefined ? Number.POSITIVE_INFINITY : startMs + RECONCILE_MS;

  function strike(): void {
    if (hasStruck || clock.now() < strikesMs) return;
    hasStruck = true;
    if (disaster?.losses.includes('queues')) queues.purge();
    if (disaster?.losses.includes('table')) for (const part of [runs.records, ledger.entries, sets.items]) part.clear();
    if (!disaster?.losses.includes('bucket')) return;
    objects.contents.clear();
    isWhole = false;
  }

  async function putAgain(): Promise<void> {
    isWhole = true;
    for (const [key, bytes] of forwarded) await objects.put(key, bytes);
    for (const key of forwarded.keys())
      if (key.endsWith('/manifest.json')) await queues.named('intake-live').send(s3Event(key));
  }

  return {
    strike,
    rounds: () => rounds,
    /** When somebody next mends something. */
    nextMs: () => nextMs,
    remember(...keys: readonly string[]): void {
      for (const key of keys) forwarded.set(key, objects.contents.get(key) ?? new Uint8Array());
    },
    async mend(): Promise<void> {
      strike();
      if (reconcile === undefined) return;
      if (!isWhole && clock.now() >= strikesMs + EDGE_MS) await putAgain();
      if (clock.now() < nextMs) return;
      nextMs += RECONCILE_MS;
      rounds += 1;
      await reconcile();
    },
  };
}
