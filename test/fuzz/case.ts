/** One case: a file is processed from its bytes to an image, and invariants are checked at every step. */
import { type GeometryErrorCode, isKnown } from '#core/errors.ts';
import { loadImage } from '#core/image/load.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import type { Volume } from '#core/image/volume.ts';
import type { FrameDecoder } from '#core/ports.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { DicomReadErrorCode } from '#dicom/error.ts';
import { type DecodedPixels, decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import { type DicomFile, readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { encodeManifest, parseManifest } from '#pipeline/manifest.ts';
import type { Companion } from './seeds.ts';

/** Every code that a file may be refused with. A type that forgets one does not compile. */
const REFUSALS: Readonly<Record<DicomReadErrorCode | GeometryErrorCode | 'duplicate-uid', true>> = {
  'not-dicom': true,
  truncated: true,
  'missing-uid': true,
  'invalid-uid': true,
  'unsupported-transfer-syntax': true,
  'unsupported-pixel-format': true,
  'corrupt-pixel-data': true,
  'no-pixel-data': true,
  'limit-exceeded': true,
  'not-hounsfield': true,
  malformed: true,
  'missing-geometry': true,
  'mixed-orientation': true,
  'mixed-matrix': true,
  'missing-slices': true,
  'variable-spacing': true,
  'duplicate-slices': true,
  'gantry-tilt': true,
  'too-few-slices': true,
  'pixel-spacing-unknown': true,
  'functional-groups': true,
  'incomplete-concatenation': true,
  'duplicate-uid': true,
};

/** An invariant was violated. */
class BrokenPromise extends Error {}

function promise(holds: boolean, what: string): void {
  if (!holds) throw new BrokenPromise(what);
}

/** The answer, or the code of a refusal. Any other error makes the case fail. */
async function refusable<T>(act: () => T | Promise<T>): Promise<{ readonly value: T } | { readonly refused: string }> {
  try {
    return { value: await act() };
  } catch (error) {
    if (isKnown(error) && Object.hasOwn(REFUSALS, error.code)) return { refused: error.code };
    throw error;
  }
}

/**
 * The outcome of the file: the code of its refusal, `image` if it gives one, or `object` if it is not an image for tools.
 *
 * @throws Error anything that a file must not cause
 */
export async function runCase(
  bytes: Uint8Array,
  companions: readonly Companion[],
  decoder: FrameDecoder,
): Promise<string> {
  const indexed = await refusable(() => indexInstance(bytes));
  if ('refused' in indexed) return indexed.refused;
  const index = indexed.value;
  const file = readDicom(bytes);
  await checkCopied(index, file);
  const decoded = await refusable(() => decodePixels(file, decoder));
  if ('value' in decoded) checkPixels(index, decoded.value);
  const study = await refusable(() => checkedStudy(index, companions));
  if ('refused' in study) return study.refused;
  const images = groupImages({ StudyInstanceUID: index.StudyInstanceUID, instances: study.value });
  if ('refused' in decoded) return decoded.refused;
  const files = new Map([
    [index.sha256, bytes],
    ...companions.map(({ index: { sha256 }, bytes: b }) => [sha256, b] as const),
  ]);
  let answer = 'object';
  for (const image of images) {
    const read = async ({ sha256 }: InstanceIndex): Promise<Uint8Array> => files.get(sha256) ?? new Uint8Array(0);
    const loaded = await refusable(() => loadImage(image, read, decoder));
    if ('refused' in loaded) return loaded.refused;
    if (loaded.value.kind === 'volume') checkVolume(loaded.value);
    else checkRadiograph(loaded.value);
    answer = 'image';
  }
  return answer;
}

/** Checks that the index survives the manifest unchanged. */
function checkedStudy(index: InstanceIndex, companions: readonly Companion[]): readonly InstanceIndex[] {
  const others = companions.filter((other) => other.index.StudyInstanceUID === index.StudyInstanceUID);
  const placed = [index, ...others.map((other) => other.index)].map((instance) => ({
    ...instance,
    chunk: instance.sha256,
    offset: 0,
    length: instance.sizeBytes,
  }));
  const { StudyInstanceUID, sha256: revision } = index;
  const manifest = { format: 'hilum.manifest/1', StudyInstanceUID, revision, lane: 'live', instances: placed } as const;
  const { instances } = parseManifest(encodeManifest(manifest));
  const found = instances.find(({ sha256 }) => sha256 === index.sha256);
  promise(JSON.stringify(found) === JSON.stringify(placed[0]), 'the index is not the same behind the manifest');
  return instances;
}

/** The identity of a result object; results hold the source's in other places. */
const OWN = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33',
  SOPInstanceUID: '2.25.1',
  StudyInstanceUID: '2.25.2',
  SeriesInstanceUID: '2.25.3',
};

/** Checks that the source's attributes that results copy are written so that they read back the same. */
async function checkCopied(index: InstanceIndex, file: DicomFile): Promise<void> {
  const source = await refusable(() => sourceStudyOf([index], file));
  if ('refused' in source) return;
  const { patientAndStudy } = source.value;
  const written = encodeDicom({ ...patientAndStudy, ...OWN });
  const again = readDicom(written).dataset;
  for (const keyword of Object.keys(patientAndStudy)) {
    const [before, after] = [file.dataset, again].map((dataset) => dataset.texts(keyword).join('\\'));
    promise(isSameText(before, after), `${keyword} is not the same when it is written and read again`);
  }
}

/** A number of another VR, once it is a Decimal String, has as many digits as 16 characters hold (PS3.5 6.2). */
function isSameText(before = '', after = ''): boolean {
  return before === after || Math.abs(Number(after) / Number(before) - 1) < 1e-9;
}

function checkPixels(index: InstanceIndex, decoded: DecodedPixels): void {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated, bitsStored, signed, data } = decoded;
  const isSaid = (keyword: 'Rows' | 'Columns', size: number): boolean =>
    index[keyword] === size || index.unreadable?.[keyword] !== undefined;
  promise(isSaid('Rows', rows) && isSaid('Columns', columns), 'the pixels have another size than the index says');
  promise(frames === (index.NumberOfFrames ?? 1), 'there are other frames than the index says');
  promise(data.length === rows * columns * frames * samplesPerPixel, 'there are not as many samples as pixels');
  promise(/^[0-9a-f]{64}$/.test(pixelSha256(decoded)), 'the pixels have no digest');
  if (data instanceof Float32Array || data instanceof Float64Array) return;
  if (bitsAllocated === 1) {
    // Bitmaps have no sign, whatever the header says.
    promise(
      data.every((sample) => sample <= 1),
      'a bit is neither 0 nor 1',
    );
    return;
  }
  promise(data.BYTES_PER_ELEMENT * 8 === Math.max(8, bitsAllocated), 'the samples have another width');
  const top = signed ? 2 ** (bitsStored - 1) : 2 ** bitsStored;
  const bottom = signed ? -top : 0;
  promise(
    data.every((sample) => sample >= bottom && sample < top),
    'a sample has more bits than are stored',
  );
}

