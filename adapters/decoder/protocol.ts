/** The messages between the decoder and its threads. They are plain data, because posting clones them. */
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import type { DicomReadErrorCode, ErrorFacts } from '#dicom/error.ts';

/** Loads the codec of a Transfer Syntax beforehand, so that loading does not count as decoding time. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly TransferSyntaxUID: string;
}
export interface DecodeRequest {
  readonly kind: 'decode';
  readonly TransferSyntaxUID: string;
  readonly layout: FrameLayout;
  /** Whole compressed frames. Their buffers are transferred to the thread. */
  readonly encoded: readonly Uint8Array<ArrayBuffer>[];
  /** The limit of the codec's WebAssembly memory. */
  readonly maxHeapBytes: number;
}
export type Request = LoadRequest | DecodeRequest;

export type Reply = (
  | { readonly kind: 'loaded' }
  | { readonly kind: 'decoded'; readonly frames: readonly Uint8Array<ArrayBuffer>[] }
  | {
      readonly kind: 'refused';
      readonly code: DicomReadErrorCode;
      readonly message: string;
      readonly facts: ErrorFacts;
    }
  /** The codec is missing or could not be loaded; the pixels are not the cause. */
  | { readonly kind: 'failed'; readonly message: string }
) & {
  /** CPU time that the thread has used so far, ms. */
  readonly cpuMs: number;
  /** By how much the thread's WebAssembly memories have grown; they never shrink. */
  readonly heapBytes: number;
};
