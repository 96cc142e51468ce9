/**
 * What the @cornerstonejs/codec-* builds have in common.
 *
 * We take their `decodewasmjs` entry points: three times as fast as the same code translated to JavaScript (`decode`). Each
 * finds its `.wasm` beside its own script, which works from node_modules only: a bundle must leave `@cornerstonejs/*`
 * external and bring the packages along (`infra/bundle.ts` does).
 */
import { DicomReadError } from '../../errors.ts';
import type { DecodeFrame, FrameLayout } from './codec.ts';

export interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

/** A decoder instance in Emscripten's heap; buffers are views on that heap, valid until the next call. */
export interface HeapDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  delete(): void;
}

/** Emscripten's module factory. The builds print; `print` and `printErr` swallow what would go to stdout and stderr. */
export type ModuleFactory<Module> = (options: {
  print(text: string): void;
  printErr(text: string): void;
}) => Promise<Module>;

const silent = { print: (): void => undefined, printErr: (): void => undefined };

/** Loads a build once. */
export function loadOnce<Module>(load: () => Promise<ModuleFactory<Module>>): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  return () => {
    loaded ??= load().then((factory) => factory(silent));
    return loaded;
  };
}

/**
 * Decodes one frame. `readSize` reads columns and rows from the stream's own header, so that a stream that lies about its
 * size is refused before memory is taken.
 */
export function decodeWith(
  create: () => HeapDecoder,
  readSize: (encoded: Uint8Array) => { readonly rows: number; readonly columns: number } | undefined,
): DecodeFrame {
  return (encoded, layout) => {
    const size = readSize(encoded);
    if (size === undefined) throw corrupt('The compressed frame has no header');
    if (size.rows !== layout.rows || size.columns !== layout.columns) {
      throw corrupt(
        `The compressed frame is ${size.rows} × ${size.columns}, the header says ${layout.rows} × ${layout.columns}`,
      );
    }
    const decoder = create();
    try {
      decoder.getEncodedBuffer(encoded.length).set(encoded);
      decoder.decode();
      return samples(decoder.getDecodedBuffer(), decoder.getFrameInfo(), layout);
    } catch (cause) {
      throw cause instanceof DicomReadError ? cause : corrupt('The compressed frame cannot be decoded', cause);
    } finally {
      decoder.delete();
    }
  };
}

/** Copies the samples out of the heap, widened to the header's bits where the stream has fewer bytes per sample. */
function samples(decoded: Uint8Array, info: FrameInfo, layout: FrameLayout): Uint8Array {
  const count = layout.rows * layout.columns * layout.samplesPerPixel;
  const streamBytes = info.bitsPerSample > 8 ? 2 : 1;
  if (
    info.componentCount !== layout.samplesPerPixel ||
    info.bitsPerSample > layout.bitsAllocated ||
    decoded.length !== count * streamBytes
  ) {
    throw corrupt(
      `The compressed frame has ${info.componentCount} × ${info.bitsPerSample} bits, the header says ` +
        `${layout.samplesPerPixel} × ${layout.bitsAllocated}`,
    );
  }
  if (streamBytes * 8 === layout.bitsAllocated) return decoded.slice();
  if (layout.bitsAllocated !== 16) throw corrupt('The compressed frame does not have the width that the header says');
  const wide = new Uint8Array(count * 2);
  const negative = info.isSigned === true ? 1 << (info.bitsPerSample - 1) : 0x100;
  for (let i = 0; i < count; i += 1) {
    const low = decoded[i] ?? 0;
    wide[2 * i] = low;
    wide[2 * i + 1] = low >= negative ? 0xff : 0;
  }
  return wide;
}

export function corrupt(message: string, cause?: unknown): DicomReadError {
  return new DicomReadError('corrupt-pixel-data', message, { cause });
}
