/** Files that are readable but whose UIDs no tool, key or result can use: what they are, for `hilum inspect` alone. */
import { readFile } from 'node:fs/promises';
import type { FrameDecoder } from '#core/ports.ts';
import { noNotes } from '#core/study/header-numbers.ts';
import { count, modality } from '#core/study/header-values.ts';
import type { InstanceAttributes } from '#core/study/study-index.ts';
import { DicomReadError } from '#dicom/error.ts';
import { decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';

/** The codes of these files. */
export const UNUSABLE: ReadonlySet<string> = new Set<DicomReadError['code']>(['missing-uid', 'invalid-uid']);

/** UIDs of any length, but of digits and dots only: other text may be anything. */
const SHOWN_UID = /^[0-9.]+$/;
const UIDS = ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'] as const;

export interface Unusable extends Partial<InstanceAttributes> {
  /** SHA-256 of the decoded pixels; absent if the object has none or they cannot be decoded. */
  readonly pixelSha256?: string | undefined;
}

/** Describes a file that was refused with one of the codes in `UNUSABLE`, and has not changed since. */
export async function describeUnusable(path: string, decoder: FrameDecoder): Promise<Unusable> {
  const file = readDicom(await readFile(path), { anyUids: true });
  const { dataset, TransferSyntaxUID } = file;
  const notes = noNotes();
  const header: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(UIDS.map((keyword) => [keyword, shown(dataset.text(keyword))])),
    TransferSyntaxUID,
    Modality: modality(dataset),
    Rows: count(dataset, 'Rows', notes),
    Columns: count(dataset, 'Columns', notes),
    NumberOfFrames: count(dataset, 'NumberOfFrames', notes),
  };
  const known = Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
  try {
    return { ...known, pixelSha256: pixelSha256(await decodePixels(file, decoder)) };
  } catch (error) {
    if (!(error instanceof DicomReadError)) throw error;
    return known;
  }
}

const shown = (uid: string | undefined): string | undefined =>
  uid !== undefined && SHOWN_UID.test(uid) ? uid : undefined;
