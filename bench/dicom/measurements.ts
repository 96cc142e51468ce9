/** The measurements of the DICOM bench, for its report. */
import type { Cell } from './cell.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import type { HeaderTimes } from './headers-hilum.ts';
import type { SegmentTimes } from './segment-hilum.ts';
import type { BenchSyntax, Plugin } from './syntaxes.ts';

/** Hilum on one thread, Hilum's pool, pydicom without a plugin, or pydicom with a plugin. */
export type Reader = 'hilum' | 'pool' | 'pydicom' | Plugin;

export interface Repetition {
  readonly decoding: ReadonlyMap<BenchSyntax, ReadonlyMap<Reader, DecodeTimes>>;
  /** Attributes read from the first bytes of files. `index` is the pipeline's header index with each file's SHA-256. */
  readonly headers: Readonly<Record<'hilum' | 'pydicom' | 'index', HeaderTimes>>;
  readonly segmentation: Readonly<Record<'hilum' | 'highdicom', Cell<SegmentTimes>>>;
}

export interface DicomMeasurements {
  readonly repetitions: readonly Repetition[];
  readonly slices: number;
  /** The number of threads of Hilum's pool. */
  readonly threads: number;
  readonly versions: { readonly hilum: string; readonly peers: string };
  readonly segmentationMb: number;
}
