/** What a decoder of encapsulated pixel data offers. One file per codec; `registry.ts` knows them all. */

/** What the header says about one frame. */
export interface FrameLayout {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly signed: boolean;
  /** Photometric Interpretation (0028,0004). */
  readonly photometric: string;
  /** Planar Configuration 1: native samples lie by colour, not by pixel. Compressed ones lie as their syntax says. */
  readonly planar: boolean;
}

/** Bytes of a decoded sample; 1-bit samples are one byte each. */
export function bytesPerSample({ bitsAllocated }: FrameLayout): number {
  return Math.max(1, bitsAllocated / 8);
}

/**
 * One frame's samples, little endian, `bitsAllocated` wide (1-bit samples as bytes), row-major, samples of a pixel side by
 * side; a new array or the frame's own bytes.
 *
 * @throws DicomReadError `corrupt-pixel-data` where the stream is broken or holds another picture than the header says;
 *   `unsupported-pixel-format` where it is of a kind that the decoder does not read rightly; `limit-exceeded`
 */
export type DecodeFrame = (encoded: Uint8Array, layout: FrameLayout) => Uint8Array;

export interface Codec {
  readonly transferSyntaxes: readonly string[];
  /** Loads the decoder; called once per file, cheap after the first time. */
  load(): Promise<DecodeFrame>;
  /** Photometric Interpretations that the decoder itself turns to RGB. */
  readonly decodesToRgb: readonly string[];
}

/** Decodes compressed frames of pixel data. `in-process.ts` does it here and now; who reads what strangers send has a thread with limits do it. */
export interface FrameDecoder {
  /**
   * One array per encoded frame, in order: samples as `DecodeFrame` gives them.
   *
   * @param encoded whole compressed frames, fragments joined; unchanged afterwards
   * @throws DicomReadError `corrupt-pixel-data`, `unsupported-transfer-syntax` or `limit-exceeded`
   */
  decode(
    TransferSyntaxUID: string,
    encoded: readonly Uint8Array[],
    layout: FrameLayout,
  ): Promise<readonly Uint8Array[]>;
}
