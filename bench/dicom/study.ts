/** What the cells read: a phantom's study, some of its slices in every transfer syntax, and labels to be segmented. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { benchPhantom } from '../phantom.ts';
import { runProgram } from './cell.ts';
import { toHtj2k } from './htj2k.ts';

export interface BenchFiles {
  /** The study, Explicit VR Little Endian, 12 bits stored of 16, a file a slice. */
  readonly study: string;
  /** A folder with the same slices for each Transfer Syntax UID. */
  readonly encoded: (TransferSyntaxUID: string) => string;
  /** A label volume on the study's slices, one byte a voxel: 0, or the number of one of `LABELS` stacked ellipses. */
  readonly labels: string;
}

/** Decoded are as many slices as the slowest decoder does in about a second. */
const DECODED_SLICES = 25;
const LABELS = 6;
const SIZE = 512;
/** Step of the lossy HTJ2K stream, relative to the range of the samples: about 4.5 to 1. */
const HTJ2K_STEP = 0.002;

/** Makes all files below `folder`. Encoders are those of pydicom's plugins, DCMTK and OpenJPH. */
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
  console.error('encoding its slices in every transfer syntax');
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

/** One ellipse of about 8500 pixels a slice, moving from slice to slice, and another label after every sixth of them. */
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
