/** Knows whether the edge makes progress: its loop, and each study that is at work. */
import type { Health } from '#adapters/health.ts';
import type { Clock } from '#core/ports.ts';

export interface Progress {
  /** The loop has turned, or a call that it waited for has ended. */
  turned(): void;
  /** The edge waits for a service, whose error has this code; undefined: it no longer does. */
  waiting(code: string | undefined): void;
  /** A study is at work. */
  begin(StudyInstanceUID: string): StudyProgress;
  health(): Health;
}

export interface StudyProgress {
  /** A call for the study has ended, or has brought a file. */
  moved(): void;
  end(): void;
}

/**
 * How long a study may be at work without a call that ends or a file that arrives. Calls have deadlines of their own; the longest are
 * those for one very large file on a slow connection.
 */
const STUDY_LIMIT_MS = 3_600_000;
/** How much longer than the longest silence of Orthanc the loop may stand still. */
const LOOP_MARGIN_MS = 120_000;

/** How long the loop may stand still before the edge is not healthy, and before it is ended, for the longest silence of a call. */
export const loopLimitMs = (silenceMs: number): number => silenceMs + LOOP_MARGIN_MS;
export const watchdogLimitMs = (silenceMs: number): number => silenceMs + 2 * LOOP_MARGIN_MS;

/**
 * @param silenceMs the longest time for which a call of the loop may be silent
 * @param moved also told of the loop's progress
 */
export function createProgress({
  clock,
  silenceMs,
  moved,
}: {
  readonly clock: Clock;
  readonly silenceMs: number;
  readonly moved?: () => void;
}): Progress {
  let turnedAt = clock.now();
  let waitsFor: string | undefined;
  const studies = new Map<symbol, { movedAt: number; readonly StudyInstanceUID: string }>();

  /** A clock that was set back must not show progress that stopped. */
  const agoMs = (at: number): number => Math.abs(clock.now() - at);

  function problem(): { readonly code: string; readonly message: string } | undefined {
    const loopMs = agoMs(turnedAt);
    if (loopMs > loopLimitMs(silenceMs))
      return { code: 'loop-stalled', message: `The edge has not looked for studies for ${seconds(loopMs)} s.` };
    for (const { movedAt, StudyInstanceUID } of studies.values())
      if (agoMs(movedAt) > STUDY_LIMIT_MS)
        return {
          code: 'study-stalled',
          message: `Study ${StudyInstanceUID} is at work without progress for ${seconds(agoMs(movedAt))} s.`,
        };
    return undefined;
  }

  return {
    turned() {
      turnedAt = clock.now();
      moved?.();
    },
    waiting(code) {
      waitsFor = code;
    },
    begin(StudyInstanceUID) {
      const key = Symbol();
      const study = { movedAt: clock.now(), StudyInstanceUID };
      studies.set(key, study);
      return {
        moved() {
          study.movedAt = clock.now();
        },
        end: () => void studies.delete(key),
      };
    },
    health() {
      const found = problem();
      const facts = { loopAgoS: seconds(agoMs(turnedAt)), atWork: studies.size, ...(waitsFor && { waitsFor }) };
      return { ok: found === undefined, ...found, ...facts };
    },
  };
}

const seconds = (ms: number): number => Math.round(ms / 1_000);

/** The same client, which tells when a call ends, and when a stream of it brings something. */
export function observed<T extends object>(client: T, heard: () => void): T {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args);
        if (answer instanceof Promise) answer.then(heard, heard);
        return isStream(answer) ? listened(answer, heard) : answer;
      };
    },
  });
}

const isStream = (answer: unknown): answer is AsyncIterable<unknown> =>
  typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;

async function* listened(stream: AsyncIterable<unknown>, heard: () => void): AsyncGenerator<unknown> {
  for await (const item of stream) {
    heard();
    yield item;
  }
}
