/** What the decoder and its threads tell each other. Data only: it is cloned on the way. */
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import type { DicomReadErrorCode, ErrorFacts } from '#dicom/error.ts';

/** Makes the decoder of a syntax ready, so that loading it is not counted as decoding. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly TransferSyntaxUID: string;
}
export interface DecodeRequest {
  readonly kind: 'decode';
  readonly TransferSyntaxUID: string;
  readonly layout: FrameLayout;
  /** Whole compressed frames; their buffers move to the thread. */
  readonly encoded: readonly Uint8Array<ArrayBuffer>[];
  /** WebAssembly memory that the codec may have. */
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
  /** Not about the pixels: the codec is not there, or something unexpected happened in loading it. */
  | { readonly kind: 'failed'; readonly message: string }
) & {
  /** CPU time the thread has used so far, ms. */
  readonly cpuMs: number;
  /** What the thread's WebAssembly memories have grown by; they never shrink. */
  readonly heapBytes: number;
};
