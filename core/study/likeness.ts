/** Digests that tell whether two slices show the same, without saying what: neither pixels nor free text leave the site. */
import { createHash } from 'node:crypto';
import type { PixelDigest } from '#dicom/digest.ts';
import type { Dataset } from '#dicom/read.ts';
import type { FrameHeader } from './frames.ts';

/**
 * How a slice was acquired and reconstructed, in texts and numbers that vary by vendor (PS3.3 C.8.2.1, C.7.6.4). Currents and
 * times are not among them: scanners change them from slice to slice.
 */
const TECHNIQUE = [
  'ConvolutionKernel',
  'KVP',
  'FilterType',
  'ReconstructionDiameter',
  'ContrastBolusAgent',
  'PatientPosition',
] as const;

/** SHA-256 (hex) of Pixel Data as stored; undefined where there is none, or for several frames, which share one value. */
export function pixelDataSha256(dataset: Dataset, pixels: PixelDigest | undefined): string | undefined {
  if ((dataset.number('NumberOfFrames') ?? 1) > 1 || !dataset.has('PixelData')) return undefined;
  return pixels?.fragments?.every((length) => length === 0) === true ? undefined : pixels?.sha256;
}

/** The first 16 hexadecimal digits of a SHA-256 over the technique; undefined where the header says nothing of it. */
export function techniqueDigest(dataset: Dataset): string | undefined {
  const values = TECHNIQUE.map((keyword) => dataset.texts(keyword).join('\\'));
  if (values.every((value) => value === '')) return undefined;
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16);
}

/** Whether two slices have the same pixels in the same units: as stored, or as decoded where that is known. */
export function haveSamePixels(a: FrameHeader, b: FrameHeader): boolean {
  if (unitsOf(a) !== unitsOf(b)) return false;
  const isStoredAlike = a.pixelDataSha256 === b.pixelDataSha256 && a.TransferSyntaxUID === b.TransferSyntaxUID;
  return (
    (isStoredAlike && a.pixelDataSha256 !== undefined) ||
    (a.pixelSha256 === b.pixelSha256 && a.pixelSha256 !== undefined)
  );
}

/** Whether only decoding can tell that two slices have the same pixels, because they are compressed in two ways. */
export function mayHaveSamePixels(a: FrameHeader, b: FrameHeader): boolean {
  const isDecoded = a.pixelSha256 !== undefined && b.pixelSha256 !== undefined;
  return !isDecoded && a.TransferSyntaxUID !== b.TransferSyntaxUID && unitsOf(a) === unitsOf(b);
}

function unitsOf(frame: FrameHeader): string {
  const { Rows, Columns, BitsStored, PixelRepresentation } = frame;
  const { PhotometricInterpretation, RescaleSlope, RescaleIntercept, RescaleType } = frame;
  return JSON.stringify([
    ...[Rows, Columns, BitsStored, PixelRepresentation],
    ...[PhotometricInterpretation, RescaleSlope, RescaleIntercept, RescaleType],
  ]);
}

/** Transfer Syntaxes that are never without loss: JPEG Baseline and Extended (PS3.5 A.4.1). */
const ALWAYS_LOSSY = new Set(['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51']);

/** Whether the picture was compressed with loss, by its header. */
export const isLossy = ({ LossyImageCompression, TransferSyntaxUID }: FrameHeader): boolean =>
  LossyImageCompression === '01' || ALWAYS_LOSSY.has(TransferSyntaxUID);

/** Whether one slice may be a copy of the other that lost something when it was compressed: all else of the header is alike. */
export function isLossyCopy(copy: FrameHeader, of: FrameHeader): boolean {
  const about = ({ AcquisitionNumber, acquisitionOffsetS, techniqueDigest, Rows, Columns }: FrameHeader): string =>
    JSON.stringify([AcquisitionNumber, acquisitionOffsetS, techniqueDigest, Rows, Columns]);
  return isLossy(copy) && !isLossy(of) && about(copy) === about(of);
}
