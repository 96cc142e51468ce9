/** Pixels that are no picture: Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2). */
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import type { Dataset } from '#dicom/read.ts';

/** Stored values from `low` to `high` are padding; `low` is above `high` where there is none. */
export interface Padding {
  readonly low: number;
  readonly high: number;
}

/** No pixel is padding. */
export const NO_PADDING: Padding = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };

/**
 * The padding of an instance, as its samples come out of decoding. Some writers give the value of signed pixels unsigned, as
 * 63536 for −2000, so it goes the way of a sample: its lowest Bits Stored bits, with their sign. A value with more bits than
 * that, as 65535 of 12-bit samples, is no sample's: its low bits are the brightest ones, and no padding.
 */
export function paddingOf(dataset: Dataset, { bitsAllocated, bitsStored, signed }: FrameLayout): Padding {
  const value = dataset.number('PixelPaddingValue');
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
  const ends = [value, dataset.number('PixelPaddingRangeLimit') ?? value]
    .map(asSample)
    .filter((end) => end !== undefined);
  return ends.length === 2 ? { low: Math.min(...ends), high: Math.max(...ends) } : NO_PADDING;
}
