/** What the pipeline needs from the outside world; `adapters/` implements these, tests fake them. */
import type { Reason } from '#core/errors.ts';
import type { Lane } from './keys.ts';
import type { RunState } from './run-state.ts';

/** A bucket. Keys come from `pipeline/keys.ts`. */
export interface ObjectStore {
  /** The object (or a range of it), or undefined where there is none. */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Writes with a checksum. With `ifAbsent` (`If-None-Match: *`) an existing object wins and `exists` is returned. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'stored' | 'exists'>;
  exists(key: string): Promise<boolean>;
}
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}
export interface PutOptions {
  readonly ifAbsent?: boolean;
  readonly contentType?: string;
}

/** A queue to send to. */
export interface Queue {
  send(body: string): Promise<void>;
}

/** A DICOMweb archive (PS3.18): the hospital's PACS. */
export interface Archive {
  /** STOW-RS. One outcome per object, whatever the HTTP status; PS3.18 10.5. */
  store(
    objects: readonly { readonly SOPInstanceUID: string; readonly bytes: Uint8Array }[],
  ): Promise<readonly StoreOutcome[]>;
  /** WADO-RS of one instance in its stored Transfer Syntax; undefined where the archive does not have it. */
  retrieveInstance(uids: InstanceUids): Promise<Uint8Array | undefined>;
}
export interface InstanceUids {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
}
export interface StoreOutcome {
  readonly SOPInstanceUID: string;
  readonly stored: boolean;
  /** Failure Reason (0008,1197) or Warning Reason (0008,1196), where the archive gave one. */
  readonly failureReason?: number;
  readonly warningReason?: number;
}

/** A row of the runs table. */
export interface RunRecord {
  readonly runId: string;
  readonly StudyInstanceUID: string;
  readonly revision: string;
  readonly tool: string;
  readonly version: string;
  readonly lane: Lane;
  readonly state: RunState;
  readonly reason?: Reason;
  /** When each state was first reached (ISO 8601, UTC). */
  readonly stages: Readonly<Partial<Record<RunState, string>>>;
  /** The answer's outcome and one-sentence summary, once inferred. */
  readonly outcome?: string;
  readonly summary?: string;
  /** SOP Instance UIDs of what was delivered. */
  readonly objects?: readonly string[];
}
export type RunUpdate = Pick<
  RunRecord,
  'runId' | 'StudyInstanceUID' | 'revision' | 'tool' | 'version' | 'lane' | 'state'
> &
  Partial<Pick<RunRecord, 'reason' | 'outcome' | 'summary' | 'objects'>>;

/** The runs table. */
export interface RunStore {
  /** Records that a run reached a state. Never moves a run back (late duplicates change nothing); keeps first times. */
  record(update: RunUpdate): Promise<void>;
  get(runId: string): Promise<RunRecord | undefined>;
  /** Newest first; all of a study's where one is given. */
  list(filter?: { readonly StudyInstanceUID?: string }): Promise<readonly RunRecord[]>;
}
