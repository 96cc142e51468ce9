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
  return `## DICOM beside other software

Slices of a CT phantom, 512 × 512, 12 bits stored of 16, with a scanner's noise, encoded by the plugins of pydicom, DCMTK (JPEG)
and OpenJPH (HTJ2K). Every cell is a fresh process; all cells of a repetition follow each other; ${repetitions.length} repetitions: median
(least–most). Hilum runs bundled, as its functions do. One thread each, but for the pool. Files are in the page cache. MB are 10⁶
bytes. A ratio is the peer's time or memory over Hilum's in the same repetition: above 1 Hilum is faster or takes less.

${machine()}
${row('Hilum', `${versions.hilum} (WebAssembly); JPEG lossless, JPEG extended and RLE are its own`)}
${row('peers', versions.peers)}

### Reading and decoding

MB of samples a second, ${decoded} slices (${decodedMb.toFixed(1)} MB; half of it where they have 8 bits) after 3 to warm up. *Decode*: from the data
set to an array of samples in the machine's byte order. *Read*: from the path to the same. pydicom with the fastest of its plugins
by "read", the others in the last column. Pool: ${threads} threads of Hilum's worker pool, all files at once. The samples of all are compared:
the same to the bit where the syntax is lossless or leaves a decoder no choice (JPEG-LS), the same in their mean elsewhere.

| syntax | Hilum: decode | Hilum: read | pydicom: decode | pydicom: read | plugin | decode, ratio | read, ratio | Hilum, pool: read | other plugins: read |
|---|---|---|---|---|---|---|---|---|---|
${SYNTAXES.map((syntax) => decodingRow(syntax, repetitions)).join('\n')}

### Opening headers

${slices} files, 26 attributes of each as values, pixels not read. Hilum reads the first 64 KB of a file; its index is what the whole
pipeline makes of a file: read whole, with SHA-256, and validated.

| | ms | peak MB | ratio of times |
|---|---|---|---|
${HEADERS.map(([reader, name]) => headersRow(name, reader, repetitions)).join('\n')}

### Writing a Segmentation

${slices} frames of 512 × 512 in six segments on ${slices} slices (${segmentationMb.toFixed(1)} MB), from one byte a voxel in a file. *Write*: labels in the file and
headers in memory to a file on disk; Hilum's output gate and SHA-256 included. *Process*: all of it with start-up and the
headers of the ${slices} slices (Hilum's with the SHA-256 of every slice). The masks of both files are compared.

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
