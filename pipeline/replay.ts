/**
 * Converts a recorded run again from what the bucket holds, and compares the objects with the stored ones byte for byte. It reads only. All
 * sets of the run are replayed, also those that others have replaced.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { ConfigurationError, isKnown, MissingManifestError, ServiceUnavailableError } from '#core/errors.ts';
import { differencesOf } from '#dicom/compare.ts';
import { keywordOf } from '#dicom/dictionary.ts';
import { DicomReadError, DicomWriteError } from '#dicom/error.ts';
import { readElements } from '#dicom/read.ts';
import { answerOf, listOf, type Made, makeObjects } from './convert.ts';
import { LANES, manifestKey, objectKey, objectListKey, quarantineKey, runSets, setIdIn } from './keys.ts';
import type { Manifest } from './manifest.ts';
import { parseObjectList } from './object-list.ts';
import type { ObjectListing, ObjectStore, RunRecord } from './ports.ts';
import { readSetFile, type SetFile } from './set-file.ts';
import { readManifest } from './study.ts';

export interface ReplayPorts {
  readonly objects: Pick<ObjectStore, 'get'> & ObjectListing;
  /** The site's, for sets that do not say theirs. */
  readonly timeZone: string;
}

/** One object of a set, as it was stored and as it is made now. */
export interface ReplayedObject {
  /** A SOP Instance UID, or `objects.json`. */
  readonly name: string;
  /** `lost`: the bucket does not have it any more; `new` and `gone`: only one of the two conversions made it. */
  readonly end: 'same' | 'other-bytes' | 'lost' | 'new' | 'gone';
  /** The keywords of the attributes that differ. Without any, only the encoding does. */
  readonly attributes?: readonly string[];
}

export interface ReplayedSet {
  readonly set: Pick<SetFile, 'setId' | 'answer' | 'createdAt' | 'replaces'>;
  /**
   * `same`: every byte. `refused-again`: the output gate refused it then, and does so for the same reason. `not-converted`: another set took
   * its place before it was. `impossible`: the bucket lacks something; `why` says what.
   */
  readonly end: 'same' | 'differs' | 'refused-again' | 'not-converted' | 'impossible';
  readonly objects: readonly ReplayedObject[];
  readonly why?: { readonly code: string; readonly message: string };
  /** The files as they are made now, by name. */
  readonly made: ReadonlyMap<string, Uint8Array>;
}

/** Whether a set is now what it was. */
export const isAsRecorded = ({ end }: ReplayedSet): boolean => end !== 'differs' && end !== 'impossible';

/** The sets of a run, the oldest first. */
export async function replay(
  { objects, timeZone }: ReplayPorts,
  run: Pick<RunRecord, 'tool' | 'runId' | 'StudyInstanceUID' | 'revision' | 'revisions' | 'lane'>,
): Promise<readonly ReplayedSet[]> {
  const files: SetFile[] = [];
  for (let after: string | undefined; ; ) {
    const page = await objects.list(runSets(run), after === undefined ? {} : { after });
    for (const { key } of page.objects) {
      const setId = setIdIn(key);
      const file = setId === undefined ? undefined : await readSetFile(objects, { ...run, setId });
      if (file !== undefined) files.push(file);
    }
    after = page.objects.at(-1)?.key;
    if (page.isLast || after === undefined) break;
  }
  const sets: ReplayedSet[] = [];
  for (const set of files.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)))
    sets.push(await replaySet(objects, set, { manifests: manifestsOf(set, run), timeZone }));
  return sets;
}

/** The keys under which the manifest may be: that of the first conversion, or any that gave the run. */
function manifestsOf(
  { manifestKey: first }: SetFile,
  { StudyInstanceUID, revision, revisions = [], lane }: Parameters<typeof replay>[1],
): readonly string[] {
  const lanes = [lane, ...LANES.filter((other) => other !== lane)];
  const all = [...new Set([revision, ...revisions])].flatMap((one) =>
    lanes.map((each) => manifestKey(each, StudyInstanceUID, one)),
  );
  return [...new Set([...(first === undefined ? [] : [first]), ...all])];
}

