import { TextDecoder } from 'node:util';
import { DicomReadError } from './error.ts';

/** Character sets (PS3.3 C.12.1.1.2, PS3.5 6.1): from the bytes of a text value to a string. */

/** The Encoding Standard's name for each Defined Term, with and without code extensions. Each encoding is a superset of its term's set. */
const ENCODINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'ISO_IR 6': 'windows-1252',
    'ISO_IR 100': 'windows-1252',
    'ISO_IR 101': 'iso-8859-2',
    'ISO_IR 109': 'iso-8859-3',
    'ISO_IR 110': 'iso-8859-4',
    'ISO_IR 144': 'iso-8859-5',
    'ISO_IR 127': 'iso-8859-6',
    'ISO_IR 126': 'iso-8859-7',
    'ISO_IR 138': 'iso-8859-8',
    'ISO_IR 148': 'windows-1254',
    'ISO_IR 203': 'iso-8859-15',
    'ISO_IR 13': 'shift_jis',
    'ISO_IR 166': 'windows-874',
    'ISO_IR 192': 'utf-8',
    GB18030: 'gb18030',
    GBK: 'gbk',
    'ISO 2022 IR 149': 'euc-kr',
    'ISO 2022 IR 58': 'gbk',
  }),
);

/** The supported Defined Terms. Each works alone and, as `ISO 2022 IR n`, with code extensions. */
export const CHARACTER_SETS: readonly string[] = [...ENCODINGS.keys()];

/** The set that an escape sequence (without ESC) designates for bytes below 0x80 (G0) or from 0x80 (G1); PS3.3 Tables C.12-3, C.12-4. */
const ESCAPES: Readonly<Record<string, { readonly register: 'G0' | 'G1'; readonly encoding: string }>> = {
  '(B': { register: 'G0', encoding: 'ascii' },
  '(J': { register: 'G0', encoding: 'ascii' },
  $B: { register: 'G0', encoding: 'iso-2022-jp' },
  '$(D': { register: 'G0', encoding: 'jis-x-0212' },
  ')I': { register: 'G1', encoding: 'shift_jis' },
  '$)C': { register: 'G1', encoding: 'euc-kr' },
  '$)A': { register: 'G1', encoding: 'gbk' },
  '-A': { register: 'G1', encoding: 'windows-1252' },
  '-B': { register: 'G1', encoding: 'iso-8859-2' },
  '-C': { register: 'G1', encoding: 'iso-8859-3' },
  '-D': { register: 'G1', encoding: 'iso-8859-4' },
  '-L': { register: 'G1', encoding: 'iso-8859-5' },
  '-G': { register: 'G1', encoding: 'iso-8859-6' },
  '-F': { register: 'G1', encoding: 'iso-8859-7' },
  '-H': { register: 'G1', encoding: 'iso-8859-8' },
  '-M': { register: 'G1', encoding: 'windows-1254' },
  '-b': { register: 'G1', encoding: 'iso-8859-15' },
  '-T': { register: 'G1', encoding: 'windows-874' },
};

const ESC = 0x1b;
/** Limit on runs of one set in a value. The longest text (LT, 10,240 characters) cannot have more; each run costs microseconds. */
const MAX_RUNS = 2 ** 14;
const ASCII = 'ascii';
const decoders = new Map<string, TextDecoder>();

function decodeWith(encoding: string, bytes: Uint8Array): string {
  let decoder = decoders.get(encoding);
  if (decoder === undefined) {
    // A byte order mark is a part of the text: another program compares the text with it.
    decoder = new TextDecoder(encoding, { ignoreBOM: true });
    decoders.set(encoding, decoder);
  }
  return decoder.decode(bytes);
}

/** The encoding's name for a Defined Term. `ISO 2022 IR n` alone means `ISO_IR n`; a term unknown to PS3.3 is read as Latin-1. */
function encodingOf(term: string): string {
  return ENCODINGS.get(term) ?? ENCODINGS.get(term.replace('ISO 2022 IR', 'ISO_IR')) ?? 'windows-1252';
}

