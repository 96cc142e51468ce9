/** Which study and images a result belongs to, in words for people who see its page or picture without the study: no identity. */
import { isDate } from '#dicom/text-rules.ts';
import { textOf } from '../gate/attribute-values.ts';
import { holdsIdentity } from '../gate/identity.ts';
import type { FrameReference } from '../image/frame-reference.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import { bySeries } from './common.ts';
import { oneLine } from './plain-text.ts';
import type { SourceStudy } from './source-study.ts';

/** So many images of a series are named one by one. */
const MOST_NAMED = 4;
const LONGEST_DESCRIPTION = 64;
/** More series are counted: a list of them would leave no room for what was found. */
export const MOST_SERIES = 4;

/** `Study of 2026-01-05, Spine CT`: Study Date, and Study Description where it holds no part of the patient's identity. */
export function studyInWords({ patientAndStudy }: Pick<SourceStudy, 'patientAndStudy'>): string {
  const day = dayOf(patientAndStudy) ?? 'Study without a date';
  const description = oneLine(textOf(patientAndStudy['StudyDescription']) ?? '', LONGEST_DESCRIPTION);
  return description === '' || holdsIdentity(description, patientAndStudy) ? day : `${day}, ${description}`;
}

/** `Study of 2026-01-05`: Study Date; undefined where it is none. */
export function dayOf(patientAndStudy: SourceStudy['patientAndStudy']): string | undefined {
  const date = textOf(patientAndStudy['StudyDate']) ?? '';
  return isDate(date) ? `Study of ${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : undefined;
}

/** By series, as readers find them: `CT series 3, 120 images; DX series 1, images 2 and 5`. Frames count as images. */
export function imagesInWords(instances: readonly InstanceIndex[]): string {
  const series = [...bySeries(instances).values()];
  if (series.length > MOST_SERIES) return `${series.length} series, ${countInWords(instances)}`;
  return series
    .map((images) => `${seriesInWords(images)}, ${numbersInWords(images) ?? countInWords(images)}`)
    .join('; ');
}

/**
 * Where frames are: `image 45`, `images 40 to 52`, `image 1, frames 3 to 9`; with their series where the result rests on several. Empty where
 * they have no number.
 */
export function framesInWords(
  frames: readonly FrameReference[],
  byUid: ReadonlyMap<string, InstanceIndex>,
  isOneSeries: boolean,
): string {
  const found = frames.flatMap(({ SOPInstanceUID, frameNumber }) => {
    const instance = byUid.get(SOPInstanceUID);
    return instance?.InstanceNumber === undefined ? [] : [{ instance, number: instance.InstanceNumber, frameNumber }];
  });
  return [...Map.groupBy(found, ({ instance }) => instance.SeriesInstanceUID).values()]
    .map((ofSeries) => {
      const images = rangeInWords(
        'image',
        ofSeries.map(({ number }) => number),
      );
      const numbers = ofSeries.flatMap(({ frameNumber }) => frameNumber ?? []);
      const isOneImage = new Set(ofSeries.map(({ number }) => number)).size === 1;
      const series = isOneSeries ? '' : `${seriesInWords(ofSeries.map(({ instance }) => instance))}, `;
      return `${series}${images}${isOneImage && numbers.length > 0 ? `, ${rangeInWords('frame', numbers)}` : ''}`;
    })
    .join('; ');
}

/** `image 4`, `images 4 and 90`, `images 40 to 52`; `12 images from 4 to 91` where they are too scattered. */
function rangeInWords(noun: string, numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].toSorted((a, b) => a - b);
  if (sorted.length < 2) return `${noun} ${sorted[0]}`;
  const ranges = rangesOf(sorted).map((range) => range.replace('–', ' to '));
  if (ranges.length > MOST_NAMED) return `${sorted.length} ${noun}s from ${sorted[0]} to ${sorted.at(-1)}`;
  if (sorted.length === 2) return `${noun}s ${sorted.join(' and ')}`;
  const others = ranges.slice(0, -1).join(', ');
  return `${noun}s ${others}${others && ' and '}${ranges.at(-1)}`;
}

/** `CT series 3`, by the first image. */
export function seriesInWords([first]: readonly Pick<InstanceIndex, 'Modality' | 'SeriesNumber'>[]): string {
  const { Modality = 'OT', SeriesNumber } = first ?? {};
  return `${Modality} series${SeriesNumber === undefined ? '' : ` ${SeriesNumber}`}`;
}

/** `3–7` for numbers that follow each other. */
export function rangesOf(numbers: readonly number[]): readonly string[] {
  const ranges: (readonly [number, number])[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) ranges[ranges.length - 1] = [last[0], number];
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`));
}

/** `image 2`, `images 2 and 5`; undefined where there are many, or where a number does not tell them apart. */
function numbersInWords(images: readonly InstanceIndex[]): string | undefined {
  const numbers = images.map(({ InstanceNumber }) => InstanceNumber).filter((number) => number !== undefined);
  const isTold =
    new Set(numbers).size === images.length && images.every(({ NumberOfFrames = 1 }) => NumberOfFrames === 1);
  if (!isTold || images.length > MOST_NAMED) return undefined;
  const last = numbers.length > 1 ? ` and ${numbers.at(-1)}` : '';
  return `${numbers.length > 1 ? 'images' : 'image'} ${numbers.slice(0, Math.max(1, numbers.length - 1)).join(', ')}${last}`;
}

function countInWords(images: readonly InstanceIndex[]): string {
  const count = images.reduce((sum, { NumberOfFrames = 1 }) => sum + NumberOfFrames, 0);
  return `${count} ${count === 1 ? 'image' : 'images'}`;
}
