/**
 * Decides when a study may be judged, which its manifest starts. A stable study is complete, unless a count or a gap shows that images
 * are missing: then it waits for them, up to a deadline. After a revision it waits, too, so that one that trickles in is not judged
 * again and again. Its chunks are in the bucket already.
 */
import type { Reason } from '#core/errors.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';
import type { Completeness } from '#pipeline/manifest.ts';
import { countsOf } from './expected-counts.ts';
import { missingSlices } from './gaps.ts';

/** How long a study may wait. With 0 it does not. */
export interface Patience {
  /** After its last instance arrived, for images that are missing by a count or a gap. */
  readonly deadlineMs: number;
  /** After its last revision. */
  readonly holdMs: number;
}
export const PATIENCE: Patience = { deadlineMs: 30 * 60_000, holdMs: 10 * 60_000 };

export interface ArrivedStudy {
  /** Those that go up. */
  readonly instances: readonly InstanceIndex[];
  /** The images that tools take, whatever their number of slices. */
  readonly images: readonly ImageIndex[];
  /** Instances of other series of the same modalities, which no tool takes. */
  readonly leftOut: number;
  /** Files that are there and cannot be read. */
  readonly unreadable: number;
}

/** What is known of the study's arrival, in milliseconds since the epoch. */
export interface Arrival extends Patience {
  readonly now: number;
  /** When the study became stable after its last instance. */
  readonly stableAt: number;
  /** When its last manifest was written, if there is one of another revision. */
  readonly revisedAt?: number | undefined;
  /** It has waited since then because it changed again. */
  readonly isTrickling?: boolean;
}

/** A study that trickles in is judged again when for this share of the hold nothing has come, or at the deadline. */
const QUIET = 0.3;

export type Judgement =
  | { readonly complete: Completeness }
  | { readonly complete?: undefined; readonly reason: Reason; readonly untilMs: number };

/** Whether the study may be judged, or until when it waits and why. */
export function judgeCompleteness(study: ArrivedStudy, arrival: Arrival | undefined): Judgement {
  const counts = countsOf(study.instances, study);
  const lack = counts.find(({ expected, there }) => there < expected);
  const missing = lack === undefined ? missingIn(study) - study.unreadable : 0;
  const isLacking = lack !== undefined || missing > 0;
  const whole = counts.length > 0 ? 'counted' : 'stable';
  const judged: Judgement = { complete: isLacking ? 'deadline' : whole };
  if (arrival === undefined) return judged;

  const { now, stableAt, revisedAt = Number.NEGATIVE_INFINITY } = arrival;
  const deadline = endOf(stableAt, arrival.deadlineMs, now);
  if (isLacking && now < deadline) return waiting('incomplete', lack ? tooFew(lack) : tooWide(missing), deadline);
  const held = Math.max(endOf(revisedAt, arrival.holdMs, now), arrival.isTrickling ? quietAt(arrival) : 0);
  return now < held ? waiting(REVISED_LATELY, HELD, held) : judged;
}

function quietAt({ now, stableAt, revisedAt = now, holdMs, deadlineMs }: Arrival): number {
  return Math.min(endOf(stableAt, QUIET * holdMs, now), endOf(revisedAt, deadlineMs, now));
}

/** The end of a wait. One that seems to begin later than it would end was begun by a clock that was set back since. */
const endOf = (fromMs: number, ms: number, now: number): number => (fromMs > now + ms ? now : fromMs + ms);

function missingIn({ instances, images }: ArrivedStudy): number {
  const series = Map.groupBy(instances, ({ SeriesInstanceUID }) => SeriesInstanceUID);
  const numbersOf = ({ SeriesInstanceUID }: ImageIndex): ReadonlySet<number> =>
    new Set(series.get(SeriesInstanceUID)?.flatMap(({ InstanceNumber }) => InstanceNumber ?? []));
  return images.reduce((most, image) => Math.max(most, missingSlices(image, numbersOf(image))), 0);
}

const tooFew = ({ expected, there }: { readonly expected: number; readonly there: number }): string =>
  `Its headers tell of ${expected} images, and ${there} ${there === 1 ? 'is' : 'are'} there.`;

const tooWide = (missing: number): string =>
  `${missing === 1 ? '1 slice is' : `${missing} slices are`} missing between others.`;

export const REVISED_LATELY = 'revised-lately';
const HELD = 'It was judged lately and has changed since.';

function waiting(code: string, why: string, untilMs: number): Judgement {
  const until = new Date(untilMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return { reason: { code, message: `${why} The edge waits for more until ${until}.` }, untilMs };
}
