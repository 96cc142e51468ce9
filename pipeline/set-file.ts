/** `set.json`: what a set of results is, decided once. Conversion and delivery read it, so that a retry makes the same objects. */
import * as z from 'zod';
import { IntegrityError, MessageError, NewerFormatError } from '#core/errors.ts';
import { refuseNewer } from '#core/newer-format.ts';
import { KEY_UID } from '#dicom/uid.ts';
import { ANSWERS, objectListKey, type SetFolder, setKey } from './keys.ts';
import type { RunMessage } from './messages.ts';
import { parseObjectList } from './object-list.ts';
import type { CallOptions, ObjectStore, PinnedSet } from './ports.ts';

const uid = z.string().regex(KEY_UID);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.string().regex(/^[0-9a-f]{32}$/);

const SetFileSchema = z.object({
  format: z.literal('hilum.set/1'),
  setId: id,
  StudyInstanceUID: uid,
  tool: z.string(),
  runId: id,
  answer: z.enum(ANSWERS),
  /** Names the identity that its objects carry; absent if they take it from the images. */
  identity: digest.optional(),
  sequence: z.number().int().nonnegative(),
  /** Another patient has a set of the same run: the UIDs of this one's objects derive from it, too. */
  twin: z.literal(true).optional(),
  /** The moment that its objects carry as their creation (ISO 8601, UTC). */
  createdAt: z.iso.datetime(),
  /** The site's time zone and the manifest with which it was first converted. Older files do not say. */
  timeZone: z.string().optional(),
  /** The site wants no masks that its viewers show wrongly (`SiteSettings`). */
  wholeByteMasks: z.literal(true).optional(),
  manifestKey: z.string().optional(),
  /** The sets that it replaces, with their objects. */
  replaces: z.array(
    z.object({
      setId: id,
      runId: id,
      answer: z.enum(ANSWERS),
      inputDigest: digest,
      identity: digest.optional(),
      /** How many sets came one after the other before it; absent if none, or in older files. */
      generation: z.number().int().positive().optional(),
      objects: z.array(z.object({ SOPClassUID: uid, SOPInstanceUID: uid, SeriesInstanceUID: uid })),
    }),
  ),
});
export type SetFile = Readonly<z.infer<typeof SetFileSchema>>;

/** What the deployment settles for all results. A set keeps what was settled when it was first converted. */
export interface SiteSettings {
  /** The site's, by its IANA name. */
  readonly timeZone: string;
  /** No masks have frames that begin inside bytes: OHIF shows them wrongly, except in Hilum's own viewer. */
  readonly wholeByteMasks?: boolean;
}

/**
 * The set's file. It is made from what the runs table has pinned, if there is none yet; the first one stored wins.
 *
 * @param sets all of the study and tool
 */
export async function pinnedFile(
  objects: ObjectStore,
  { StudyInstanceUID, tool, manifestKey }: Pick<RunMessage, 'StudyInstanceUID' | 'tool' | 'manifestKey'>,
  { setId, runId, answer, identity, sequence, createdAt, replaces, twin = false }: PinnedSet,
  sets: readonly PinnedSet[],
  { timeZone, wholeByteMasks = false }: SiteSettings,
): Promise<SetFile> {
  const folder: SetFolder = { tool, runId, setId };
  const stored = await readSetFile(objects, folder);
  if (stored !== undefined) return stored;
  const replaced = sets.filter((set) => replaces.includes(set.setId));
  const file: SetFile = {
    format: 'hilum.set/1',
    ...{
      setId,
      StudyInstanceUID,
      tool,
      runId,
      answer,
      ...(identity !== undefined && { identity }),
      sequence,
      createdAt,
      ...(twin && { twin }),
      timeZone,
      ...(wholeByteMasks && { wholeByteMasks }),
      manifestKey,
    },
    replaces: await Promise.all(
      replaced.map(async (set) => ({
        ...namesOf(set),
        ...(generationOf(set, sets) > 0 && { generation: generationOf(set, sets) }),
        objects: await objectsOf(objects, tool, set),
      })),
    ),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(file));
  const answered = await objects.put(setKey(folder), bytes, { ifAbsent: true, contentType: 'application/json' });
  const winner = answered === 'stored' ? file : await readSetFile(objects, folder);
  if (winner === undefined) throw new IntegrityError("A set's file has disappeared from the bucket");
  return winner;
}

const namesOf = ({ setId, runId, answer, inputDigest, identity }: PinnedSet) => ({
  ...{ setId, runId, answer, inputDigest },
  ...(identity !== undefined && { identity }),
});

/** How many sets came one after the other before this one: the longest chain of those that were replaced. */
function generationOf(set: PinnedSet, sets: readonly PinnedSet[]): number {
  const byId = new Map(sets.map((one) => [one.setId, one]));
  let generation = 0;
  let replaced = new Set(set.replaces);
  // A set's id derives from those that it replaces, so no chain comes back to where it began.
  while (replaced.size > 0) {
    generation += 1;
    replaced = new Set([...replaced].flatMap((id) => byId.get(id)?.replaces ?? []));
  }
  return generation;
}

/** Of a set whose list the bucket has lost, nothing can be named. */
async function objectsOf(
  objects: ObjectStore,
  tool: string,
  { runId, setId }: PinnedSet,
): Promise<SetFile['replaces'][number]['objects']> {
  const bytes = await objects.get(objectListKey({ tool, runId, setId }));
  const listed = bytes === undefined ? [] : parseObjectList(bytes).objects;
  return listed.map(({ SOPClassUID, SOPInstanceUID, SeriesInstanceUID }) => ({
    ...{ SOPClassUID, SOPInstanceUID, SeriesInstanceUID },
  }));
}

/**
 * The file of a set; undefined if there is none.
 *
 * @throws NewerFormatError if it is of a later version
 * @throws MessageError if it cannot be read
 */
export async function readSetFile(
  objects: Pick<ObjectStore, 'get'>,
  folder: SetFolder,
  options: CallOptions = {},
): Promise<SetFile | undefined> {
  const bytes = await objects.get(setKey(folder), options);
  if (bytes === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    refuseNewer(json, 'hilum.set/1');
    return SetFileSchema.parse(json);
  } catch (cause) {
    if (cause instanceof NewerFormatError) throw cause;
    throw new MessageError('The object is not a hilum.set/1 file', { cause });
  }
}
