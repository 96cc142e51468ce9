/** What stands above a key image: what it shows, and which study and images it belongs to. Nothing of the patient's identity. */
import type { InstanceIndex } from '../study/study-index.ts';
import { bySeries } from './common.ts';
import { dayOf, MOST_SERIES, rangesOf, seriesInWords } from './source-in-words.ts';
import type { SourceStudy } from './source-study.ts';

/** More ranges of image numbers help no reader. */
const MOST_RANGES = 4;

/**
 * `Study of 2026-01-05 · CT series 3, images 12–180 (of 200 evaluated)`. The date is the Study Date, and is left out where it is
 * none.
 *
 * @param pictured the picture's source instances
 * @param evaluated all inputs of the tool
 */
export function sourceLine(
  { patientAndStudy }: Pick<SourceStudy, 'patientAndStudy'>,
  pictured: readonly InstanceIndex[],
  evaluated: readonly InstanceIndex[],
): string {
  const day = dayOf(patientAndStudy) ?? [];
  const inSeries = bySeries(evaluated);
  const shown = bySeries(pictured);
  if (shown.size > MOST_SERIES) return [day, `${shown.size} series, ${pictured.length} images`].flat().join(' · ');
  const series = [...shown].map(([uid, images]) => {
    const of = inSeries.get(uid)?.length ?? images.length;
    const rest = of > images.length ? ` (of ${of} evaluated)` : '';
    return `${seriesInWords(images)}, ${imagesOf(images)}${rest}`;
  });
  return [day, ...series].flat().join(' · ');
}

/** `image 5`, `images 12–180`, `image 1 with 60 frames`; the count where numbers do not tell images apart or are too scattered. */
function imagesOf(images: readonly InstanceIndex[]): string {
  const [first] = images;
  const frames = images.length === 1 ? (first?.NumberOfFrames ?? 1) : 1;
  const numbers = images.flatMap(({ InstanceNumber }) => InstanceNumber ?? []).toSorted((a, b) => a - b);
  const ranges = rangesOf([...new Set(numbers)]);
  const isTold = new Set(numbers).size === images.length && ranges.length <= MOST_RANGES;
  const noun = images.length === 1 ? 'image' : 'images';
  const told = isTold ? `${noun} ${ranges.join(', ')}` : `${images.length} ${noun}`;
  return frames > 1 ? `${told} with ${frames} frames` : told;
}
