/**
 * How every stage ends, whatever goes wrong: for each cause, how long it is tried, what becomes of the run, and who is told.
 * `docs/ends.md` shows the same table to people; a test compares the two, and another runs every cell.
 */
import {
  ArchiveStoreError,
  ArchiveUnavailableError,
  dispositionOf,
  MissingChunkError,
  MissingManifestError,
  NewerFormatError,
  ServiceUnavailableError,
} from '#core/errors.ts';

export const STAGES = ['route', 'infer', 'convert', 'return', 'dead-letter'] as const;
export type Stage = (typeof STAGES)[number];

/** Why work fails, as far as it matters for what is done about it. */
export const CAUSES = ['never', 'fault', 'chunk', 'service', 'archive', 'person', 'newer'] as const;
export type Cause = (typeof CAUSES)[number];

/** The causes in words. */
export const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  never: 'another attempt cannot help',
  fault: 'the step fails or dies, for a reason that nobody foresaw or that may pass',
  chunk: 'a chunk or the manifest of the study is missing in the bucket',
  service: 'a service of the cloud does not answer, or throttles',
  archive: 'the PACS does not answer, or does not store',
  person: 'a setting, a permission, a certificate, a model or an object in the way needs a person',
  newer: 'the format is newer than the code',
};

/** The cause to which an error belongs. An error that we did not foresee is a fault. */
export function causeOf(error: unknown): Cause {
  if (error instanceof NewerFormatError) return 'newer';
  if (error instanceof MissingChunkError || error instanceof MissingManifestError) return 'chunk';
  if (error instanceof ServiceUnavailableError) return 'service';
  if (error instanceof ArchiveUnavailableError || error instanceof ArchiveStoreError) return 'archive';
  return ({ reject: 'never', retry: 'fault', halt: 'person' } as const)[dispositionOf(error)];
}

/** How long one cause is borne with. */
export type Budget =
  /** So many attempts that failed for this cause, whether or not in a row. */
  | { readonly kind: 'tries'; readonly tries: number }
  /** So many seconds of nothing but failures for this cause. */
  | { readonly kind: 'time'; readonly seconds: number }
  /** For ever; after so many seconds every further failure raises an alarm. */
  | { readonly kind: 'waits'; readonly alarmAfterS: number };

export interface End {
  readonly budget: Budget;
  /** The state of the run once the budget is spent. */
  readonly run: 'rejected' | 'failed' | 'unchanged';
  /** Who learns of it then: the study, by an object in the PACS, or only those who look at `hilum status` and the alarm. */
  readonly told: 'study' | 'status';
}

const DAY_S = 24 * 3600;
const ONCE: Budget = { kind: 'tries', tries: 1 };
/** Waits of 15, 30 and 60 s lie between four attempts. */
const FEW: Budget = { kind: 'tries', tries: 4 };
const DAY: Budget = { kind: 'time', seconds: DAY_S };
const WEEK: Budget = { kind: 'time', seconds: 7 * DAY_S };
const waits = (alarmAfterS: number): End => ({
  budget: { kind: 'waits', alarmAfterS },
  run: 'unchanged',
  told: 'status',
});

/** A person has to act at once. */
const CALL = waits(0);
/** During a deployment, parts of two versions work side by side for minutes. */
const DEPLOYING = waits(15 * 60);
const WAITING = { person: CALL, newer: DEPLOYING } as const;

const failed = (budget: Budget, told: End['told'] = 'study'): End => ({ budget, run: 'failed', told });
/** Inference has the study's images, and conversion the tool's answer: from here on, the study is told. */
const ANSWERING = {
  ...{ never: failed(ONCE), fault: failed(FEW), chunk: failed(DAY), service: failed(DAY), archive: failed(DAY) },
  ...WAITING,
} as const;

export const ENDS: Readonly<Record<Stage, Readonly<Record<Cause, End>>>> = {
  // Without a manifest that can be read, there is no patient to whom an object could belong.
  route: {
    never: { budget: ONCE, run: 'rejected', told: 'status' },
    ...{ fault: failed(FEW, 'status'), chunk: failed(DAY, 'status'), service: waits(DAY_S), archive: waits(DAY_S) },
    ...WAITING,
  },
  infer: ANSWERING,
  convert: ANSWERING,
  return: {
    ...ANSWERING,
    service: failed(WEEK),
    // A PACS that takes no result takes no object about a failure either.
    archive: failed(WEEK, 'status'),
  },
  // It is the last one to know of a message, and gives up only one that it cannot even read; that one is kept in the bucket.
  'dead-letter': {
    never: { budget: ONCE, run: 'unchanged', told: 'status' },
    ...{ fault: CALL, chunk: waits(DAY_S), service: waits(DAY_S), archive: waits(DAY_S) },
    ...WAITING,
  },
};
