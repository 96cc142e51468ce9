/** What a decoder of encapsulated pixel data offers. One file per codec; `registry.ts` lists them. */

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
  /** Planar Configuration 1: native samples are stored by colour plane. The order of compressed samples follows from their syntax. */
  readonly planar: boolean;
}

/** Bytes per decoded sample. A 1-bit sample takes a whole byte. */
export function bytesPerSample({ bitsAllocated }: FrameLayout): number {
  return Math.max(1, bitsAllocated / 8);
}

/**
 * Decodes one frame to samples: little endian, `bitsAllocated` wide (1-bit samples as bytes), row-major, interleaved by pixel.
 * The result is a new array or a view on the frame's own bytes.
 *
 * @throws DicomReadError `corrupt-pixel-data` where the stream is broken or its picture is not the one in the header;
 *   `unsupported-pixel-format` where the decoder cannot read this kind of stream correctly; `limit-exceeded`
 */
export type DecodeFrame = (encoded: Uint8Array, layout: FrameLayout) => Uint8Array;

export interface Codec {
  readonly transferSyntaxes: readonly string[];
  /** Loads the decoder; called once per file, cheap after the first time. */
  load(): Promise<DecodeFrame>;
  /** Photometric Interpretations that the decoder itself converts to RGB. */
  readonly decodesToRgb: readonly string[];
}

/**
 * Decodes compressed frames of pixel data. `in-process.ts` decodes on the calling thread. Untrusted streams need an
 * implementation that decodes in a thread with limits.
 */
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
