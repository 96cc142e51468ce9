/**
 * One cell: Hilum decodes the files of a folder, on this thread or in its pool. `node decode-hilum.ts FOLDER [THREADS]`;
 * prints a `DecodeTimes`.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { type DecodedPixels, decodePixels } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';

export interface DecodeTimes {
  /** Total time from paths to samples, ms. */
  readonly readMs: number;
  /** The part of `readMs` from data sets to samples. In a pool, parsing and decoding overlap, so it equals `readMs`. */
  readonly decodeMs: number;
  /** Size of all samples in their native width. */
  readonly bytes: number;
  /** SHA-256 of the samples of all files. */
  readonly sha256: string;
  readonly mean: number;
}

/** Files that are decoded before the measurement, so that all readers have loaded codecs and compiled loops. */
const WARM_UP = 3;

const [folder = '', threads] = process.argv.slice(2);
const paths = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name));
for (const path of paths) readFileSync(path); // into the page cache

const { decoded, ...times } = threads === undefined ? await oneByOne() : await together(Number(threads));
process.stdout.write(JSON.stringify({ ...times, ...checksOf(decoded) } satisfies DecodeTimes));

interface Run {
  readonly readMs: number;
  readonly decodeMs: number;
  readonly decoded: readonly DecodedPixels[];
}

async function oneByOne(): Promise<Run> {
  for (const path of paths.slice(0, WARM_UP)) await decodePixels(readDicom(readFileSync(path)), inProcessDecoder);
  const decoded: DecodedPixels[] = [];
  let decodeMs = 0;
  const start = performance.now();
  for (const path of paths) {
    const file = readDicom(readFileSync(path));
    const parsed = performance.now();
    decoded.push(await decodePixels(file, inProcessDecoder));
    decodeMs += performance.now() - parsed;
  }
  return { readMs: performance.now() - start, decodeMs, decoded };
}

/** All files at once in a pool of `count` threads: parsing and decoding overlap. */
async function together(count: number): Promise<Run> {
  await using pool = createDecoder({ threads: count });
  const decode = (path: string): Promise<DecodedPixels> => decodePixels(readDicom(readFileSync(path)), pool);
  await Promise.all(paths.slice(0, WARM_UP * count).map(decode));
  const start = performance.now();
  const decoded = await Promise.all(paths.map(decode));
  const readMs = performance.now() - start;
  return { readMs, decodeMs: readMs, decoded };
}

/** Checks, outside the measured time, by which the readers' samples are compared. */
function checksOf(pictures: readonly DecodedPixels[]): Pick<DecodeTimes, 'bytes' | 'sha256' | 'mean'> {
  const hash = createHash('sha256');
  let bytes = 0;
  let sum = 0;
  let count = 0;
  for (const { data } of pictures) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    bytes += data.byteLength;
    count += data.length;
    for (const sample of data) sum += sample;
  }
  return { bytes, sha256: hash.digest('hex'), mean: sum / count };
}
