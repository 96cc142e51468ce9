/** Compares Hilum's reading of every file of the test data with pydicom's, and counts the outcomes. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { DicomReadError } from '#dicom/error.ts';
import { type DecodedPixels, decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { ROOT, VENVS } from '../../localstack/parts.mjs';
import { type ManifestLine, manifestLines } from './manifest.ts';
import { REPAIRED, readRepaired } from './refused-data.ts';

/**
 * - `identical`: the same samples as pydicom's, bit for bit
 * - `close`: lossy compression, and no sample differs by more than `TOLERANCE`
 * - `refused`: refused with a code, and without the samples
 * - `differs`: the samples differ from pydicom's
 * - `read`: pydicom decodes no pixels; Hilum reads the header, and the pixels if there are any
 */
export type Outcome = 'identical' | 'close' | 'refused' | 'differs' | 'read';

export interface JudgedFile extends ManifestLine {
  readonly outcome: Outcome;
  /** Present where the file is refused. A file that is refused for its UIDs alone is decoded nevertheless. */
  readonly code?: string;
  /** For a file refused because of its missing preamble: the outcome for its pixels once it is filled in. */
  readonly repaired?: Exclude<Outcome, 'read'>;
}

/** Decoders of lossy compression may round differently, by at most this many grey levels. */
export const TOLERANCE = 2;

/** The fields used here of an item of `hilum inspect --json`. */
interface Inspected {
  readonly path: string;
  readonly ok: boolean;
  readonly code?: string;
  readonly pixelSha256?: string;
}

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 2 ** 28;

/**
 * Reads every file in the manifest through `hilum inspect --json`. Where the digest of a lossy file differs, its samples are
 * compared with pydicom's, which needs the judges' Python.
 *
 * @param folder the test data
 * @throws Error where a file has no answer, or pydicom's reading contradicts the manifest
 */
export async function judgeTestData(folder: string): Promise<readonly JudgedFile[]> {
  const { stdout } = await run(process.execPath, [join(ROOT, 'cli/hilum.ts'), 'inspect', folder, '--json'], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const inspected = new Map((JSON.parse(stdout) as readonly Inspected[]).map((item) => [item.path, item]));
  const judged = manifestLines(folder).map((line) => judge(line, inspected.get(join(folder, line.path))));
  const open = judged.filter(({ lossy, outcome }) => lossy && outcome === 'differs');
  const close = await closeToPydicom(folder, open, async ({ path }) =>
    decodePixels(readDicom(await readFile(join(folder, path)), { anyUids: true }), inProcessDecoder),
  );
  const files = judged.map((file) => (close.has(file.path) ? { ...file, outcome: 'close' as const } : file));
  return await withRepaired(folder, files);
}

/** Adds the outcome for the pixels of files that are refused because of their preamble. */
async function withRepaired(folder: string, files: readonly JudgedFile[]): Promise<readonly JudgedFile[]> {
  const decode = async ({ path, transferSyntax }: ManifestLine): Promise<DecodedPixels> =>
    decodePixels(await readRepaired(folder, path, transferSyntax), inProcessDecoder);
  const repaired = new Map<string, JudgedFile['repaired']>();
  for (const file of files) {
    if (file.pixelSha256 === '' || file.code !== REPAIRED) continue;
    try {
      repaired.set(file.path, pixelSha256(await decode(file)) === file.pixelSha256 ? 'identical' : 'differs');
    } catch (error) {
      if (!(error instanceof DicomReadError)) throw error;
      repaired.set(file.path, 'refused');
    }
  }
  const open = files.filter(({ path, lossy }) => lossy && repaired.get(path) === 'differs');
  for (const path of await closeToPydicom(folder, open, decode)) repaired.set(path, 'close');
  return files.map((file) => {
    const outcome = repaired.get(file.path);
    return outcome === undefined ? file : { ...file, repaired: outcome };
  });
}

function judge(line: ManifestLine, item: Inspected | undefined): JudgedFile {
  if (item === undefined) throw new Error(`There is no answer for ${line.path}`);
  const refused = item.ok ? {} : { code: item.code ?? '' };
  if (!item.ok && (line.pixelSha256 === '' || item.pixelSha256 === undefined))
    return { ...line, ...refused, outcome: 'refused' };
  if (line.pixelSha256 === '') return { ...line, outcome: 'read' };
  return { ...line, ...refused, outcome: item.pixelSha256 === line.pixelSha256 ? 'identical' : 'differs' };
}

/** The paths of the files whose samples are within the tolerance of pydicom's. */
async function closeToPydicom(
  folder: string,
  files: readonly ManifestLine[],
  decode: (file: ManifestLine) => Promise<DecodedPixels>,
): Promise<ReadonlySet<string>> {
  if (files.length === 0) return new Set();
  const out = await mkdtemp(join(tmpdir(), 'hilum-pixels-'));
  try {
    const python = join(VENVS.judges.folder, 'bin/python');
    const args = files.flatMap(({ path, pixelSha256 }) => [join(folder, path), pixelSha256]);
    await run(python, [join(ROOT, 'test/judges/read_pixels.py'), out, ...args], { maxBuffer: MAX_OUTPUT_BYTES });
    const close: string[] = [];
    for (const [index, file] of files.entries()) {
      const { data } = await decode(file);
      if (largestDifference(data, await readFile(join(out, `${index}.raw`))) <= TOLERANCE) close.push(file.path);
    }
    return new Set(close);
  } finally {
    await rm(out, { recursive: true });
  }
}

type Samples = DecodedPixels['data'];

/** Largest difference between our samples and another decoder's bytes of the same type; infinite where the lengths differ. */
function largestDifference(ours: Samples, theirBytes: Uint8Array): number {
  if (theirBytes.byteLength !== ours.byteLength) return Number.POSITIVE_INFINITY;
  const theirs = ours.slice();
  new Uint8Array(theirs.buffer, theirs.byteOffset, theirs.byteLength).set(theirBytes);
  let largest = 0;
  for (let i = 0; i < ours.length; i++) largest = Math.max(largest, Math.abs((ours[i] ?? 0) - (theirs[i] ?? 0)));
  return largest;
}
