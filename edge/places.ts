/** The places where studies are forwarded at the same time, while the edge runs. */
import type { JournalStudy } from './journal.ts';
import { PLACES, type Place, type StudyQueue } from './queue.ts';

export interface Places {
  /**
   * Gives every free place its next study. Returns whether any is at work.
   *
   * @throws the error of a service that failed since the last call
   */
  fill(): boolean;
  /** Resolves when a study is finished; at once if none is at work. */
  next(): Promise<void>;
  /** Resolves when no study is at work. */
  empty(): Promise<void>;
}

/** @param work forwards one study. It throws if a service as a whole cannot be used; other errors it has dealt with */
export function createPlaces(queue: StudyQueue, work: (study: JournalStudy) => Promise<unknown>): Places {
  const busy = new Map<Place, Promise<void>>();
  let outage: { readonly error: unknown } | undefined;

  async function occupy(place: Place, study: JournalStudy): Promise<void> {
    try {
      await work(study);
    } catch (error) {
      outage ??= { error };
    } finally {
      busy.delete(place);
    }
  }

  return {
    fill() {
      if (outage !== undefined) {
        const { error } = outage;
        outage = undefined;
        throw error;
      }
      for (const place of PLACES) {
        const study = busy.has(place) ? undefined : queue.take(place);
        if (study !== undefined) busy.set(place, occupy(place, study));
      }
      return busy.size > 0;
    },
    next: async () => void (await Promise.race(busy.values())),
    empty: async () => void (await Promise.all(busy.values())),
  };
}
