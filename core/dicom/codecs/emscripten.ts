/**
 * What the @cornerstonejs/codec-* builds have in common.
 *
 * We take their `decodewasmjs` entry points: three times as fast as the same code translated to JavaScript (`decode`). Each
 * finds its `.wasm` beside its own script, which works from node_modules only: a bundle must leave `@cornerstonejs/*`
 * external and bring the packages along (`infra/bundle.ts` does).
 */
import { DicomReadError } from '../../errors.ts';
import type { DecodeFrame, FrameLayout } from './codec.ts';
import { corrupt } from './corrupt.ts';
import type { CodestreamSize } from './markers.ts';

/** Made anew each time: Emscripten turns the very object into the module. */
const silent = () => ({ print: (): void => undefined, printErr: (): void => undefined });

/** How one build is loaded and used. */
interface HeapCodec<Module> {
  load(): Promise<Emscripten.ModuleFactory<Module>>;
  create(module: Module): Emscripten.HeapDecoder;
  /** Rows, columns and components from the stream's own header, so that one that lies about its size is refused before memory is taken. */
  readSize(encoded: Uint8Array): CodestreamSize | undefined;
}

/** A decoder that loads its build once, and anew after a failure: a heap that was left in the middle is not trusted again. */
export function heapDecoder<Module>({ load, create, readSize }: HeapCodec<Module>): () => Promise<DecodeFrame> {
  let loaded: Promise<Module> | undefined;
  return async () => {
    loaded ??= load().then((factory) => factory(silent()));
    const module = await loaded;
    return (encoded, layout) => {
      checkSize(readSize(encoded), layout);
      try {
        return decodeFrame(create(module), encoded, layout);
      } catch (cause) {
        loaded = undefined;
        throw cause instanceof DicomReadError ? cause : corrupt('The compressed frame cannot be decoded', cause);
      }
    };
  };
}

function checkSize(size: CodestreamSize | undefined, { rows, columns, samplesPerPixel }: FrameLayout): void {
  if (size === undefined) throw corrupt('The compressed frame lacks its header or its end');
  if (size.rows !== rows || size.columns !== columns || size.components !== samplesPerPixel) {
    throw corrupt(
      `The compressed frame is ${size.rows} × ${size.columns} × ${size.components}, ` +
        `the header says ${rows} × ${columns} × ${samplesPerPixel}`,
    );
  }
}

function decodeFrame(decoder: Emscripten.HeapDecoder, encoded: Uint8Array, layout: FrameLayout): Uint8Array {
  decoder.getEncodedBuffer(encoded.length).set(encoded);
  decoder.decode();
  const decoded = samples(decoder.getDecodedBuffer(), decoder.getFrameInfo(), layout);
  decoder.delete();
  return decoded;
}

/** Copies the samples out of the heap, widened to the header's bits where the stream has fewer bytes per sample. */
function samples(decoded: Uint8Array, info: Emscripten.FrameInfo, layout: FrameLayout): Uint8Array {
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
