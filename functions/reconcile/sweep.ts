/** Goes through a long list, a bounded part of it in each invocation, and goes on next time where it stopped. */
import * as z from 'zod';
import { errorFacts, METRICS, type Observer } from '#adapters/aws/observe.ts';
import { MessageError } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import { causeOf } from '#pipeline/ends.ts';
import type { Bookmarks } from '#pipeline/ports.ts';

export interface SweepDependencies {
  readonly bookmarks: Bookmarks;
  readonly clock: Clock;
  readonly observer: Observer;
  /** When the invocation should end, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** The invocation's time. */
  readonly nowMs: number;
}

/** One list: its bookmark's name, how to read a page of it, and what to do with each entry. */
export interface Sweep<T> {
  readonly name: string;
  readonly page: (after: string | undefined, round: Round) => Promise<SweptPage<T>>;
  readonly look: (entry: T, round: Round) => Promise<void>;
  /** The most pages and entries of one invocation. It ends with the page in which it reaches one of them. */
  readonly mostPages: number;
  readonly mostEntries: number;
}
/** A round goes through the whole list once, in one or more invocations. */
export interface Round {
  /** When it began (ISO 8601, UTC). */
  readonly began: string;
  /** When the round before it began; undefined in the first. */
  readonly since?: string | undefined;
}
export interface SweptPage<T> {
  readonly entries: readonly T[];
  readonly next?: string;
}

/** How far a round came: where it goes on, when it began, and when the one before it did. */
type Place = Readonly<z.infer<typeof PlaceSchema>>;
const PlaceSchema = z.object({
  after: z.string().optional(),
  /** Absent before a round. */
  began: z.iso.datetime().optional(),
  since: z.iso.datetime().optional(),
});

/** Entries that are looked at together. */
const AT_ONCE = 8;

/**
 * An entry that cannot be looked at is logged, and the others go on. A list that cannot be read stays where it is until the next
 * invocation. What a person has to clear raises the alarm of `METRICS.halted`.
 */
export async function sweep<T>(
  { name, page, look, mostPages, mostEntries }: Sweep<T>,
  { bookmarks, clock, observer, deadlineMs, nowMs }: SweepDependencies,
): Promise<void> {
  const told = (event: string, error: unknown): void => {
    const cause = causeOf(error);
    observer.log(cause === 'service' ? 'warn' : 'error', event, { sweep: name, because: cause, ...errorFacts(error) });
    if (cause !== 'service') observer.count(METRICS.halted);
  };
  const lookAt = (round: Round) => (entry: T) =>
    look(entry, round).catch((error: unknown) => told('not-reconciled', error));

  async function goThrough({ after: from, since }: Place, began: string): Promise<Place> {
    const round: Round = { began, since };
    let after = from;
    for (let pages = 0, seen = 0; pages < mostPages && seen < mostEntries && clock.now() < deadlineMs; pages++) {
      const { entries, next } = await page(after, round);
      for (let start = 0; start < entries.length; start += AT_ONCE)
        await Promise.all(entries.slice(start, start + AT_ONCE).map(lookAt(round)));
      seen += entries.length;
      after = next;
      if (next !== undefined) continue;
      observer.log('info', 'swept', { sweep: name, entries: seen, began });
      return { since: began };
    }
    return { ...round, after };
  }

  /** The table may not know a cursor any more, as after an update of Hilum. */
  function anew({ since }: Place, error: unknown): Place {
    if (!(error instanceof MessageError)) throw error;
    told('sweep-began-anew', error);
    return { since };
  }

  try {
    const place = placeFrom(await bookmarks.get(name));
    const began = place.began ?? new Date(nowMs).toISOString();
    const reached = await goThrough(place, began).catch((error: unknown) => anew(place, error));
    await bookmarks.set(name, JSON.stringify(reached));
  } catch (error) {
    told('sweep-stopped', error);
  }
}

/** A bookmark that cannot be read begins a round from the start. */
function placeFrom(text = '{}'): Place {
  try {
    return PlaceSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
