/** DICOM files in folders: found, indexed, grouped into studies. Holds headers and paths, never pixels. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex, StudyIndex } from '#core/study/study-index.ts';
import { DicomReadError } from '#dicom/error.ts';
import { checkPart10Start, PART10_START_BYTES } from '#dicom/read.ts';
import { createProgress } from './progress.ts';
import { WrongPathError } from './wrong-path.ts';

/** A file that Hilum does not take, and why. */
export interface RefusedFile {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** A study as it lies in files. */
export interface StudyFiles extends StudyIndex {
  /** Reads an instance's Part 10 file. */
  readonly read: (instance: InstanceIndex) => Promise<Uint8Array>;
}

/** A study with the files beside it that were refused: those in its folders, or in the folders above where no study is nearer. */
export interface StudyInFolders extends StudyFiles {
  readonly refused: readonly RefusedFile[];
}

/**
 * Every file below the paths, each folder's in the order of their names.
 *
 * @throws WrongPathError where a path does not exist, or is a device or a pipe
 */
export async function findFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) throw new WrongPathError(`There is no file or folder ${path}`);
    if (stats.isFile()) found.push(path);
    else if (stats.isDirectory()) {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      for (const file of files.sort()) found.push(file);
    } else throw new WrongPathError(`${path} is neither a file nor a folder`);
  }
  return [...new Set(found)];
}

/**
 * Reads one file and its header; what cannot be taken as DICOM is an answer. What is too large, or does not begin as DICOM
 * does, is not brought into memory.
 */
export async function readIndexed(
  path: string,
): Promise<{ readonly bytes: Uint8Array; readonly index: InstanceIndex } | RefusedFile> {
  const file = await open(path);
  try {
    const start = new Uint8Array(PART10_START_BYTES);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    checkPart10Start(start.subarray(0, bytesRead), (await file.stat()).size);
    const bytes = await file.readFile();
    return { bytes, index: indexInstance(bytes) };
  } catch (error) {
    if (!(error instanceof DicomReadError)) throw error;
    return { path, code: error.code, message: error.message };
  } finally {
    await file.close();
  }
}

/**
 * The studies below the paths, sorted by StudyInstanceUID, and the files that were refused. An instance that is there
 * twice counts once; a second one with the same SOPInstanceUID and other content is refused.
 *
 * @throws WrongPathError where a path does not exist
 */
export async function readStudies(
  paths: readonly string[],
): Promise<{ readonly studies: readonly StudyInFolders[]; readonly refused: readonly RefusedFile[] }> {
  const files = await findFiles(paths);
  const instances = new Map<string, { readonly instance: InstanceIndex; readonly path: string }>();
  const refused: RefusedFile[] = [];
  const progress = createProgress('Reading', files.length);
  for (const path of files) {
    const read = await readIndexed(path);
    if ('code' in read) refused.push(read);
    else {
      const { index } = read;
      const known = instances.get(index.SOPInstanceUID);
      if (known === undefined) instances.set(index.SOPInstanceUID, { instance: index, path });
      else if (known.instance.sha256 !== index.sha256) {
        const message = `Another file with other content has the same SOPInstanceUID: ${known.path}`;
        refused.push({ path, code: 'duplicate-uid', message });
      }
    }
    progress.step();
  }
  progress.end();
  const pathOf = new Map([...instances.values()].map(({ instance, path }) => [instance.sha256, path]));
  const read = async ({ sha256, SOPInstanceUID }: InstanceIndex): Promise<Uint8Array> => {
    const path = pathOf.get(sha256);
    if (path === undefined) throw new RangeError(`Instance ${SOPInstanceUID} is not among the files`);
    return readFile(path);
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

/** Whose study a refused file may be of cannot be read from it: it counts to all that lie in the nearest folder with any. */
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

/** The folder of a file and all above it, the nearest first. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(resolve(path));
  return folder === dirname(folder) ? [folder] : [folder, ...foldersOf(folder)];
}
