/** The DICOM section of docs/benchmarks.md. */
import { machine } from '../page.ts';
import { median, row, spread } from '../statistics.ts';
import type { Cell } from './cell.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import type { DicomMeasurements, Reader, Repetition } from './measurements.ts';
import type { SegmentTimes } from './segment-hilum.ts';
import { type BenchSyntax, SYNTAXES } from './syntaxes.ts';

/** The section, as Markdown. */
export function describeDicom(measured: DicomMeasurements): string {
  const { repetitions, slices, threads, versions, segmentationMb } = measured;
  const [first] = repetitions[0]?.decoding.values() ?? [];
  const decodedMb = (first?.get('hilum')?.bytes ?? 0) / 1e6;
  const decoded = Math.round((decodedMb * 1e6) / 2 ** 19);
  return `## DICOM compared with other software

The files are slices of a CT phantom with realistic noise, 512 × 512, Bits Stored 12 of 16, encoded by pydicom's plugins, DCMTK (JPEG)
and OpenJPH (HTJ2K). Every cell is a fresh process, and the cells of a repetition run one after the other. Figures are the median (min–max)
of ${repetitions.length} repetitions. Hilum runs bundled, as its functions do. All use one thread, except the pool. Files are in the page cache. MB are 10⁶
bytes. A ratio is the peer's time or memory divided by Hilum's in the same repetition: above 1, Hilum is faster or needs less.

${machine()}
${row('Hilum', `${versions.hilum} (WebAssembly); JPEG lossless, JPEG extended and RLE are its own`)}
${row('peers', versions.peers)}

### Reading and decoding

MB of samples per second, for ${decoded} slices (${decodedMb.toFixed(1)} MB, half of that with 8 bits) after 3 slices to warm up. *Decode*: from the data
set to an array of samples in native byte order. *Read*: from the path to that array. For pydicom, the plugin with the fastest
"read" is shown, and the other plugins in the last column. Pool: ${threads} threads of Hilum's worker pool, all files at once. The bench checks that all
readers give the same samples: bit for bit in lossless syntaxes and JPEG-LS, by their mean in the others.

| syntax | Hilum: decode | Hilum: read | pydicom: decode | pydicom: read | plugin | decode, ratio | read, ratio | Hilum, pool: read | other plugins: read |
|---|---|---|---|---|---|---|---|---|---|
${SYNTAXES.map((syntax) => decodingRow(syntax, repetitions)).join('\n')}

### Opening headers

${slices} files, 26 attributes of each as values, without pixels. Hilum reads the first 64 KB of a file. Hilum's index is the pipeline's
header index: it reads the whole file, computes its SHA-256 and validates the attributes.

| | ms | peak MB | ratio of times |
|---|---|---|---|
${HEADERS.map(([reader, name]) => headersRow(name, reader, repetitions)).join('\n')}

### Writing a Segmentation

${slices} frames of 512 × 512 in six segments on ${slices} slices (${segmentationMb.toFixed(1)} MB), from a file with one byte per voxel. *Write*: from labels on disk and
headers in memory to a Segmentation on disk, including Hilum's output gate and SHA-256. *Process*: the whole process, including start-up and reading the
headers of the ${slices} slices (for Hilum, with the SHA-256 of every slice). The bench checks that both files hold the same masks.

| | write, ms | process, ms | peak MB |
|---|---|---|---|
${segmentationRow('Hilum', repetitions, ({ hilum }, value) => value(hilum), 0)}
${segmentationRow('highdicom', repetitions, ({ highdicom }, value) => value(highdicom), 0)}
${segmentationRow('**ratio**', repetitions, ({ hilum, highdicom }, value) => value(highdicom) / value(hilum), 2)}
`;
}

const HEADERS: readonly (readonly [keyof Repetition['headers'], string])[] = [
  ['hilum', 'Hilum'],
  ['pydicom', 'pydicom, `stop_before_pixels`'],
  ['index', "Hilum's index, whole files"],
];

function headersRow(name: string, reader: keyof Repetition['headers'], repetitions: readonly Repetition[]): string {
  const times = repetitions.map(({ headers }) => headers[reader].readMs);
  const peaks = repetitions.map(({ headers }) => headers[reader].peakMb);
  const ratios = repetitions.map(({ headers }) => headers.pydicom.readMs / headers[reader].readMs);
  return row(name, spread(times, 0), spread(peaks, 0), reader === 'pydicom' ? '' : spread(ratios));
}

type SegmentationValue = (cell: Cell<SegmentTimes>) => number;
const SEGMENTATION: readonly SegmentationValue[] = [
  ({ measured }) => measured.writeMs,
  ({ processMs }) => processMs,
  ({ measured }) => measured.peakMb,
];

function segmentationRow(
  name: string,
  repetitions: readonly Repetition[],
  figure: (cells: Repetition['segmentation'], value: SegmentationValue) => number,
  digits: number,
): string {
  const figures = (value: SegmentationValue) => repetitions.map(({ segmentation }) => figure(segmentation, value));
  return row(name, ...SEGMENTATION.map((value) => spread(figures(value), digits)));
}

function decodingRow(syntax: BenchSyntax, repetitions: readonly Repetition[]): string {
  const runs = repetitions.map(({ decoding }) => decoding.get(syntax) ?? new Map<Reader, DecodeTimes>());
  const of = (reader: Reader | undefined): readonly DecodeTimes[] =>
    runs.flatMap((times) => (reader === undefined ? [] : (times.get(reader) ?? [])));
  const slowness = (reader: Reader): number => median(of(reader).map(({ readMs }) => readMs));
  const [fastest, ...others] = [...(runs[0]?.keys() ?? [])]
    .filter((reader) => reader !== 'hilum' && reader !== 'pool')
    .toSorted((a, b) => slowness(a) - slowness(b));
  const ratios = (part: 'decodeMs' | 'readMs'): string =>
    spread(of(fastest).map((theirs, i) => theirs[part] / (of('hilum')[i]?.[part] ?? Number.NaN)));
  return row(
    syntax.name,
    ...[throughput(of('hilum'), 'decodeMs'), throughput(of('hilum'), 'readMs')],
    ...[throughput(of(fastest), 'decodeMs'), throughput(of(fastest), 'readMs')],
    fastest === undefined ? 'none reads it' : fastest === 'pydicom' ? 'needs none' : fastest,
    ...[ratios('decodeMs'), ratios('readMs')],
    throughput(of('pool'), 'readMs'),
    others.map((reader) => `${reader} ${throughput(of(reader), 'readMs')}`).join(', '),
  );
}

/** MB/s. */
const throughput = (times: readonly DecodeTimes[], part: 'decodeMs' | 'readMs'): string =>
  spread(
    times.map((time) => time.bytes / 1000 / time[part]),
    0,
  );
