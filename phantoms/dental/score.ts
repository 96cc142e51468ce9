/** Compares an answer with a dental phantom's truth. */
import type { DentalTruth, LesionTruth } from './truth.ts';

export interface Score {
  /** Lesions that share at least one pixel with a found place. */
  readonly found: readonly LesionTruth[];
  readonly missed: readonly LesionTruth[];
  /** Indices of the places that share no pixel with any lesion. */
  readonly wrong: readonly number[];
  /** For each place, the lesion with which it shares most pixels. */
  readonly matches: readonly (LesionTruth | undefined)[];
}

/** `places` are the pixels of the found lesions, as row-major indices into the phantom's picture. */
export function scoreLesions(truth: DentalTruth, places: readonly (readonly number[])[]): Score {
  const matches = places.map((pixels) => {
    const shared = new Map<number, number>();
    for (const index of pixels) {
      const label = truth.lesionLabels[index] ?? 0;
      if (label > 0) shared.set(label, (shared.get(label) ?? 0) + 1);
    }
    const [most] = [...shared].toSorted((a, b) => b[1] - a[1]);
    return most && truth.lesions.find(({ number }) => number === most[0]);
  });
  const touched = new Set(
    places.flatMap((pixels) => [...new Set(pixels.map((index) => truth.lesionLabels[index] ?? 0))]),
  );
  return {
    found: truth.lesions.filter(({ number }) => touched.has(number)),
    missed: truth.lesions.filter(({ number }) => !touched.has(number)),
    wrong: matches.flatMap((match, index) => (match === undefined ? [index] : [])),
    matches,
  };
}
