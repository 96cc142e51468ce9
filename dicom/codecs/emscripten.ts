/**
 * What the @cornerstonejs/codec-* builds have in common.
 *
 * We use their `decodewasmjs` entry points where they exist: WebAssembly is three times as fast as the same code translated
 * to JavaScript (`decode`). Each script finds its `.wasm` beside itself, which works in node_modules only: a bundle must
 * leave `@cornerstonejs/*` external and ship the packages (`infra/bundle.ts` does).
 */
import { interleave } from '../color.ts';
import { DicomReadError } from '../error.ts';
import { bytesPerSample, type DecodeFrame, type FrameLayout } from './codec.ts';
import { corrupt, unsupported } from './corrupt.ts';
import type { CodestreamSize } from './markers.ts';

/** How one build is loaded and used. */
interface HeapCodec<Module, Decoder extends Emscripten.HeapDecoder> {
  load(): Promise<Emscripten.ModuleFactory<Module>>;
  create(module: Module): Decoder;
  /**
   * The size from the stream's own header. A stream that contradicts the DICOM header is refused before memory is allocated.
   *
   * @throws DicomReadError
   */
  readSize(encoded: Uint8Array): CodestreamSize;
  /** Rewrites a stream that the build would misread; without it the stream is decoded as it is. */
  prepare?(encoded: Uint8Array, layout: FrameLayout): Uint8Array;
  /**
   * Warnings of the build that are about the stream's framing and say nothing about its samples. Any other warning, and every
   * error, refuses the frame: builds go on after damage and leave the rest black.
   */
  readonly harmless?: RegExp;
  /** True where the decoder returns one component plane after the other. */
  isPlanar?(decoder: Decoder): boolean;
}

/** A decoder that loads its build once, and again after a failure: a heap abandoned in mid-frame is not trusted. */
export function heapDecoder<Module, Decoder extends Emscripten.HeapDecoder>(
  codec: HeapCodec<Module, Decoder>,
): () => Promise<DecodeFrame> {
  let loaded: Promise<Module> | undefined;
  /** What the build has printed about the current frame. */
  let printed: string[] = [];
  const print = (text: string): void => {
    printed.push(text);
  };
  return async () => {
    // Each load gets a new object: Emscripten turns it into the module.
    loaded ??= codec.load().then((factory) => factory({ print, printErr: print }));
    const module = await loaded;
    return (encoded, layout) => {
      checkSize(codec.readSize(encoded), layout);
      printed = [];
      try {
        const decoded = decodeFrame(codec, module, encoded, layout);
        const isDamage = (line: string): boolean => /warning|error/i.test(line) && codec.harmless?.test(line) !== true;
        if (printed.some(isDamage)) throw corrupt('The decoder reports damage in the frame');
        return decoded;
      } catch (cause) {
        loaded = undefined;
        throw cause instanceof DicomReadError ? cause : corrupt('The compressed frame cannot be decoded', cause);
      }
    };
  };
}

function checkSize(size: CodestreamSize, { rows, columns, samplesPerPixel, bitsAllocated }: FrameLayout): void {
  const { components, precision } = size;
  if (size.rows !== rows || size.columns !== columns || components !== samplesPerPixel) {
    throw corrupt(
      `The compressed frame is ${size.rows} × ${size.columns} × ${components}, ` +
        `the header says ${rows} × ${columns} × ${samplesPerPixel}`,
    );
  }
  if (precision < 1 || precision > bitsAllocated) {
    throw corrupt(`The compressed frame has ${precision} bits a sample, the header says ${bitsAllocated}`);
  }
  if (precision > 16) throw unsupported(`There is no decoder for compressed samples of ${precision} bits`);
}

function decodeFrame<Module, Decoder extends Emscripten.HeapDecoder>(
  { create, prepare, isPlanar }: HeapCodec<Module, Decoder>,
  module: Module,
  encoded: Uint8Array,
  layout: FrameLayout,
): Uint8Array {
  const decoder = create(module);
  const stream = prepare === undefined ? encoded : prepare(encoded, layout);
  decoder.getEncodedBuffer(stream.length).set(stream);
  decoder.decode();
  const planar = layout.samplesPerPixel > 1 && isPlanar?.(decoder) === true;
  const decoded = samples(decoder.getDecodedBuffer(), decoder.getFrameInfo(), layout);
  decoder.delete();
  return planar ? interleave(decoded, layout.samplesPerPixel, bytesPerSample(layout)) : decoded;
}

/** Copies the samples out of the heap. Widens them where the stream has fewer bytes per sample than the header says. */
function samples(decoded: Uint8Array, info: Emscripten.FrameInfo, layout: FrameLayout): Uint8Array {
  const count = layout.rows * layout.columns * layout.samplesPerPixel;
  const from = info.bitsPerSample > 8 ? 2 : 1;
  const to = bytesPerSample(layout);
  if (info.componentCount !== layout.samplesPerPixel || decoded.length !== count * from || from > to) {
    throw corrupt(
      `The compressed frame has ${info.componentCount} × ${info.bitsPerSample} bits, the header says ` +
        `${layout.samplesPerPixel} × ${layout.bitsAllocated}`,
    );
  }
  if (from === to) return new Uint8Array(decoded);
  const wide = new Uint8Array(count * to);
  // The top bit of a signed sample is its sign, and the sign fills the added bytes.
  const negative = info.isSigned === true ? 0x80 : 0x100;
  for (let i = 0; i < count; i += 1) {
    for (let byte = 0; byte < from; byte += 1) wide[i * to + byte] = decoded[i * from + byte] ?? 0;
    if ((decoded[i * from + from - 1] ?? 0) >= negative) wide.fill(0xff, i * to + from, (i + 1) * to);
  }
  return wide;
}
