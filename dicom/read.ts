/**
 * The one way in for DICOM: Part 10 bytes (PS3.10 7) become a data set, checked before it is trusted.
 *
 * Structure and values are read here and not by dcmjs, which supplies the dictionary only (docs/adr/0001 says why).
 */
import { inflateRawSync } from 'node:zlib';
import { type Dataset, datasetOf } from './dataset.ts';
import type { ElementSet } from './element.ts';
import { DicomReadError } from './error.ts';
import { type PixelPlace, StructureReader } from './structure.ts';
import { transferSyntax } from './transfer-syntax.ts';
import { uidProblem } from './uid.ts';

export type { Dataset } from './dataset.ts';

/** One Part 10 file. */
export interface DicomFile {
  readonly TransferSyntaxUID: string;
  readonly dataset: Dataset;
}

export interface ReadOptions {
  readonly stopBeforePixels?: boolean;
  readonly anyUids?: boolean;
}

/** Largest file. A file is held in memory as a whole, and a larger one exceeds what our functions can hold. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;
/**
 * Limits for a deflated data set: 32 times its size (real ones grow 2 to 10 times), at least 16 MiB (blank masks), and at
 * most 1 GiB. Deflate itself allows 1032 times.
 */
export const MAX_INFLATE_RATIO = 32;
export const MIN_INFLATED_LIMIT = 16 * 2 ** 20;
export const MAX_INFLATED_LIMIT = 2 ** 30;

/** The UIDs that every object of a study has, and by which everything downstream is keyed. */
const REQUIRED_UIDS = ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'] as const;

/** How many bytes of a file `checkPart10Start` reads. */
export const PART10_START_BYTES = 132;

/**
 * Checks what can be known before a file is read into memory: it is not too large, and it begins with a preamble and the
 * prefix `DICM` (PS3.10 7.1). Files without them are refused, as PS3.10 requires: reading them would be guesswork.
 *
 * @throws DicomReadError `limit-exceeded` or `not-dicom`
 */
export function checkPart10Start(start: Uint8Array, size: number): void {
  if (size > MAX_FILE_BYTES) {
    throw new DicomReadError('limit-exceeded', `The file is larger than ${MAX_FILE_BYTES} bytes`, {
      facts: { size, limit: MAX_FILE_BYTES },
    });
  }
  const prefix = start.subarray(PART10_START_BYTES - 4, PART10_START_BYTES);
  if (String.fromCharCode(...prefix) !== 'DICM') {
    throw new DicomReadError('not-dicom', notDicom(start));
  }
}

/** What studies are handed over in, by the first bytes. */
const ARCHIVES: Readonly<Record<string, string>> = {
  'PK\x03\x04': 'ZIP',
  '\x1f\x8b\x08': 'gzip',
  Rar: 'RAR',
  '7z\xbc\xaf': '7z',
};

function notDicom(start: Uint8Array): string {
  if (start.length === 0) return 'The file is empty';
  const begin = String.fromCharCode(...start.subarray(0, 4));
  const [, archive] = Object.entries(ARCHIVES).find(([magic]) => begin.startsWith(magic)) ?? [];
  return archive === undefined ? 'The file has no DICOM preamble' : `The file is a ${archive} archive: unpack it first`;
}

/**
 * Reads a file. Its bytes must stay unchanged while the data set is in use, because values are views on them. Elements after
 * the pixel data are not read; `stopBeforePixels` leaves out the pixels, too. With `anyUids`, UIDs are not checked: such a data set may
 * be described, but must not reach a key, a path or a tool.
 *
 * @throws DicomReadError `not-dicom`, `truncated`, `malformed`, `limit-exceeded`, `unsupported-transfer-syntax`,
 *   `missing-uid` or `invalid-uid`
 */
export function readDicom(
  bytes: Uint8Array,
  { stopBeforePixels = false, anyUids = false }: ReadOptions = {},
): DicomFile {
  const { TransferSyntaxUID, elements } = readElements(bytes, { stopBeforePixels });
  const dataset = datasetOf(elements);
  if (!anyUids) for (const keyword of REQUIRED_UIDS) checkUid(dataset, keyword);
  return { TransferSyntaxUID, dataset };
}

/**
 * Reads a file's elements, without a look at their values. Otherwise as `readDicom`.
 *
 * @throws DicomReadError as `readDicom`, but for UIDs
 */
