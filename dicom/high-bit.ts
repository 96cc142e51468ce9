/**
 * Samples have been stored in the lowest bits since 1993 (PS3.5 8.1.1). A High Bit (0028,0102) that says otherwise is wrong
 * as often as it is meant, and it says nothing about codestreams, which have their own precision. The samples decide.
 */
import { DicomReadError } from './error.ts';
import type { PixelDescription } from './pixel-description.ts';

type WordFormat = Pick<PixelDescription, 'bitsAllocated' | 'bitsStored' | 'highBit'>;

/**
 * How many bits above the lowest bit the samples begin. An impossible High Bit is ignored. Words with nothing above Bits
 * Stored but perhaps a sign begin at bit 0. Words with nothing below the place that High Bit implies begin there.
 *
 * @throws DicomReadError `unsupported-pixel-format` where neither holds
 */
export function sampleShift(words: ArrayLike<number>, { bitsAllocated, bitsStored, highBit }: WordFormat): number {
  if (highBit === undefined || highBit < bitsStored || highBit >= bitsAllocated) return 0;
  const shift = highBit + 1 - bitsStored;
  if (isLow(words, bitsStored)) return 0;
  if (isBlankBelow(words, shift)) return shift;
  throw new DicomReadError('unsupported-pixel-format', `Samples of ${bitsStored} bits do not end at bit ${highBit}`, {
    facts: { highBit, bitsStored },
  });
}

/** Whether the bits above the samples are all clear, or all repeat the sign of their sample. */
function isLow(words: ArrayLike<number>, bitsStored: number): boolean {
  const unused = 32 - bitsStored;
  let clear = true;
  let extended = true;
  for (let i = 0; i < words.length && (clear || extended); i += 1) {
    const word = (words[i] ?? 0) | 0;
    clear &&= word === (word << unused) >>> unused;
    extended &&= word === (word << unused) >> unused;
  }
  return clear || extended;
}

function isBlankBelow(words: ArrayLike<number>, shift: number): boolean {
  const below = 2 ** shift - 1;
  for (let i = 0; i < words.length; i += 1) if (((words[i] ?? 0) & below) !== 0) return false;
  return true;
}
