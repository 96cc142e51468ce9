/**
 * Decides which study is next. A study that has just arrived is somebody waiting for a report: it goes before a backlog, and a study
 * that was not tried yet goes before one that failed. Two studies are forwarded at once, and one of the two places is kept for
 * studies that have just arrived, so that neither a backlog nor a study of many series delays them. That place takes the newest
 * first, because hundreds that arrive together are an import from elsewhere; the other place takes the oldest.
 */
import type { Clock } from '#core/ports.ts';
import type { Journal, JournalStudy } from './journal.ts';

/** Where a study is forwarded: `live` takes only those that have just arrived. */
export const PLACES = ['live', 'any'] as const;
export type Place = (typeof PLACES)[number];

/** The longest wait between two attempts of a study. */
export const STUDY_CAP_MS = 3_600_000;

/** The wait after a failed attempt: 1 s, doubled each time. @param attempts how many failed before it */
export const backoffMs = (attempts: number, capMs: number): number =>
  Math.min(capMs, 1_000 * 2 ** Math.min(attempts, 20));

export interface StudyQueue {
  /** Notes a study that is queued in the journal. */
  noticed(key: string, live: boolean): void;
  /** The next study for a place, which is then taken; undefined if none is due. */
  take(place: Place): JournalStudy | undefined;
  /** Gives a study back. True if it was noticed again meanwhile, so that what was found out about it may be out of date. */
  giveBack(key: string): boolean;
}

export function createStudyQueue(journal: Journal, clock: Clock): StudyQueue {
  /** Studies that have just arrived. It is lost at the end of the process, and what is queued then is a backlog. */
  const live = new Set<string>();
  const taken = new Set<string>();
  const noticedAgain = new Set<string>();

  const isDue = ({ state, nextAttemptAt }: JournalStudy, now: number): boolean =>
    // A clock that was set back must not delay an attempt beyond the longest wait.
    state === 'seen' && (nextAttemptAt <= now || nextAttemptAt > now + STUDY_CAP_MS);

  function nextLive(place: Place, now: number): JournalStudy | undefined {
    for (const key of place === 'live' ? [...live].reverse() : live) {
      const study = journal.study(key);
      if (study?.state !== 'seen' || study.attempts > 0) live.delete(key);
      else if (!taken.has(key) && isDue(study, now)) return study;
    }
    return undefined;
  }

  return {
    noticed(key, isLive) {
      live.delete(key);
      if (isLive) live.add(key);
      if (taken.has(key)) noticedAgain.add(key);
    },
    take(place) {
      const now = clock.now();
      const backlog = () => (place === 'any' ? journal.due(now, now + STUDY_CAP_MS, [...taken]) : undefined);
      const study = nextLive(place, now) ?? backlog();
      if (study !== undefined) taken.add(study.key);
      return study;
    },
    giveBack(key) {
      taken.delete(key);
      return noticedAgain.delete(key);
    },
  };
}
