/**
 * One cell: Hilum writes a Segmentation from a label volume and its source slices. `node segment-hilum.ts FOLDER LABELS OUT`;
 * prints a `SegmentTimes`.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertResult } from '#core/convert-result.ts';
import type { Volume } from '#core/image/volume.ts';
import { createResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { ImageProcessingTool, Segment, SegmentFrame, ToolDescription } from '#core/tool.ts';
import { Sct, Vertebrae } from '#dicom/codes.ts';
import { peakMb } from './peak.ts';

export interface SegmentTimes {
  /** Reading the source's headers, ms. */
  readonly headersMs: number;
  /** From headers in memory and labels on disk to the Segmentation on disk, ms. */
  readonly writeMs: number;
  readonly peakMb: number;
}

const description: ToolDescription = {
  ...{ id: 'bench', label: 'Bench', purpose: 'Measured', inputs: 'CT', outputs: 'SEG', limits: '', models: [] },
};
const benchTool: ImageProcessingTool = {
  name: 'bench',
  versionId: () => '1.0.0',
  description: () => description,
  canProcessImage: () => ({ suitable: true }),
  process: () => Promise.reject(new Error('The bench brings its own masks')),
};

const [folder = '', labelsPath = '', out = ''] = process.argv.slice(2);

const start = performance.now();
const paths = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name));
const buffer = new Uint8Array(2 ** 20);
const instances = paths.map((path) => indexInstance(readInto(buffer, path)));
const loaded = performance.now();

const result = createResult({
  tool: benchTool,
  images: [volumeOf(instances)],
  context: { inputDigest: 'b'.repeat(64) },
  content: { outcome: 'result', summary: 'Vertebrae.', findings: [], segments: segmentsOf(labelsPath), keyImages: [] },
});
const pathOf = new Map(instances.map(({ SOPInstanceUID }, index) => [SOPInstanceUID, paths[index] ?? '']));
const [segmentation] = await convertResult({
  result,
  instances,
  read: async ({ SOPInstanceUID }) => readFileSync(pathOf.get(SOPInstanceUID) ?? ''),
});
if (segmentation?.kind !== 'segmentation') throw new Error('There is no segmentation');
writeFileSync(out, segmentation.bytes);
const written = performance.now();
const times: SegmentTimes = { headersMs: loaded - start, writeMs: written - loaded, peakMb: peakMb() };
process.stdout.write(JSON.stringify(times));

/** A file's bytes as a view of the buffer, valid until the next file is read. An index keeps only values. */
function readInto(target: Uint8Array, path: string): Uint8Array {
  const file = openSync(path, 'r');
  const length = readSync(file, target, 0, target.length, 0);
  closeSync(file);
  return target.subarray(0, length);
}

/**
 * The masks as a tool returns them: one segment per label, one frame per slice with that label, one bit per pixel. They are
 * packed slice by slice from the file, which has one byte per pixel.
 */
function segmentsOf(path: string): readonly Segment[] {
  const { Rows = 0, Columns = 0 } = instances[0] ?? missing();
  const frames = new Map<number, SegmentFrame[]>();
  const slice = new Uint32Array((Rows * Columns) / 4);
  const bytes = new Uint8Array(slice.buffer);
  const file = openSync(path, 'r');
  for (const { SOPInstanceUID } of instances) {
    readSync(file, bytes);
    for (const [label, bits] of packSlice(slice, bytes)) {
      frames.set(label, [...(frames.get(label) ?? []), { SOPInstanceUID, bits }]);
    }
  }
  closeSync(file);
  return [...frames.entries()].map(([number, ofLabel]) => {
    const type = Object.values(Vertebrae)[number] ?? Sct.vertebra;
    return { number, label: type.meaning, category: Sct.anatomicalStructure, type, frames: ofLabel };
  });
}

/** One mask per label of a slice, least significant bit first. `slice` is a view of `bytes` in words of four. */
function packSlice(slice: Uint32Array, bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const masks = new Map<number, Uint8Array>();
  let current = 0;
  let bits: Uint8Array = new Uint8Array(0);
  for (let word = 0; word < slice.length; word++) {
    if (slice[word] === 0) continue;
    for (let i = 4 * word; i < 4 * word + 4; i++) {
      const label = bytes[i] ?? 0;
      if (label === 0) continue;
      if (label !== current) {
        current = label;
        bits = masks.get(label) ?? new Uint8Array(bytes.length / 8);
        masks.set(label, bits);
      }
      bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    }
  }
  return masks;
}

/** A volume without voxels: `createResult` needs only its frames. */
function volumeOf(headers: readonly InstanceIndex[]): Volume {
  const [{ StudyInstanceUID, SeriesInstanceUID, FrameOfReferenceUID = '', Rows = 0, Columns = 0 } = missing()] =
    headers;
  return {
    kind: 'volume',
    ...{ StudyInstanceUID, SeriesInstanceUID, FrameOfReferenceUID, Modality: 'CT' },
    ...{ columns: Columns, rows: Rows, slices: headers.length, voxels: new Int16Array(0) },
    origin: [0, 0, 0],
    columnDirection: [1, 0, 0],
    rowDirection: [0, 1, 0],
    sliceDirection: [0, 0, 1],
    spacingMm: [1, 1, 1],
    frames: headers.map(({ SOPInstanceUID }) => ({ SOPInstanceUID })),
  };
}

function missing(): never {
  throw new RangeError('There are no slices');
}
