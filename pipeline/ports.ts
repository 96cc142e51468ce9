/** The pipeline's interfaces to the outside world. `adapters/` implements them, tests fake them. */
import type { Reason } from '#core/errors.ts';
import type { DicomFile } from '#dicom/read.ts';
import type { Cause } from './ends.ts';
import type { Answer, Lane } from './keys.ts';
import type { Failing } from './retry-policy.ts';
import type { RunState } from './run-state.ts';

/** Options of every call: how to abort it. */
export interface CallOptions {
  /** Aborting the signal ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * When to give the call up, in milliseconds since the epoch. The call then throws the same error as when the other side
   * does not answer. Without a deadline, the adapter's own limits apply.
   */
  readonly deadlineMs?: number;
}

/** A bucket. Keys come from `pipeline/keys.ts`. */
export interface ObjectStore {
  /** The object, or a range of its bytes; undefined if there is no such object. */
  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** Writes with a checksum. With `ifAbsent` (`If-None-Match: *`) an existing object wins and `exists` is returned. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'stored' | 'exists'>;
  /** Writes a file that is too large for memory. A bucket in memory needs none of it. */
  putFile?(key: string, file: StoredFile, options?: PutOptions): Promise<'stored' | 'exists'>;
  exists(key: string, options?: CallOptions): Promise<boolean>;
}
/** A file on disk. */
export interface StoredFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
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

/** The listing of a bucket. Of the functions, only the reconciler needs it, and only it may do it. */
export interface ObjectListing {
  /** One page of the objects whose keys begin with `prefix`, in the order of their keys. */
  list(prefix: string, options?: ListOptions): Promise<ObjectPage>;
}
export interface ListOptions extends CallOptions {
  /** Only keys after this one. */
  readonly after?: string;
  /** The most keys to return, 1 to 1000; 1000 by default. */
  readonly limit?: number;
}
export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Whether there are more keys after the last one. */
  readonly isLast: boolean;
}
export interface ListedObject {
  readonly key: string;
  /** When the object was last written (ISO 8601, UTC). */
  readonly modified: string;
}

/** Which tools a deployment has, as the deployment itself tells. */
export interface DeployedTools {
  /** Each tool's version by its id, as they are now. */
  versions(options?: CallOptions): Promise<ReadonlyMap<string, string>>;
}

/** A queue that brings a message again until it is deleted. */
export interface Queue {
  /** With `delayS`, 1 to 900 s, the message is hidden for so long. */
  send(body: string, options?: CallOptions & { readonly delayS?: number }): Promise<void>;
  /** Messages that are visible now, in no order; empty if none arrives in time. */
  receive(options?: ReceiveOptions): Promise<readonly ReceivedMessage[]>;
  /** Acknowledges a message: it is not delivered again. */
  delete(receiptHandle: string, options?: CallOptions): Promise<void>;
  /** Hides a received message for `seconds` from now, at most until 43,200 s after it was received; 0 returns it at once. */
  postpone(receiptHandle: string, seconds: number, options?: CallOptions): Promise<void>;
}
/** A queue that can say how much it holds. */
export interface MeasuredQueue {
  /** About how many messages the queue holds: visible, hidden and delayed ones. It may lag behind by a minute. */
  depth(options?: CallOptions): Promise<number>;
}
export interface ReceiveOptions extends CallOptions {
  /** The most messages to receive, 1 to 10; 1 by default. */
  readonly limit?: number;
  /** How long to wait for the first message (long polling), 0 to 20 s; 0 by default. */
  readonly waitS?: number;
  /** The visibility timeout of the received messages, seconds; by default that of the queue. */
  readonly hiddenS?: number;
}
export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Identifies this receipt of the message in `delete` and `postpone`. */
  readonly receiptHandle: string;
  /** How often the message was received, including this time. */
  readonly receiveCount: number;
}