export type TextDecoding = (bytes: Uint8Array) => string;

/** Stands for what cannot be decoded. */
export const REPLACEMENT = '\ufffd';

/** The codes of ISO 2022's control characters C1, in whose place Windows' sets have letters and signs. */
const hasC1 = (bytes: Uint8Array): boolean => bytes.some((byte) => byte >= 0x80 && byte <= 0x9f);

/**
 * Whether `text`, decoded from `bytes`, is all that they say, so that it may be written in another character set. It is not where a part
 * cannot be decoded, nor where other programs read other characters: beyond the default repertoire without a character set, or in the
 * places where Windows' sets hold more than those of DICOM.
 */
export function isExactly(terms: readonly string[], text: string, bytes: Uint8Array): boolean {
  if (text.includes(REPLACEMENT)) return false;
  const [first = ''] = terms;
  if (first === '' || first === 'ISO_IR 6') return terms.length > 1 || bytes.every((byte) => byte < 0x80);
  return !(/^(iso-8859|windows)-/.test(encodingOf(first)) && hasC1(bytes));
}

/** How to decode text under these values of Specific Character Set (0008,0005). */
export function textDecoding(terms: readonly string[]): TextDecoding {
  const initial = encodingOf(terms[0] ?? '');
  if (initial === 'utf-8' || initial === 'gb18030' || initial === 'gbk') return (bytes) => decodeWith(initial, bytes);
  return (bytes) => (bytes.includes(ESC) ? decodeExtended(initial, bytes) : decodeWith(initial, bytes));
}

/**
 * Decodes text with code extensions (PS3.5 6.1.2.5). Both registers reset at the delimiters of values, lines and name parts.
 *
 * @throws DicomReadError `limit-exceeded` where the set changes more often than in any real text
 */
function decodeExtended(initial: string, bytes: Uint8Array): string {
  let text = '';
  let g0 = ASCII;
  let g1 = initial;
  let start = 0;
  let runs = 0;
  const flush = (end: number): void => {
    if (end <= start) return;
    runs += 1;
    if (runs > MAX_RUNS) {
      throw new DicomReadError('limit-exceeded', 'A text changes its character set too often', {
        facts: { limit: MAX_RUNS },
      });
    }
    text += decodeRun(g0, g1, bytes.subarray(start, end));
  };
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === ESC) {
      const length = bytes[i + 1] === 0x24 && [0x28, 0x29].includes(bytes[i + 2] ?? 0) ? 3 : 2;
      const designated = ESCAPES[String.fromCharCode(...bytes.subarray(i + 1, i + 1 + length))];
      flush(i);
      if (designated?.register === 'G0') g0 = designated.encoding;
      if (designated?.register === 'G1') g1 = designated.encoding;
      if (designated === undefined) text += REPLACEMENT;
      i += length;
      start = i + 1;
    } else if (g0 === ASCII && byte !== undefined && isDelimiter(byte)) {
      flush(i);
      start = i;
      g1 = initial;
    }
  }
  flush(bytes.length);
  return text;
}

/** CR, LF, FF, TAB, backslash, caret, equals. */
function isDelimiter(byte: number): boolean {
  return (byte >= 9 && byte <= 13) || byte === 0x5c || byte === 0x5e || byte === 0x3d;
}

function decodeRun(g0: string, g1: string, run: Uint8Array): string {
  if (g0 === 'iso-2022-jp') {
    const escaped = new Uint8Array(run.length + 3);
    escaped.set([ESC, 0x24, 0x42]);
    escaped.set(run, 3);
    return decodeWith('iso-2022-jp', escaped);
  }
  if (g0 === 'jis-x-0212') {
    const characters = run.length >> 1;
    const coded = new Uint8Array(characters * 3);
    for (let i = 0; i < characters; i += 1) {
      coded.set([0x8f, (run[2 * i] ?? 0) | 0x80, (run[2 * i + 1] ?? 0) | 0x80], i * 3);
    }
    return decodeWith('euc-jp', coded);
  }
  return decodeWith(g1, run);
}
