/**
 * Numbers of a header in three states: said, unsaid, and there but unreadable. What is unreadable is never treated as absent:
 * the header index names it, with its fault, and the step of `claims.ts` refuses where it matters.
 *
 * Forms that break PS3.5 but have one meaning only are read: numbers under another Value Representation (UT, LO …), and a
 * decimal comma, which some programs take from the language of their machine.
 */
import { lookup } from '#dicom/dictionary.ts';
import type { Dataset } from '#dicom/read.ts';

/** Why a value cannot be read. `count-n`: it has n values, and the attribute's multiplicity is another. */
export type Fault = 'not-a-number' | 'ambiguous-comma' | 'not-a-uid' | 'negative' | 'unknown-words' | `count-${number}`;
/** How a value breaks PS3.5 although it has one meaning only. */
export type Oddity = 'decimal-comma' | 'other-vr';

/** What is noted while a header is read, by attribute of the header index. */
export interface Notes {
  readonly unreadable: Record<string, Fault>;
  readonly odd: Record<string, Oddity>;
}

export const noNotes = (): Notes => ({ unreadable: {}, odd: {} });

/** Read as `dicom/` reads the description of pixels, with its limits: words, too, though nobody writes few numbers as words. */
const BINARY = new Set(['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'UV', 'SV', 'OW', 'OL', 'OF', 'OD', 'OV']);
const TEXT_OF_NUMBERS = new Set(['DS', 'IS']);
/** Longer values hold no few numbers. */
const LONGEST_TEXT = 512;
const LONGEST_NUMBER = 64;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WITH_COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;
/** A comma that may also separate thousands: `1,024`. */
const THOUSANDS = /^[+-]?[1-9]\d{0,2}(,\d{3})+$/;

/**
 * Beyond these, no value of the attribute is possible (mm, or no unit): a comma cannot be a separator of thousands there.
 * Attributes without a limit have ambiguous commas.
 */
const LARGEST: Readonly<Record<string, number>> = {
  PixelSpacing: 100,
  ImagerPixelSpacing: 100,
  SliceThickness: 200,
  SpacingBetweenSlices: 200,
  ImagePositionPatient: 3000,
  ImageOrientationPatient: 1,
  GantryDetectorTilt: 90,
};

/**
 * The values of an attribute, if there are as many as its multiplicity (PS3.6) asks for. Undefined where the attribute says
 * nothing; also where it is unreadable, which is noted under `name`.
 *
 * @param name the attribute of the header index, where it differs from the keyword
 */
export function readNumbers(
  dataset: Dataset,
  keyword: string,
  notes: Notes,
  name: string = keyword,
): readonly number[] | undefined {
  const vr = dataset.vr(keyword);
  if (vr === undefined || !dataset.has(keyword)) return undefined;
  const vm = Number(lookup(keyword)?.vm ?? 1);
  if (BINARY.has(vr)) return counted(dataset.numbers(keyword), vm, notes, name);
  const texts = textsOf(dataset.bytes(keyword));
  if (texts?.length === 0) return undefined;
  const values = texts && decimalsOf(texts, LARGEST[keyword]);
  if (values === undefined || typeof values === 'string') {
    notes.unreadable[name] = values ?? 'not-a-number';
    return undefined;
  }
  const read = counted(values, vm, notes, name);
  if (read === undefined) return undefined;
  if (texts?.some((text) => text.includes(','))) notes.odd[name] = 'decimal-comma';
  else if (!TEXT_OF_NUMBERS.has(vr)) notes.odd[name] = 'other-vr';
  return read;
}

/** One value may be repeated, as some writers do with a single echo time per slice. */
function counted(values: readonly number[], vm: number, notes: Notes, name: string): readonly number[] | undefined {
  const isRepeated = vm === 1 && new Set(values).size === 1;
  if (values.length === vm || isRepeated) {
    if (values.every(Number.isFinite)) return values.slice(0, vm);
    notes.unreadable[name] = 'not-a-number';
  } else notes.unreadable[name] = `count-${values.length}`;
  return undefined;
}

/** The texts between backslashes, without padding and without empty ones at the end; undefined where the value is no short text. */
function textsOf(bytes: Uint8Array | undefined): readonly string[] | undefined {
  if (bytes === undefined || bytes.length > LONGEST_TEXT) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const texts = text.split('\\').map((part) => part.replaceAll('\0', ' ').trim());
  return texts.slice(0, texts.findLastIndex((each) => each !== '') + 1);
}

/** Numbers, or the fault. All commas of a value mean the same. */
function decimalsOf(texts: readonly string[], largest: number | undefined): readonly number[] | Fault {
  const areNumbers = texts.every(
    (text) => text.length <= LONGEST_NUMBER && (DECIMAL.test(text) || WITH_COMMA.test(text)),
  );
  const commas = texts.filter((text) => text.includes(','));
  if (!areNumbers) return 'not-a-number';
  const isSettled =
    commas.length === 0 ||
    commas.some((text) => !THOUSANDS.test(text)) ||
    (largest !== undefined && commas.some((text) => Math.abs(Number(text.replaceAll(',', ''))) > largest));
  return isSettled ? texts.map((text) => Number(text.replace(',', '.'))) : 'ambiguous-comma';
}