async function replaySet(
  objects: ReplayPorts['objects'],
  set: SetFile,
  { manifests, timeZone }: { readonly manifests: readonly string[]; readonly timeZone: string },
): Promise<ReplayedSet> {
  const about = { set, objects: [], made: new Map<string, Uint8Array>() } as const;
  const stored = await objects.get(objectListKey(set));
  try {
    const manifest = await firstOf(objects, manifests);
    const made = await makeObjects(objects, set, { result: await answerOf(objects, set), manifest, timeZone });
    const files = filesOf(made);
    if (stored === undefined) return { ...about, end: 'not-converted', made: files };
    const compared = await compare(objects, set, stored, files);
    const isSame = compared.every(({ end }) => end === 'same');
    return { ...about, end: isSame ? 'same' : 'differs', objects: compared, made: files };
  } catch (error) {
    // If the cloud itself cannot be asked, that says nothing about the run.
    if (!isKnown(error) || error instanceof ServiceUnavailableError || error instanceof ConfigurationError) throw error;
    const why = { code: error.code, message: error.message };
    if (!(error instanceof DicomWriteError)) return { ...about, end: 'impossible', why };
    const isRefusedAgain = stored === undefined && (await refusalOf(objects, set)) === error.code;
    return { ...about, end: isRefusedAgain ? 'refused-again' : 'differs', why };
  }
}

async function firstOf(objects: ReplayPorts['objects'], keys: readonly string[]): Promise<Manifest> {
  for (const key of keys)
    try {
      return await readManifest(objects, key);
    } catch (error) {
      if (!(error instanceof MissingManifestError)) throw error;
    }
  throw new MissingManifestError("The study's manifest is not in the bucket");
}

const LIST = 'objects.json';

const filesOf = (made: Made): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ...[...made.converted, ...made.notes.map(({ object }) => object)].map(
      ({ SOPInstanceUID, bytes }) => [SOPInstanceUID, bytes] as const,
    ),
    [LIST, listOf(made)] as const,
  ]);

async function compare(
  objects: ReplayPorts['objects'],
  set: SetFile,
  list: Uint8Array,
  made: ReadonlyMap<string, Uint8Array>,
): Promise<readonly ReplayedObject[]> {
  const { objects: listed, notes = [] } = parseObjectList(list);
  const recorded = [...listed, ...notes];
  const compared: ReplayedObject[] = [];
  for (const { SOPInstanceUID: name, sha256 } of recorded) {
    const [now, then] = [made.get(name), await objects.get(objectKey(set, name))];
    if (now === undefined) compared.push({ name, end: 'gone' });
    else if (then === undefined) compared.push({ name, end: 'lost' });
    else if (Buffer.compare(now, then) === 0 && digestOf(now) === sha256) compared.push({ name, end: 'same' });
    else compared.push({ name, end: 'other-bytes', attributes: attributesOf(then, now) });
  }
  const names = new Set(recorded.map(({ SOPInstanceUID }) => SOPInstanceUID));
  for (const name of made.keys()) if (name !== LIST && !names.has(name)) compared.push({ name, end: 'new' });
  const isSameList = Buffer.compare(made.get(LIST) ?? new Uint8Array(), list) === 0;
  compared.push({ name: LIST, end: isSameList ? 'same' : 'other-bytes' });
  return compared;
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Keywords only: values may be a patient's. */
function attributesOf(then: Uint8Array, now: Uint8Array): readonly string[] {
  try {
    return differencesOf(readElements(then).elements, readElements(now).elements).map(
      ({ tag }) => keywordOf(tag) ?? tag.toString(16).padStart(8, '0'),
    );
  } catch (error) {
    if (error instanceof DicomReadError) return [];
    throw error;
  }
}

const RefusalSchema = z.object({ code: z.string() });

/** The code with which the output gate refused the run's answer (`quarantine.ts`). */
async function refusalOf(objects: ReplayPorts['objects'], { runId, answer }: SetFile): Promise<string | undefined> {
  const bytes = await objects.get(quarantineKey(runId, `${answer}-refusal.json`));
  if (bytes === undefined) return undefined;
  try {
    return RefusalSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).code;
  } catch {
    return undefined;
  }
}
