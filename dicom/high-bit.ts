/**
 * Samples lie in the lowest bits since 1993 (PS3.5 8.1.1). High Bit (0028,0102) that says otherwise is as often wrong as it
 * is meant, and says nothing of codestreams, which have a precision of their own: the samples decide.
 */
import { DicomReadError } from './error.ts';
import type { PixelDescription } from './pixel-description.ts';

type WordFormat = Pick<PixelDescription, 'bitsAllocated' | 'bitsStored' | 'highBit'>;

/**
 * How many bits above the lowest the samples begin. An impossible High Bit is none. Words with nothing above Bits Stored, but
 * perhaps a sign, lie low; words with nothing below where High Bit has them begin there.
 *
 * @throws DicomReadError `unsupported-pixel-format` where the words are neither
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

/** Whether every bit above the samples is clear, or every one is its sample's sign. */
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
