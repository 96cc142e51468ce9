/** Pixels that show nothing: Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2). */
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { Dataset } from '#dicom/read.ts';
import { noNotes } from '../study/header-numbers.ts';
import { number } from '../study/header-values.ts';
import { unreadable } from '../study/unreadable.ts';

/** Stored values from `low` to `high` are padding. Without padding, `low` is above `high`. */
export interface Padding {
  readonly low: number;
  readonly high: number;
}

/** No pixel is padding. */
export const NO_PADDING: Padding = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };

/**
 * The padding of an instance, in the form of decoded samples. Some writers give the value of signed pixels as unsigned, e.g.
 * 63536 for −2000. The value is therefore treated like a sample: its lowest Bits Stored bits, with their sign. A value with
 * more bits, such as 65535 for 12-bit samples, matches no sample and is ignored: its low bits would be the brightest sample.
 *
 * @throws DicomReadError `malformed` where the padding is given and cannot be read
 */
export function paddingOf(dataset: Dataset, { bitsAllocated, bitsStored, signed }: FrameLayout): Padding {
  const notes = noNotes();
  const value = number(dataset, 'PixelPaddingValue', notes);
  const limit = number(dataset, 'PixelPaddingRangeLimit', notes);
  const fault = unreadable(notes, 'PixelPaddingValue') ?? unreadable(notes, 'PixelPaddingRangeLimit');
  if (fault !== undefined) throw new DicomReadError('malformed', fault);
  if (value === undefined) return NO_PADDING;
  const unused = 32 - Math.min(32, Math.max(1, bitsStored));
  const wide = 32 - (bitsAllocated > 16 ? 32 : 16);
  const asSample = (number: number): number | undefined => {
    const bits = number << unused;
    const sample = signed ? bits >> unused : bits >>> unused;
    const word = (number << wide) >>> wide;
    const isClear = word === bits >>> unused;
    const isSign = signed && word === (sample << wide) >>> wide;
    return isClear || isSign ? sample : undefined;
  };
  const ends = [value, limit ?? value].map(asSample).filter((end) => end !== undefined);
  return ends.length === 2 ? { low: Math.min(...ends), high: Math.max(...ends) } : NO_PADDING;
}
