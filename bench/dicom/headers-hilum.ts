/**
 * One cell: Hilum reads the headers of a folder's files, without pixels. `node headers-hilum.ts FOLDER head|index`; prints
 * a `HeaderTimes`.
 *
 * `head` reads attributes from the first bytes of each file, as pydicom does. `index` makes the pipeline's header index, for
 * which each file is read completely and hashed.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { indexInstance } from '#core/study/index-instance.ts';
import { DicomReadError } from '#dicom/error.ts';
import { type Dataset, readDicom } from '#dicom/read.ts';
import { NUMBERS, TEXTS } from './header-attributes.ts';
import { peakMb } from './peak.ts';

export interface HeaderTimes {
  readonly readMs: number;
  /** The number of values read, and the sum of the numeric ones. Both must be equal for all readers. */
  readonly values: number;
  readonly sum: number;
  readonly peakMb: number;
}

/** Headers of single-frame images have some KB. If a header is longer, the whole file is read. */
const HEAD_BYTES = 2 ** 16;

const [folder = '', what] = process.argv.slice(2);
const paths = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name));

const start = performance.now();
const { values, sum } = what === 'index' ? index() : attributes();
const readMs = performance.now() - start;
process.stdout.write(JSON.stringify({ readMs, values, sum, peakMb: peakMb() } satisfies HeaderTimes));

function attributes(): { readonly values: number; readonly sum: number } {
  const buffer = new Uint8Array(HEAD_BYTES);
  let values = 0;
  let sum = 0;
  for (const path of paths) {
    const header = readHeader(path, buffer);
    for (const keyword of TEXTS) values += header.texts(keyword).length;
    for (const keyword of NUMBERS) {
      for (const number of header.numbers(keyword)) {
        values += 1;
        sum += number;
      }
    }
  }
  return { values, sum };
}

/** The data set up to the pixels. It is valid until the buffer is reused. */
function readHeader(path: string, buffer: Uint8Array): Dataset {
  const file = openSync(path, 'r');
  try {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return readDicom(buffer.subarray(0, length), { stopBeforePixels: true }).dataset;
  } catch (error) {
    if (!(error instanceof DicomReadError) || error.code !== 'truncated') throw error;
    return readDicom(readFileSync(path), { stopBeforePixels: true }).dataset;
  } finally {
    closeSync(file);
  }
}

function index(): { readonly values: number; readonly sum: number } {
  let values = 0;
  for (const path of paths) values += Object.keys(indexInstance(readFileSync(path))).length;
  return { values, sum: 0 };
}
