/** Finds DICOM files in folders, indexes them and groups them into studies. Keeps headers and paths, never pixels. */
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemRefusal } from '#adapters/system-refusal.ts';
import { IntegrityError, SystemRefusalError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex, StudyIndex } from '#core/study/study-index.ts';
import { DicomReadError } from '#dicom/error.ts';
import { checkPart10Start, PART10_START_BYTES } from '#dicom/read.ts';
import { findTree } from './file-tree.ts';
import { createProgress } from './progress.ts';

/** A file that was refused, and why. */
export interface RefusedFile {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** A study in files. */
export interface StudyFiles extends StudyIndex {
  /** Reads an instance's Part 10 file. */
  readonly read: (instance: InstanceIndex) => Promise<Uint8Array>;
}

/**
 * A study with the refused files that may belong to it: those in its folders, and those in folders above that have no nearer
 * study.
 */
export interface StudyInFolders extends StudyFiles {
  readonly refused: readonly RefusedFile[];
}

/**
 * Reads one file and its header. A file that is not readable DICOM is returned as refused. A file that is too large, or does
 * not begin like DICOM, is not read into memory. A file that the system does not let us read (`unreadable`) is refused like a
 * damaged one, because parts of its study may be missing.
 *
 * @throws SystemRefusalError if the cause is not the file, for example too many open files
 */
export async function readIndexed(path: string): Promise<IndexedFile | RefusedFile> {
  try {
    return await readFileAt(path);
  } catch (error) {
    const known = systemRefusal(error, path);
    if (known instanceof DicomReadError) return { path, code: known.code, message: known.message };
    const why = known instanceof SystemRefusalError ? UNREADABLE[known.code] : undefined;
    if (why === undefined) throw known;
    return { path, code: 'unreadable', message: why };
  }
}

interface IndexedFile {
  readonly bytes: Uint8Array;
  readonly index: InstanceIndex;
}

/** Why a listed file cannot be read, by the system's code. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: 'This user has no permission to read it',
  EPERM: 'The system does not permit this user to read it',
  ENOENT: 'It is no longer there, or is a link that leads nowhere',
  ENOTDIR: 'It is no longer there, or is a link that leads nowhere',
  ELOOP: 'It is a link that leads in a circle',
  EISDIR: 'It is a folder that could not be listed',
  ENAMETOOLONG: 'Its path is longer than the system allows',
  EIO: 'The disk reports an error when reading it',
  ESTALE: 'The network drive no longer knows it',
  ENXIO: 'It is a device that does not exist',
};

async function readFileAt(path: string): Promise<IndexedFile> {
  const file = await open(path);
  try {
    const start = new Uint8Array(PART10_START_BYTES);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    checkPart10Start(start.subarray(0, bytesRead), (await file.stat()).size);
    const bytes = await file.readFile();
    return { bytes, index: indexInstance(bytes) };
  } finally {
    await file.close();
  }
}

export interface ReadStudies {
  /** Sorted by StudyInstanceUID. */
  readonly studies: readonly StudyInFolders[];
  readonly refused: readonly RefusedFile[];
}

/**
 * Reads the studies below the paths; see `readStudyFiles`.
 *
 * @throws WrongPathError if a path does not exist
 */
export async function readStudies(paths: readonly string[]): Promise<ReadStudies> {
  const { files } = await findTree(paths);
  return readStudyFiles(files);
}

/**
 * Reads the studies in the files. Copies of a file count once. Files with one SOPInstanceUID and different content all count, and
 * `core/study/distinct-instances.ts` decides about them, as in the pipeline.
 */
export async function readStudyFiles(files: readonly string[]): Promise<ReadStudies> {
  const instances = new Map<string, { readonly instance: InstanceIndex; readonly path: string }>();
  const refused: RefusedFile[] = [];
  const progress = createProgress('Reading', files.length);
  for (const path of files) {
    const read = await readIndexed(path);
    if ('code' in read) refused.push(read);
    else {
      const { index } = read;
      if (!instances.has(index.sha256)) instances.set(index.sha256, { instance: index, path });
    }
    progress.step();
  }
  progress.end();
  const pathOf = new Map([...instances.values()].map(({ instance, path }) => [instance.sha256, path]));
  const read = async ({ sha256, SOPInstanceUID }: InstanceIndex): Promise<Uint8Array> => {
    const path = pathOf.get(sha256);
    if (path === undefined) throw new RangeError(`Instance ${SOPInstanceUID} is not among the files`);
    return readAgain(path, { sha256, SOPInstanceUID });
  };
  const byStudy = Map.groupBy([...instances.values()], ({ instance }) => instance.StudyInstanceUID);
  const nearest = refusedByStudy([...instances.values()], refused);
  const studies = [...byStudy].map(([StudyInstanceUID, members]) => ({
    StudyInstanceUID,
    instances: members.map(({ instance }) => instance).sort((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1)),
    read,
    refused: nearest.get(StudyInstanceUID) ?? [],
  }));
  return { studies: studies.sort((a, b) => (a.StudyInstanceUID < b.StudyInstanceUID ? -1 : 1)), refused };
}

/**
 * Reads an instance's file again, unchanged since it was indexed. Errors name no path, because they reach results and a path
 * may name the patient.
 *
 * @throws SystemRefusalError if it can no longer be read
 * @throws IntegrityError if its bytes have changed
 */
async function readAgain(
  path: string,
  { sha256, SOPInstanceUID }: Pick<InstanceIndex, 'sha256' | 'SOPInstanceUID'>,
): Promise<Uint8Array> {
  const facts = { SOPInstanceUID };
  const bytes = await readFile(path).catch((error: unknown) => {
    const known = systemRefusal(error);
    if (!(known instanceof SystemRefusalError)) throw known;
    const why = UNREADABLE[known.code] ?? 'the system does not let it be read';
    const message = `The file of instance ${SOPInstanceUID} can no longer be read. ${why} (${known.code}).`;
    throw new SystemRefusalError(known.code, message, { cause: error, facts });
  });
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
  throw new IntegrityError(`The file of instance ${SOPInstanceUID} was changed while its study was being read`, {
    facts,
  });
}

/**
 * The refused files by study. A refused file does not tell its study, so it counts for all studies in the nearest folder that
 * holds any.
 */
function refusedByStudy(
  members: readonly { readonly instance: InstanceIndex; readonly path: string }[],
  refused: readonly RefusedFile[],
): ReadonlyMap<string, readonly RefusedFile[]> {
  const studiesBelow = new Map<string, Set<string>>();
  for (const { instance, path } of members)
    for (const folder of foldersOf(path))
      studiesBelow.set(folder, (studiesBelow.get(folder) ?? new Set()).add(instance.StudyInstanceUID));
  const found = new Map<string, RefusedFile[]>();
  for (const file of refused) {
    const nearest = foldersOf(file.path).find((folder) => studiesBelow.has(folder)) ?? '';
    for (const study of studiesBelow.get(nearest) ?? []) {
      const files = found.get(study);
      if (files === undefined) found.set(study, [file]);
      else files.push(file);
    }
  }
  return found;
}

/** The folder of a file and all folders above it, nearest first. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(resolve(path));
  return folder === dirname(folder) ? [folder] : [folder, ...foldersOf(folder)];
}
