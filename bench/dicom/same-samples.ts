import type { DecodeTimes } from './decode-hilum.ts';
import type { Reader } from './dicom.ts';
import type { BenchSyntax } from './syntaxes.ts';

/** Lossy decoders round differently; what is measured here is far below one grey level over the whole picture. */
const MEAN_TOLERANCE = 0.25;

/**
 * Speed counts only where the answer is right.
 *
 * @throws Error where one reader's samples are not those of Hilum: to the bit of lossless syntaxes, in the mean of others
 */
export function sameSamples(syntax: BenchSyntax, times: ReadonlyMap<Reader, readonly DecodeTimes[]>): void {
  const ours = times.get('hilum')?.[0];
  for (const [reader, all] of times) {
    for (const { sha256, mean, bytes } of all) {
      const same = syntax.lossless ? sha256 === ours?.sha256 : Math.abs(mean - (ours?.mean ?? 0)) <= MEAN_TOLERANCE;
      if (!same || bytes !== ours?.bytes) throw new Error(`${syntax.name}: ${reader} reads other samples than Hilum`);
    }
  }
}
