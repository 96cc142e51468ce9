/** Slices with compressed pixels. */
import { type File, pictureOf } from '../edit.ts';

/** The stored slice as the encoders of the tests take it. */
export function sliceOf(file: File) {
  const { rows, columns, values } = pictureOf(file);
  const layout = {
    rows,
    columns,
    samplesPerPixel: 1,
    bitsAllocated: 16,
    bitsStored: 16,
    signed: false,
    photometric: 'MONOCHROME2',
    planar: false,
  };
  return { layout, samples: new Uint8Array(values.buffer), values: [] };
}

/** The file with a compressed stream instead of its pixels. */
export function withStream(file: File, TransferSyntaxUID: string, stream: Uint8Array): File {
  const even = stream.length % 2 === 0 ? stream : Buffer.concat([stream, Uint8Array.of(0)]);
  const pixels = { tag: 0x7fe0_0010, vr: 'OB', value: new Uint8Array(), fragments: [new Uint8Array(), even] };
  return { ...file, TransferSyntaxUID, nodes: [...file.nodes.filter(({ tag }) => tag !== 0x7fe0_0010), pixels] };
}
