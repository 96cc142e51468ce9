/** Tries the candidates of a run in order until one can be evaluated. A part of a study must not answer for the study. */
import type { Reason } from './errors.ts';
import type { Clock } from './ports.ts';
import { frameKey, imageFrames } from './study/frames.ts';
import { weakness } from './study/rank-images.ts';
import type { ImageIndex } from './study/study-index.ts';
import type { PassedOver, ProcessingResult } from './tool.ts';

/** What one candidate gave. */
export interface Attempt {
  readonly result: ProcessingResult;
  /** Whether the tool was given the image. Otherwise the image could not be loaded, and parts of it may still be. */
  readonly wasLoaded: boolean;
}

/** Candidates are ranked, so the first ones decide. More would only hold up the queue. */
const MOST_TRIED = 6;
/** An attempt may take this much longer than the longest before it. */
const TIME_NEEDED = 1.5;

const NOT_PREFERRED: Reason = {
  code: 'not-preferred',
  message: 'Another image of the study was evaluated, which suits the tool better or as well',
};
const NOT_TRIED: Reason = {
  code: 'not-tried',
  message: 'The images before it could not be evaluated, and the run has no time for this one',
};
/** Faults of images that the answer need not wait for: too few slices, and copies of images that are candidates themselves. */
const DISPENSABLE = new Set(['not-suitable', 'copied-series']);

interface Trial {
  /** Runs the tool on one image. What it throws ends the run. */
  readonly attempt: (image: ImageIndex) => Promise<Attempt>;
  /** The answer that an image was not evaluated for this reason. */
  readonly refuse: (image: ImageIndex, reason: Reason) => ProcessingResult;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

interface Tried {
  readonly image: ImageIndex;
  readonly result: ProcessingResult;
}

interface NotTried {
  readonly image: ImageIndex;
  readonly reason: Reason;
}

/**
 * The answer about the first candidate that can be evaluated, and all candidates that it is not about. Where none can, the
 * answer is that of the first which may show the organ; `no-finding` because the organ is not in view is the answer only where
 * that was seen in every candidate.
 */
export async function tryCandidates(
  candidates: readonly ImageIndex[],
  { attempt, refuse, clock, deadlineMs }: Trial,
): Promise<{ readonly result: ProcessingResult; readonly passedOver: readonly PassedOver[] }> {
  const waiting = [...candidates];
  const tried: Tried[] = [];
  const untried: NotTried[] = [];
  let longestMs = 0;
  for (let image = waiting.shift(); image !== undefined; image = waiting.shift()) {
    const isLate = clock.now() + TIME_NEEDED * longestMs > deadlineMs;
    const reason = image.fault ?? (isLate || tried.length === MOST_TRIED ? NOT_TRIED : undefined);
    if (reason !== undefined && tried.length > 0) {
      untried.push({ image, reason });
      continue;
    }
    const start = clock.now();
    const { result, wasLoaded } =
      image.fault === undefined ? await attempt(image) : { result: refuse(image, image.fault), wasLoaded: true };
    longestMs = Math.max(longestMs, clock.now() - start);
    tried.push({ image, result });
    if (isAnswer(result)) {
      untried.push(...waiting.map((one) => ({ image: one, reason: one.fault ?? weakness(one) ?? NOT_PREFERRED })));
      break;
    }
    // A piece can often be read where another one cannot.
    if (!wasLoaded) waiting.unshift(...(image.pieces ?? []));
  }
  const standing = untried.find(({ reason }) => !DISPENSABLE.has(reason.code));
  const answer =
    tried.find(({ result }) => isAnswer(result)) ??
    tried.find(({ result }) => result.metadata.notInView !== true) ??
    (standing && { image: standing.image, result: refuse(standing.image, standing.reason) }) ??
    tried[0];
  if (answer === undefined) throw new RangeError('A run has at least one candidate');
  const others = [...tried.map((one) => ({ image: one.image, reason: reasonOf(one) })), ...untried];
  return { result: answer.result, passedOver: passedOver([answer.image], others) };
}

/** Whether the tool evaluated the image and the image shows its organ. */
function isAnswer({ metadata: { outcome, notInView } }: ProcessingResult): boolean {
  return outcome === 'result' || (outcome === 'no-finding' && notInView !== true);
}

const reasonOf = ({ result: { metadata } }: Tried): Reason => metadata.reason ?? NOT_PREFERRED;

/** Names images that share no slice with the answer's, each once, with the last reason that was found for it. */
export function passedOver(answered: readonly ImageIndex[], others: readonly NotTried[]): readonly PassedOver[] {
  const used = new Set(answered.flatMap(slicesOf));
  const named = new Map<string, PassedOver>();
  for (const { image, reason } of others) {
    for (const part of image.pieces ?? [image]) {
      const slices = slicesOf(part);
      const [first] = part.instances;
      if (first === undefined || slices.some((slice) => used.has(slice))) continue;
      const { SeriesInstanceUID, Modality } = part;
      const { SeriesNumber } = first;
      named.set(slices[0] ?? SeriesInstanceUID, {
        SeriesInstanceUID,
        ...(SeriesNumber !== undefined && { SeriesNumber }),
        ...{ Modality, images: slices.length, reason },
      });
    }
  }
  return [...named.values()];
}

/** Names of an image's slices. Copies of a series share its SOP Instance UIDs. */
function slicesOf(image: ImageIndex): readonly string[] {
  return imageFrames(image).map((frame) => `${frame.SeriesInstanceUID} ${frameKey(frame)}`);
}
