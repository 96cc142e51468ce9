/**
 * Builds and parses all object keys of the bucket. No other file does.
 *
 * ```
 * chunks/<sha256>                                                instances in chunks of about 16 MB
 * <lane>/studies/<StudyInstanceUID>/<revision>/manifest.json     closes an upload; its arrival starts the pipeline
 * runs/<tool>/<runId>/result.json                                the ProcessingResult; the first one stored wins
 * runs/<tool>/<runId>/failure.json                               the answer of a run that failed, or that the gate refused
 * runs/<tool>/<runId>/sets/<setId>/set.json                      one conversion of an answer: for which identity, what it replaces, when
 * runs/<tool>/<runId>/sets/<setId>/objects/<SOPInstanceUID>.dcm  the DICOM objects to deliver to the PACS
 * runs/<tool>/<runId>/sets/<setId>/objects.json                  list of the objects, with digests
 * runs/<tool>/<runId>/sets/<setId>/receipt.json                  proof of delivery
 * identities/<digest>.dcm                                        a study's patient and study modules as the PACS has them
 * quarantine/<runId>/result-refusal.json                         why the gate refused the result; also failure-refusal.json
 * quarantine/<runId>/result-<SOPInstanceUID>.dcm                 the refused object, if it can be encoded
 * dead-letters/<queue>/<messageId>.json                          messages that could not be processed
 * ```
 */
import { createHash } from 'node:crypto';
import { isKeyUid, KEY_UID } from '#dicom/uid.ts';

export const LANES = ['live', 'backfill'] as const;
/** `live` comes from the modality, `backfill` from the archive; live never waits for backfill. */
export type Lane = (typeof LANES)[number];

/** A run's answers: its result, and the failure that stands in for a missing result. */
export const ANSWERS = ['result', 'failure'] as const;
export type Answer = (typeof ANSWERS)[number];

/** The bucket notifies the intake queue of every new key with this suffix. */
export const MANIFEST_SUFFIX = '/manifest.json';

const DIGEST = /^[0-9a-f]{64}$/;
const RUN_ID = /^[0-9a-f]{32}$/;
/** A tool's id, as its manifest and the names of its queues have it. */
export const TOOL_ID = /^[a-z][a-z0-9-]{1,39}$/;

function checked(pattern: RegExp, value: string, what: string): string {
  if (!pattern.test(value)) throw new RangeError(`${what} may not enter an object key`);
  return value;
}

const uid = (value: string): string => checked(KEY_UID, value, 'An invalid UID');
const digest = (value: string): string => checked(DIGEST, value, 'An invalid digest');

/** What the keys of a run name. They begin with the tool, so that each tool's role can be limited to its own runs. */
export interface RunPlace {
  readonly tool: string;
  readonly runId: string;
}
const run = ({ tool, runId }: RunPlace): string =>
  `${toolRuns(checked(TOOL_ID, tool, 'An invalid tool id'))}${checked(RUN_ID, runId, 'An invalid run id')}`;

/** What the keys of a set of a run's results name. */
export interface SetFolder extends RunPlace {
  readonly setId: string;
}
const folder = (set: SetFolder): string => `${run(set)}/sets/${checked(RUN_ID, set.setId, 'An invalid set id')}`;

/** A run is identified by one input digest × one tool × one version. */
export interface RunIdentity {
  readonly inputDigest: string;
  readonly tool: string;
  readonly version: string;
}

/** 32 hex characters of SHA-256 over the identity. Every step derives the same id. */
export function runIdOf({ inputDigest, tool, version }: RunIdentity): string {
  return createHash('sha256').update(`${inputDigest}\n${tool}\n${version}`).digest('hex').slice(0, 32);
}

export const chunkKey = (sha256: string): string => `chunks/${digest(sha256)}`;
export const manifestKey = (lane: Lane, StudyInstanceUID: string, revision: string): string =>
  `${lane}/studies/${uid(StudyInstanceUID)}/${digest(revision)}${MANIFEST_SUFFIX}`;
/** The beginning of the keys of a study's manifests in a lane. */
export const studyManifests = (lane: Lane, StudyInstanceUID: string): string =>
  `${manifestPrefix(lane)}${uid(StudyInstanceUID)}/`;
export const identityKey = (identity: string): string => `identities/${digest(identity)}.dcm`;
/** The beginning of the keys of all runs of a tool. */
export const toolRuns = (tool: string): string => `runs/${tool}/`;
/** The beginning of the keys of a lane's manifests. */
export const manifestPrefix = (lane: Lane): string => `${lane}/studies/`;
export const resultKey = (place: RunPlace): string => `${run(place)}/result.json`;
export const failureKey = (place: RunPlace): string => `${run(place)}/failure.json`;
/** The beginning of the keys of all sets of a run. */
export const runSets = (place: RunPlace): string => `${run(place)}/sets/`;
export const setKey = (set: SetFolder): string => `${folder(set)}/set.json`;
export const objectKey = (set: SetFolder, SOPInstanceUID: string): string =>
  `${folder(set)}/objects/${uid(SOPInstanceUID)}.dcm`;
export const objectListKey = (set: SetFolder): string => `${folder(set)}/objects.json`;
export const receiptKey = (set: SetFolder): string => `${folder(set)}/receipt.json`;
export const quarantineKey = (runId: string, name: string): string =>
  `quarantine/${checked(RUN_ID, runId, 'An invalid run id')}/${checked(/^[0-9A-Za-z.-]{1,80}$/, name, 'An invalid name')}`;
export const deadLetterKey = (queue: string, messageId: string): string =>
  `dead-letters/${checked(/^[0-9A-Za-z_-]{1,80}$/, queue, 'An invalid queue name')}/${checked(/^[0-9A-Za-z-]{1,80}$/, messageId, 'An invalid message id')}.json`;

/** The id of the set whose file has this key; undefined if it is another kind of key. */
export const setIdIn = (key: string): string | undefined => /\/sets\/([0-9a-f]{32})\/set\.json$/.exec(key)?.[1];

/** The lane, study and revision in a manifest's key; undefined if it is another kind of key. */
export function parseManifestKey(
  key: string,
): { readonly lane: Lane; readonly StudyInstanceUID: string; readonly revision: string } | undefined {
  const match = /^(live|backfill)\/studies\/([0-9.]{1,64})\/([0-9a-f]{64})\/manifest\.json$/.exec(key);
  const [, lane, StudyInstanceUID, revision] = match ?? [];
  if (lane === undefined || StudyInstanceUID === undefined || revision === undefined) return undefined;
  if (!isKeyUid(StudyInstanceUID)) return undefined;
  return { lane: lane as Lane, StudyInstanceUID, revision };
}
