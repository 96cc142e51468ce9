/** The DICOM section of docs/benchmarks.md. */
import { machine } from '../page.ts';
import { median, row, spread } from '../statistics.ts';
import type { Cell } from './cell.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import type { DicomMeasurements, Reader } from './dicom.ts';
import type { SegmentTimes } from './segment-hilum.ts';
import type { BenchSyntax } from './syntaxes.ts';

/** The section, as Markdown. */
export function describeDicom(measured: DicomMeasurements): string {
  const { repetitions, slices, threads, versions, decoding, headers, segmentation, segmentationMb } = measured;
  const [first] = decoding.values();
  const decodedMb = (first?.get('hilum')?.[0]?.bytes ?? 0) / 1e6;
  const decoded = Math.round((decodedMb * 1e6) / 2 ** 19);
  return `## DICOM beside other software

Slices of a CT phantom, 512 × 512, 12 bits stored of 16, with a scanner's noise, encoded by the plugins of pydicom, DCMTK (JPEG)
and OpenJPH (HTJ2K). Every cell is a fresh process; all cells of a repetition follow each other; ${repetitions} repetitions: median
(least–most). Hilum runs bundled, as its functions do. One thread each, but for the pool. Files are in the page cache. MB are 10⁶
bytes. A ratio is one of medians; above 1 Hilum is faster or takes less.

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
${[...decoding].map(([syntax, times]) => decodingRow(syntax, times)).join('\n')}

### Opening headers

${slices} files, 26 attributes of each as values, pixels not read. Hilum reads the first 64 KB of a file; its index is what the whole
pipeline makes of a file: read whole, with SHA-256, and validated.

| | ms | peak MB | ratio of times |
|---|---|---|---|
${(['hilum', 'pydicom', 'index'] as const)
  .map((reader) =>
    row(
      { hilum: 'Hilum', pydicom: 'pydicom, `stop_before_pixels`', index: "Hilum's index, whole files" }[reader],
      spread(
        headers[reader].map(({ readMs }) => readMs),
        0,
      ),
      spread(
        headers[reader].map(({ peakMb }) => peakMb),
        0,
      ),
      ratio(headers.pydicom, headers[reader], ({ readMs }) => readMs),
    ),
  )
  .join('\n')}

### Writing a Segmentation

${slices} frames of 512 × 512 in six segments on ${slices} slices (${segmentationMb.toFixed(1)} MB), from one byte a voxel in a file. *Write*: labels in the file and
headers in memory to a file on disk; Hilum's output gate and SHA-256 included. *Process*: all of it with start-up and the
headers of the ${slices} slices (Hilum's with the SHA-256 of every slice).

| | write, ms | process, ms | peak MB |
|---|---|---|---|
${segmentationRow('Hilum', segmentation.hilum)}
${segmentationRow('highdicom', segmentation.highdicom)}
${row('**ratio**', ...SEGMENTATION.map((value) => ratio(segmentation.highdicom, segmentation.hilum, value)))}
`;
}

const SEGMENTATION: readonly ((cell: Cell<SegmentTimes>) => number)[] = [
  ({ measured }) => measured.writeMs,
  ({ processMs }) => processMs,
  ({ measured }) => measured.peakMb,
];

const segmentationRow = (name: string, cells: readonly Cell<SegmentTimes>[]): string =>
  row(name, ...SEGMENTATION.map((value) => spread(cells.map(value), 0)));

function decodingRow(syntax: BenchSyntax, times: ReadonlyMap<Reader, readonly DecodeTimes[]>): string {
  const of = (reader: Reader): readonly DecodeTimes[] => times.get(reader) ?? [];
  const peers = [...times.keys()]
    .filter((reader) => reader !== 'hilum' && reader !== 'pool')
    .toSorted((a, b) => median(of(a).map(({ readMs }) => readMs)) - median(of(b).map(({ readMs }) => readMs)));
  const [fastest, ...others] = peers;
  const peer = fastest === undefined ? [] : of(fastest);
  return row(
    syntax.name,
    ...[throughput(of('hilum'), 'decodeMs'), throughput(of('hilum'), 'readMs')],
    ...[throughput(peer, 'decodeMs'), throughput(peer, 'readMs')],
    fastest === undefined ? 'none reads it' : fastest === 'pydicom' ? '–' : fastest,
    ...[ratio(peer, of('hilum'), ({ decodeMs }) => decodeMs), ratio(peer, of('hilum'), ({ readMs }) => readMs)],
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

/** How many times more the peers take (ms, MB), by the medians. */
function ratio<T>(peers: readonly T[], ours: readonly T[], value: (one: T) => number): string {
  if (peers.length === 0) return '–';
  return (median(peers.map(value)) / median(ours.map(value))).toFixed(2);
}