function checkVolume(volume: Volume): void {
  const { rows, columns, slices, voxels, frames, spacingMm, origin } = volume;
  const axes = [volume.columnDirection, volume.rowDirection, volume.sliceDirection];
  promise(voxels.length === rows * columns * slices, 'the volume has other voxels than its size says');
  promise(frames.length === slices, 'the volume has other frames than slices');
  promise(origin.every(Number.isFinite), 'the volume lies nowhere');
  promise(
    spacingMm.every((mm) => Number.isFinite(mm) && mm > 0),
    'the volume has no spacing',
  );
  promise(
    axes.every((axis) => Math.abs(Math.hypot(...axis) - 1) < 0.01),
    'an axis of the volume is no unit vector',
  );
  const products = axes.flatMap((a, i) => axes.slice(i + 1).map((b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]));
  promise(
    products.every((product) => Math.abs(product) < 0.01),
    'the axes of the volume are not at right angles',
  );
  promise(voxels.every(Number.isFinite), 'a voxel is no number');
}

function checkRadiograph({ rows, columns, pixels, spacingMm }: Radiograph): void {
  promise(pixels.length === rows * columns, 'the radiograph has other pixels than its size says');
  promise(
    pixels.every((value) => value >= 0 && value <= 1),
    'a pixel of the radiograph is not from 0 to 1',
  );
  promise(
    (spacingMm ?? [1, 1]).every((mm) => Number.isFinite(mm) && mm > 0),
    'the radiograph has no spacing',
  );
}
