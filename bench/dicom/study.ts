/** Makes the cells' input: a phantom's study, some of its slices in every transfer syntax, and a label volume. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { benchPhantom } from '../phantom.ts';
import { runProgram } from './cell.ts';
import { toHtj2k } from './htj2k.ts';

export interface BenchFiles {
  /** The study in Explicit VR Little Endian, Bits Stored 12 of 16, one file per slice. */
  readonly study: string;
  /** A folder for each Transfer Syntax UID, all with the same slices. */
  readonly encoded: (TransferSyntaxUID: string) => string;
  /** A label volume on the study's slices, one byte per voxel: 0, or the number of one of `LABELS` stacked ellipses. */
  readonly labels: string;
}

/** The slowest decoder decodes this many slices in about a second. */
const DECODED_SLICES = 25;
const LABELS = 6;
const SIZE = 512;
/** The step of the lossy HTJ2K stream, relative to the sample range; the compression is about 4.5 to 1. */
const HTJ2K_STEP = 0.002;

/** Makes all files below `folder`, with the encoders of pydicom's plugins, DCMTK and OpenJPH. */
export async function makeFiles(folder: string, slices: number, python: string): Promise<BenchFiles> {
  const [study, sample, encoded] = ['study', 'sample', 'encoded'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [study, sample, encoded]) mkdirSync(made);
  const files = spinePhantomToDicom(benchPhantom(slices), { seed: 1, attributes: { BitsStored: 12, HighBit: 11 } });
  const every = Math.max(1, Math.floor(files.length / DECODED_SLICES));
  files.forEach((bytes, index) => {
    const name = `${String(index).padStart(4, '0')}.dcm`;
    writeFileSync(join(study, name), bytes);
    if (index % every === 0) copyFileSync(join(study, name), join(sample, name));
  });
  console.error('encoding slices in every transfer syntax');
  await runProgram(python, [join(import.meta.dirname, 'encode.py'), sample, encoded]);
  encodeHtj2k(sample, join(encoded, '1.2.840.10008.1.2.4.201'));
  encodeHtj2k(sample, join(encoded, '1.2.840.10008.1.2.4.203'), HTJ2K_STEP);
  const labels = join(folder, 'labels');
  writeFileSync(labels, labelVolume(slices));
  return { study, labels, encoded: (TransferSyntaxUID) => join(encoded, TransferSyntaxUID) };
}

function encodeHtj2k(source: string, target: string, step?: number): void {
  mkdirSync(target);
  const TransferSyntaxUID = target.slice(target.lastIndexOf('/') + 1);
  for (const name of readdirSync(source)) {
    writeFileSync(join(target, name), toHtj2k(readFileSync(join(source, name)), TransferSyntaxUID, step));
  }
}

/** One ellipse of about 8500 pixels per slice, which moves from slice to slice. Each sixth of the slices has its own label. */
function labelVolume(slices: number): Uint8Array {
  const labels = new Uint8Array(slices * SIZE * SIZE);
  for (let slice = 0; slice < slices; slice++) {
    const label = 1 + Math.floor((slice * LABELS) / slices);
    const centre = 300 + 20 * Math.sin(slice / 30);
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const isInside = ((x - 256) / 60) ** 2 + ((y - centre) / 45) ** 2 < 1;
        if (isInside) labels[(slice * SIZE + y) * SIZE + x] = label;
      }
    }
  }
  return labels;
}