export function readElements(
  bytes: Uint8Array,
  { stopBeforePixels = false }: Pick<ReadOptions, 'stopBeforePixels'> = {},
): { readonly TransferSyntaxUID: string; readonly elements: ElementSet } {
  checkPart10Start(bytes, bytes.length);
  const { TransferSyntaxUID, offset } = readMeta(bytes);
  const syntax = transferSyntax(TransferSyntaxUID);
  const [body, start] = syntax.deflated ? [inflate(bytes.subarray(offset)), 0] : [bytes, offset];
  const encoding = { explicitVr: explicitVr(body, start) ?? syntax.explicitVr, littleEndian: syntax.littleEndian };
  return { TransferSyntaxUID, elements: new StructureReader(body, start).file(encoding, { stopBeforePixels }) };
}

/** A large file of which only the beginning was read. */
export interface DicomStart extends DicomFile {
  readonly pixels: PixelPlace;
}

/**
 * Reads what is before the pixel data from the first bytes of a file of this size. Undefined where they do not hold all of it, or the
 * data set is deflated: only `readDicom` can then read the file.
 *
 * @throws DicomReadError as `readDicom`, but does not look at the pixel data (`checkPixelPlace`)
 */
export function readDicomStart(start: Uint8Array, size: number): DicomStart | undefined {
  checkPart10Start(start, size);
  try {
    const { TransferSyntaxUID, offset } = readMeta(start);
    const syntax = transferSyntax(TransferSyntaxUID);
    if (syntax.deflated) return undefined;
    const reader = new StructureReader(start, offset);
    const encoding = { explicitVr: explicitVr(start, offset) ?? syntax.explicitVr, littleEndian: syntax.littleEndian };
    const dataset = datasetOf(reader.file(encoding, { stopBeforePixels: true }));
    const pixels = reader.pixels(encoding);
    if (pixels === undefined) return undefined;
    for (const keyword of REQUIRED_UIDS) checkUid(dataset, keyword);
    return { TransferSyntaxUID, dataset, pixels };
  } catch (error) {
    if (error instanceof DicomReadError && error.code === 'truncated') return undefined;
    throw error;
  }
}

function readMeta(bytes: Uint8Array): { readonly TransferSyntaxUID: string; readonly offset: number } {
  const reader = new StructureReader(bytes, PART10_START_BYTES);
  const TransferSyntaxUID = datasetOf(reader.meta()).text('TransferSyntaxUID');
  if (TransferSyntaxUID === undefined) throw new DicomReadError('malformed', 'The file names no Transfer Syntax');
  return { TransferSyntaxUID, offset: reader.offset };
}

/**
 * Whether the first element states its VR, which is more reliable than the Transfer Syntax that some writers get wrong. An
 * implicit length with two capital letters in its low bytes would exceed 16 KB, which no first element does.
 */
function explicitVr(body: Uint8Array, start: number): boolean | undefined {
  if (start + 6 > body.length) return undefined;
  return /^[A-Z]{2}$/.test(String.fromCharCode(...body.subarray(start + 4, start + 6)));
}

function inflate(deflated: Uint8Array): Uint8Array {
  const wanted = Math.max(MIN_INFLATED_LIMIT, deflated.length * MAX_INFLATE_RATIO);
  const limit = Math.min(MAX_INFLATED_LIMIT, wanted);
  try {
    return inflateRawSync(deflated, { maxOutputLength: limit });
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (reason === 'ERR_BUFFER_TOO_LARGE') {
      throw new DicomReadError('limit-exceeded', `The deflated data set inflates beyond ${limit} bytes`, {
        facts: { deflated: deflated.length, limit },
        cause,
      });
    }
    const code = reason === 'Z_BUF_ERROR' ? 'truncated' : 'malformed';
    throw new DicomReadError(code, 'The deflated data set cannot be inflated', { cause });
  }
}

function checkUid(dataset: Dataset, keyword: (typeof REQUIRED_UIDS)[number]): void {
  const uid = dataset.text(keyword);
  if (uid === undefined) throw new DicomReadError('missing-uid', `The file has no ${keyword}`, { facts: { keyword } });
  const problem = uidProblem(uid);
  if (problem !== undefined)
    throw new DicomReadError('invalid-uid', `The ${keyword} ${problem}`, { facts: { keyword } });
}
