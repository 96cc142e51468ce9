/**
 * Extracts the text of a PDF (ISO 32000-1), as far as that is possible without a PDF engine, to search it for identities.
 *
 * It reads literal and hexadecimal strings in the file and in its streams, plain or Flate, in WinAnsiEncoding, in UTF-8, or in UTF-16
 * with a byte order mark: information, outlines, forms, XMP, and page text in the standard encodings, with the pieces of one
 * `TJ` joined. It misses text in fonts with an encoding of their own (subset fonts with glyph numbers, which most word
 * processors write), behind other filters, in encrypted files, in pictures, and text that is split between operators.
 */
import { inflateSync } from 'node:zlib';

/** A stream that inflates to more is skipped, and reading ends once all streams together are that large. */
const LARGEST_STREAM_BYTES = 4 * 2 ** 20;
const LARGEST_TOTAL_BYTES = 32 * 2 ** 20;
/** How far before a stream's data its dictionary is looked for. */
const LONGEST_DICTIONARY = 2000;

/** The texts found, in no particular order. */
export function pdfText(bytes: Uint8Array): readonly string[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let left = LARGEST_TOTAL_BYTES;
  for (const content of contentsOf(file)) {
    texts.push(...stringsIn(content), ...metadataIn(content));
    left -= content.length;
    if (left <= 0) break;
  }
  return texts;
}

/** The text between streams, then the text in them. Pictures and streams with other filters are skipped. */
function* contentsOf(file: Buffer): Generator<string> {
  const plain = file.toString('latin1');
  let outside = '';
  let at = 0;
  for (let start = plain.indexOf('stream', at); start >= 0; start = plain.indexOf('stream', at)) {
    const from = start + (plain.startsWith('\r\n', start + 6) ? 8 : 7);
    const to = plain.indexOf('endstream', from);
    if (to < 0) break;
    outside += plain.slice(at, start);
    at = to + 'endstream'.length;
    const before = plain.slice(Math.max(0, start - LONGEST_DICTIONARY), start);
    yield streamContent(before.slice(before.lastIndexOf(' obj') + 1), file.subarray(from, to));
  }
  yield outside + plain.slice(at);
}

function streamContent(dictionary: string, data: Buffer): string {
  // Length1 is that of a font's file (ISO 32000-1 9.9).
  if (/\/Subtype\s*\/Image\b|\/Length1\b/.test(dictionary)) return '';
  if (!/\/Filter\b/.test(dictionary)) return data.subarray(0, LARGEST_STREAM_BYTES).toString('latin1');
  if (!/\/Filter\s*(\/FlateDecode|\[\s*\/FlateDecode\s*\])/.test(dictionary)) return '';
  try {
    return inflateSync(data, { maxOutputLength: LARGEST_STREAM_BYTES }).toString('latin1');
  } catch {
    return '';
  }
}

/** XMP metadata is XML (ISO 16684-1), so its text is readable. */
function metadataIn(content: string): readonly string[] {
  return content.includes('<x:xmpmeta')
    ? [
        Buffer.from(content, 'latin1')
          .toString('utf8')
          .replace(/<[^>]*>/g, ' '),
      ]
    : [];
}

/** A literal `(…)` with one level of parentheses, a hexadecimal `<…>`, or a bracket of an array. Lengths are bounded: bytes may be arbitrary. */
const TOKENS = /\((?:[^()\\]|\\[\s\S]|\([^()]{0,500}\)){0,5000}\)|<[0-9A-Fa-f\s]{2,10000}>|[[\]]/g;

/** The strings of a content. The strings of one array, with kerning between them, are one text. */
function stringsIn(content: string): readonly string[] {
  const texts: string[] = [];
  let joined: string | undefined;
  for (const [token] of content.matchAll(TOKENS)) {
    if (token === '[') joined = '';
    else if (token === ']') {
      if (joined) texts.push(joined);
      joined = undefined;
    } else if (joined === undefined) texts.push(decoded(token));
    else joined += decoded(token);
  }
  return texts;
}

/** Escapes that stand for another character than the escaped one. A line break after a backslash stands for nothing (7.3.4.2). */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '\n': '', '\r': '' };

/** Latin-1, and the letters and quotation marks that WinAnsiEncoding has in the place of control characters (Annex D). */
const WIN_ANSI = new TextDecoder('windows-1252');

function decoded(token: string): string {
  const inner = token.slice(1, -1);
  const bytes = token.startsWith('<')
    ? Buffer.from(inner.replace(/\s/g, ''), 'hex')
    : Buffer.from(inner.replace(/\\([0-7]{1,3}|[\s\S])/g, unescaped), 'latin1');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return bytes
      .subarray(2, bytes.length - (bytes.length % 2))
      .swap16()
      .toString('utf16le');
  }
  return bytes[0] === 0xef && bytes[1] === 0xbb ? bytes.toString('utf8') : WIN_ANSI.decode(bytes);
}

function unescaped(_: string, character: string): string {
  if (/^[0-7]/.test(character)) return String.fromCharCode(Number.parseInt(character, 8) & 0xff);
  return ESCAPES[character] ?? character;
}
