/** What the DICOM bench measures, and its page tells. */
import type { Cell } from './cell.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import type { HeaderTimes } from './headers-hilum.ts';
import type { SegmentTimes } from './segment-hilum.ts';
import type { BenchSyntax, Plugin } from './syntaxes.ts';

/** Who read or wrote: Hilum in one thread or through its pool, or pydicom with a plugin or without. */
export type Reader = 'hilum' | 'pool' | 'pydicom' | Plugin;

/** What one repetition measured. */
export interface Repetition {
  readonly decoding: ReadonlyMap<BenchSyntax, ReadonlyMap<Reader, DecodeTimes>>;
  /** Attributes from the first bytes of files; `index` is the pipeline's header index with the SHA-256 of each file. */
  readonly headers: Readonly<Record<'hilum' | 'pydicom' | 'index', HeaderTimes>>;
  readonly segmentation: Readonly<Record<'hilum' | 'highdicom', Cell<SegmentTimes>>>;
}

export interface DicomMeasurements {
  readonly repetitions: readonly Repetition[];
  readonly slices: number;
  /** Of Hilum's pool. */
  readonly threads: number;
  readonly versions: { readonly hilum: string; readonly peers: string };
  readonly segmentationMb: number;
}