/** The hospital's PACS: DICOMweb (PS3.18) and additions of its own interface. */
export interface Archive {
  /** STOW-RS (PS3.18 10.5). Returns one outcome per object, whatever the HTTP status. */
  store(
    objects: readonly { readonly SOPInstanceUID: string; readonly bytes: Uint8Array }[],
    options?: CallOptions,
  ): Promise<readonly StoreOutcome[]>;
  /** WADO-RS of one instance in its stored Transfer Syntax; undefined if the archive does not have it. */
  retrieveInstance(uids: InstanceUids, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** The header of an instance; of a large one, no more is read than that. Undefined if the archive does not have it. */
  retrieveHeader(uids: PatientInstance, options?: CallOptions): Promise<DicomFile | undefined>;
  /** QIDO-RS (PS3.18 10.6): the studies that match all attributes of `match`. */
  findStudies(match: StudyMatch, options?: CallOptions): AsyncIterable<FoundStudy>;
  /** All instances that the archive now has of the study; none if it does not have the study. */
  listInstances(study: StudyUid, options?: CallOptions): AsyncIterable<ListedInstance>;
  /** Deletes one instance. `unsupported` if the archive cannot: DICOMweb itself has no deletion. */
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
  /** Absent if the archive does not tell. */
  readonly PatientID?: string;
}
/** The archive may have instances of the same UIDs for several patients. */
export interface PatientInstance extends InstanceUids {
  /** Whose it is to be, if there are several. */
  readonly PatientID?: string | undefined;
}
/** Values to match, by keyword, with DICOM's ranges and wildcards (PS3.4 C.2.2.2). */
export type StudyMatch = Readonly<
  Partial<Record<'StudyInstanceUID' | 'PatientID' | 'AccessionNumber' | 'StudyDate' | 'ModalitiesInStudy', string>>
>;
export interface FoundStudy extends StudyUid {
  /** Empty if the study has none. */
  readonly PatientID: string;
  readonly AccessionNumber: string;
}
export type Deletion = 'deleted' | 'absent' | 'unsupported';
export interface StoreOutcome {
  readonly SOPInstanceUID: string;
  readonly stored: boolean;
  /** Failure Reason (0008,1197) and Warning Reason (0008,1196), if the archive gave one. */
  readonly failureReason?: number;
  readonly warningReason?: number;
}

/** A row of the runs table. */
export interface RunRecord {
  readonly runId: string;
  readonly StudyInstanceUID: string;
  /** The revision with which the run was first recorded. */
  readonly revision: string;
  /** All revisions that gave the run, in no order. Runs that were recorded before this was recorded have none. */
  readonly revisions?: readonly string[];
  /** Digest of the tool's input (`core/study/revision.ts`). Absent until the run's first message is made. */
  readonly inputDigest?: string;
  readonly tool: string;
  readonly version: string;
  readonly lane: Lane;
  readonly state: RunState;
  readonly reason?: Reason;
  /** Since when the run's present step has been failing for the cause that `reason` names (ISO 8601, UTC). */
  readonly failingSince?: string;
  /** When the run entered its present state (ISO 8601, UTC). Runs that were recorded before this was recorded have none. */
  readonly changed?: string;
  /** When the run's message was last sent again since the run moved or said anything, and how often (ISO 8601, UTC). */
  readonly resent?: { readonly at: string; readonly times: number };
  /** Which step gave the run up, and why. It belongs to the run's present state. */
  readonly gaveUp?: GivenUp;
  /** Which step gave up the object that tells the study of the failure, and why. It belongs to the run's present state. */
  readonly untold?: GivenUp;
  /** When the run's message was last sent again by `hilum redrive` (ISO 8601, UTC). */
  readonly redriven?: string;
  /** When each state was first reached (ISO 8601, UTC). */
  readonly stages: Readonly<Partial<Record<RunState, string>>>;
  /** The identity and the sequence of the latest manifest that gave the run (`pipeline/manifest.ts`). */
  readonly identity?: string | undefined;
  readonly sequence?: number | undefined;
  /** The latest set of the run's result (`pipeline/sets.ts`). */
  readonly set?: string | undefined;
  /** The answer's outcome and one-sentence summary, once inferred. */
  readonly outcome?: string;
  readonly summary?: string;
  /** SOP Instance UIDs of the delivered objects. */
  readonly objects?: readonly string[];
}
/** What a caller may say of a run. */
export type RunUpdate = Omit<RunRecord, 'revisions' | 'changed' | 'redriven' | 'stages'>;
export interface GivenUp {
  readonly step: 'intake' | 'infer' | 'convert' | 'return';
  readonly cause: Cause;
}

/** The runs table. */
export interface RunStore {
  /** Records that a run reached a state. A run never moves back, and each state keeps the time when it was first reached. */
  record(update: RunUpdate, options?: CallOptions): Promise<void>;
  get(runId: string, options?: CallOptions): Promise<RunRecord | undefined>;
  /**
   * One page of runs: those of one study, newest first, or those of states, latest `changed` first. `allRuns` reads all pages. Runs
   * without `changed` are listed by study only. A run that changes its state meanwhile may be left out or come twice.
   */
  list(query?: RunQuery, options?: CallOptions): Promise<RunPage>;
}

/** What `hilum redrive` does to runs that ended. Both return false, and do nothing, if the run's state has changed since it was read. */
export interface EndedRuns {
  /**
   * Puts a run back to a state, whatever the order of the states, because its message was sent again. What belonged to its end is
   * forgotten. In the same state, only what was `untold` is.
   */
  giveBack(run: RunRecord, state: RunState, options?: CallOptions): Promise<boolean>;
  /** Removes a run that was never received. If it was, meanwhile too, returns false. */
  forget(run: RunRecord, options?: CallOptions): Promise<boolean>;
}

export interface RunQuery {
  readonly StudyInstanceUID?: string;
  /** Only runs that are in this state now, or in one of these; by default in any. */
  readonly state?: RunState | readonly RunState[];
  /** Only runs that entered their present state at or after this time (ISO 8601, UTC). */
  readonly since?: string;
  /** Only runs that entered their present state before this time (ISO 8601, UTC). */
  readonly before?: string;
  /** The most runs to return; by default as many as the table returns at once. */
  readonly limit?: number;
  /** `next` of the previous page of the same query. */
  readonly after?: string;
}
export interface RunPage {
  readonly runs: readonly RunRecord[];
  /** The cursor of the next page; absent on the last. A page may be empty without being the last. */
  readonly next?: string;
}

/**
 * What the runs table remembers of work under way: one entry for each step of a run (`pipeline/work.ts`), from its first attempt
 * until it is done. A message that was received and never run leaves no trace here.
 */
export interface WorkLedger {
  /** Counts an attempt that begins. Returns what was known before. */
  begin(work: string, options?: CallOptions): Promise<KnownWork>;
  /** Records that the attempt failed. */
  fail(work: string, failing: WorkFailure, options?: CallOptions): Promise<void>;
  /** Forgets the work, because it is done, or because its end was told. */
  end(work: string, options?: CallOptions): Promise<void>;
  get(work: string, options?: CallOptions): Promise<KnownWork>;
}
export interface KnownWork {
  /** Attempts that neither succeeded nor recorded a failure: their process ended, or is still at work. */
  readonly open: number;
  readonly failing?: WorkFailure;
  /** When the latest attempt began or failed (ISO 8601, UTC). Absent if there was none, or it was not recorded yet. */
  readonly at?: string;
}
export interface WorkFailure extends Failing {
  readonly reason: Reason;
  /** Whether the budget is spent, so that no further attempt is made. */
  readonly givenUp: boolean;
}

/** Where work of many small pieces stopped, by a name each, so that the next invocation goes on from there. */
export interface Bookmarks {
  get(name: string, options?: CallOptions): Promise<string | undefined>;
  set(name: string, place: string, options?: CallOptions): Promise<void>;
}

export const SET_STATES = ['converted', 'storing', 'delivered', 'superseded', 'withdrawn', 'missing'] as const;
/** How far a set of results is (`pipeline/sets.ts`). */
export type SetState = (typeof SET_STATES)[number];

/** For whom an upload speaks. The PACS may have a Study Instance UID for several patients, who then have results each. */
export interface Speaker {
  /** Names the patient (`pipeline/manifest.ts`). */
  readonly patient?: string | undefined;
  /** The other patients who had a study of this UID at that time. */
  readonly others?: readonly string[] | undefined;
}

/** One set of results, as the runs table knows it. What belongs to it is in its folder in the bucket. */
export interface PinnedSet extends Speaker {
  readonly setId: string;
  readonly runId: string;
  readonly answer: Answer;
  readonly inputDigest: string;
  /** Names the identity for which it was converted; older manifests name none. */
  readonly identity?: string;
  /** The greatest sequence of the manifests that gave it. */
  readonly sequence: number;
  /** The sets that it replaces, by id. */
  readonly replaces: readonly string[];
  /** When it was pinned (ISO 8601, UTC). */
  readonly createdAt: string;
  readonly state: SetState;
  /** Its storing began once, so that its objects may be in the PACS. */
  readonly stored?: boolean;
  /** The PACS has a note that it is replaced. */
  readonly noted?: boolean;
  /** Another patient's set is of the same run, so that its objects need UIDs of their own. */
  readonly twin?: boolean;
  /** When a look at the PACS first missed its images or its objects, and none has seen them since (ISO 8601, UTC). */
  readonly missedAt?: string | undefined;
}

/** Names the sets of one study and tool. */
export interface SetPlace extends StudyUid {
  readonly tool: string;
}

/** An upload that was routed to a tool, and the run that it gave. */
export interface RoutedUpload extends Speaker {
  readonly sequence: number;
  readonly runId: string;
  readonly revision: string;
}

/** All sets of one study and tool, each patient's current one last. */
export interface StudySets {
  /** The newest upload that was routed to the tool. */
  readonly routed?: RoutedUpload;
  /** The newest ones of other patients. */
  readonly alsoRouted?: readonly RoutedUpload[];
  readonly sets: readonly PinnedSet[];
}

/** What the runs table remembers of sets. */
export interface SetTable {
  /** The sets, and the mark with which they can be replaced. */
  get(place: SetPlace, options?: CallOptions): Promise<{ readonly study: StudySets; readonly mark: number }>;
  /** Replaces the sets. False, and nothing happens, if somebody has since they were read. */
  replace(place: SetPlace, study: StudySets, mark: number, options?: CallOptions): Promise<boolean>;
}
