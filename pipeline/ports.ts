/** What the pipeline needs from the outside world; `adapters/` implements these, tests fake them. */
import type { Reason } from '#core/errors.ts';
import type { Lane } from './keys.ts';
import type { RunState } from './run-state.ts';

/** What every call takes: how it can be given up. */
export interface CallOptions {
  /** Aborted, it ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * The moment, in milliseconds since the epoch, at which the call is given up: it throws what it throws where the other
   * side does not answer. Without one the call ends by the adapter's own limits.
   */
  readonly deadlineMs?: number;
}

/** A bucket. Keys come from `pipeline/keys.ts`. */
export interface ObjectStore {
  /** The object (or a range of it), or undefined where there is none. */
  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** Writes with a checksum. With `ifAbsent` (`If-None-Match: *`) an existing object wins and `exists` is returned. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'stored' | 'exists'>;
  exists(key: string, options?: CallOptions): Promise<boolean>;
}
export interface GetOptions extends CallOptions {
  readonly range?: ByteRange;
}
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}
export interface PutOptions extends CallOptions {
  readonly ifAbsent?: boolean;
  readonly contentType?: string;
}

/** Which tools a deployment has, as the deployment itself tells. */
export interface DeployedTools {
  /** Each tool's version by its id, as they are now. */
  versions(options?: CallOptions): Promise<ReadonlyMap<string, string>>;
}

/** A queue that brings a message again until it is deleted. */
export interface Queue {
  send(body: string, options?: CallOptions): Promise<void>;
  /** Messages that nobody else holds, in no order; none where none comes in time. */
  receive(options?: ReceiveOptions): Promise<readonly ReceivedMessage[]>;
  /** Ends a message: it does not come again. */
  delete(receiptHandle: string, options?: CallOptions): Promise<void>;
  /** Hides a held message for so many seconds from now, at most 43,200 s after it was received; 0 gives it back at once. */
  postpone(receiptHandle: string, seconds: number, options?: CallOptions): Promise<void>;
}
export interface ReceiveOptions extends CallOptions {
  /** How many at the most, 1 to 10; 1 where absent. */
  readonly limit?: number;
  /** How long to wait for the first, seconds, 0 to 20; 0 where absent. */
  readonly waitS?: number;
  /** How long they stay hidden from others, seconds; the queue's own time where absent. */
  readonly hiddenS?: number;
}
export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Names this receipt of the message, for `delete` and `postpone`. */
  readonly receiptHandle: string;
  /** How often the message was received, this time included. */
  readonly receiveCount: number;
}

/** The hospital's PACS, by DICOMweb (PS3.18) and what its own interface adds. */
export interface Archive {
  /** STOW-RS. One outcome per object, whatever the HTTP status; PS3.18 10.5. */
  store(
    objects: readonly { readonly SOPInstanceUID: string; readonly bytes: Uint8Array }[],
    options?: CallOptions,
  ): Promise<readonly StoreOutcome[]>;
  /** WADO-RS of one instance in its stored Transfer Syntax; undefined where the archive does not have it. */
  retrieveInstance(uids: InstanceUids, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** QIDO-RS (PS3.18 10.6): the studies that match every attribute of `match`, as the archive has them now. */
  findStudies(match: StudyMatch, options?: CallOptions): AsyncIterable<FoundStudy>;
  /** Every instance that the archive has under the study now; none where it does not have the study. */
  listInstances(study: StudyUid, options?: CallOptions): AsyncIterable<ListedInstance>;
  /** Removes one instance. `unsupported` where the archive offers no way to: DICOMweb itself has none. */
  deleteInstance(uids: InstanceUids, options?: CallOptions): Promise<Deletion>;
}
export interface StudyUid {
  readonly StudyInstanceUID: string;
}
export interface InstanceUids extends StudyUid {
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
}
export interface ListedInstance extends InstanceUids {
  readonly SOPClassUID: string;
}
/** Values to match, by keyword (PS3.4 C.2.2.2); ranges and wildcards as DICOM has them. */
export type StudyMatch = Readonly<
  Partial<Record<'StudyInstanceUID' | 'PatientID' | 'AccessionNumber' | 'StudyDate' | 'ModalitiesInStudy', string>>
>;
export interface FoundStudy extends StudyUid {
  /** Empty where the study has none. */
  readonly PatientID: string;
  readonly AccessionNumber: string;
}
export type Deletion = 'deleted' | 'absent' | 'unsupported';
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
  record(update: RunUpdate, options?: CallOptions): Promise<void>;
  get(runId: string, options?: CallOptions): Promise<RunRecord | undefined>;
  /** One page of runs: of one study, the newest first, or of all, in no order. `allRuns` follows the pages. */
  list(query?: RunQuery, options?: CallOptions): Promise<RunPage>;
}
export interface RunQuery {
  readonly StudyInstanceUID?: string;
  /** How many at the most; as many as the table gives at once where absent. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}
export interface RunPage {
  readonly runs: readonly RunRecord[];
  /** Leads to the next page; absent on the last. A page may be empty and not the last. */
  readonly next?: string;
}
