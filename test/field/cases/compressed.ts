/** Slices with compressed pixels. */
import { type Picture, pictureOfWords } from '../../fixtures/encoders.ts';
import { type File, pictureOf } from '../edit.ts';

/** The stored slice as the encoders of the tests take it. */
export function sliceOf(file: File): Picture {
  const { rows, columns, values } = pictureOf(file);
  return pictureOfWords(rows, columns, Uint16Array.from(values));
}

/** The file with a compressed stream instead of its pixels. */
export function withStream(file: File, TransferSyntaxUID: string, stream: Uint8Array): File {
  const even = stream.length % 2 === 0 ? stream : Buffer.concat([stream, Uint8Array.of(0)]);
  const pixels = { tag: 0x7fe0_0010, vr: 'OB', value: new Uint8Array(), fragments: [new Uint8Array(), even] };
  return { ...file, TransferSyntaxUID, nodes: [...file.nodes.filter(({ tag }) => tag !== 0x7fe0_0010), pixels] };
}
