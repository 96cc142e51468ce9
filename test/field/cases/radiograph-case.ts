/** Cases for the caries tool: how they are put together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { dataFolder } from '../../../localstack/parts.mjs';
import type { DentalBase } from '../bases.ts';
import type { Expected, FieldCase } from '../case.ts';
import {
  bytesOf,
  type Changes,
  changed,
  type File,
  fileOf,
  mapped,
  type Picture,
  pictureOf,
  repainted,
} from '../edit.ts';
import { cariesHolds } from '../holds.ts';

/** A radiograph after a change, and what must be said of it. Several files are several radiographs of one study. */
export function picture(
  name: string,
  source: string,
  of: () => DentalBase,
  change: (file: File) => File | readonly File[],
  expected: Expected,
): FieldCase {
  const files = () => [change(of().file)].flat().map(bytesOf);
  return { name, source, made: 'phantom, changed', tool: 'caries', files, expected };
}

/** As many findings as the unchanged phantom has, with its tooth numbers where there are any. */
export function asBefore(
  of: () => DentalBase,
  before?: (x: number, y: number) => readonly [number, number],
  numbers: 'given' | 'any' | 'none' = 'any',
): Expected {
  return cariesHolds({ truth: () => of().truth, ...(before && { before }), findings: of().expected, numbers });
}

/** Stored values of 12 bits with black and white exchanged. */
export const inverted = (file: File): File => mapped(file, (value) => 4095 - value);

/** The same picture in 8 bits. */
const inEightBits = ({ values }: Picture): Uint8Array => Uint8Array.from(values, (value) => Math.round(value / 16.06));

const EIGHT_BITS = {
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  WindowCenter: '128',
  WindowWidth: '256',
} as const;

/** A picture of the real data as a dental radiograph; its header says nothing but what it is. */
export function fromPng(name: string, kind: 'bitewing' | 'periapical' | 'panoramic', spacingMm: number): File {
  const { width, height, data } = PNG.sync.read(readFileSync(join(dataFolder(), 'real', 'dental', `${name}.png`)));
  const pixels = new Uint16Array(width * height).map((_, at) => Math.round((data[4 * at] ?? 0) * 16.06));
  return fileOf(
    radiographPhantomToDicom(
      { kind, rows: height, columns: width, pixels, spacingMm: [spacingMm, spacingMm] },
      { seed: 9 },
    )[0] ?? new Uint8Array(),
  );
}

/** A radiograph whose pixels are a function of the place, 0 to 1. */
export function drawnRadiograph(
  kind: 'bitewing' | 'panoramic',
  rows: number,
  columns: number,
  valueAt: (x: number, y: number) => number,
): File {
  const pixels = new Uint16Array(rows * columns).map((_, at) =>
    Math.round(4095 * Math.min(1, Math.max(0, valueAt((at % columns) / columns, Math.floor(at / columns) / rows)))),
  );
  const spacing = kind === 'panoramic' ? 0.1 : 0.04;
  return fileOf(
    radiographPhantomToDicom({ kind, rows, columns, pixels, spacingMm: [spacing, spacing] }, { seed: 9 })[0] ??
      new Uint8Array(),
  );
}

/** Only these columns of a picture. */
export function strip(file: File, from: number, to: number): File {
  const { rows, columns, values } = pictureOf(file);
  const cut = new Uint16Array(rows * (to - from));
  for (let row = 0; row < rows; row += 1)
    cut.set(values.subarray(row * columns + from, row * columns + to), row * (to - from));
  return repainted(file, { rows, columns: to - from, values: cut });
}

/** A picture turned by a quarter, clockwise. */
export function turnedBy90(file: File): File {
  const { rows, columns, values } = pictureOf(file);
  const turned = new Uint16Array(values.length);
  for (let row = 0; row < columns; row += 1) {
    for (let column = 0; column < rows; column += 1)
      turned[row * rows + column] = values[(rows - 1 - column) * columns + row] ?? 0;
  }
  return repainted(file, { rows: columns, columns: rows, values: turned });
}

/** Another SOP Class, in the data set. */
export const ofClass = (file: File, SOPClassUID: string): File => changed(file, { SOPClassUID });

/** A panoramic stored as DX, with other words about the body part. */
export const panoramicWords =
  (changes: Changes) =>
  (file: File): File =>
    changed(file, { Modality: 'DX', AnatomicRegionSequence: undefined, BodyPartExamined: undefined, ...changes });

const PHOTOGRAPH = '1.2.840.10008.5.1.4.1.1.77.1.4';

/** A photograph in visible light, in three colours. */
export function photograph(file: File): File {
  const grey = inEightBits(pictureOf(file));
  const rgb = Uint8Array.from({ length: 3 * grey.length }, (_, at) =>
    Math.round((grey[Math.floor(at / 3)] ?? 0) / (1 + (at % 3))),
  );
  return changed(ofClass(file, PHOTOGRAPH), {
    ...EIGHT_BITS,
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    PixelData: { vr: 'OB', bytes: rgb },
  });
}
