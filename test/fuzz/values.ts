/** Unusual and invalid values that programs must tolerate. */
import type { Random } from '#phantoms/random.ts';

const NUMBERS = [
  ...['', '0', '-1', '1', '2', '0.5', '1e308', '-1e308', '1e-320', '1e999', 'NaN', 'Infinity', '0x10', '1,5', '+', '.'],
  ...['65535', '65536', '4294967295', '2147483648', '1000000', '-32768', '0.1\\0.1', '1\\2\\3', '1e200\\-1e200\\1e308'],
  ...[
    '1\\0\\0\\0\\1\\0',
    '0\\0\\0\\0\\0\\0',
    '1e308\\1e308\\0\\1e308\\-1e308\\0',
    '9'.repeat(70),
    ' 1 ',
    '1 2',
    '\\\\',
  ],
] as const;
const UIDS = [
  ...[
    '../../etc/passwd',
    '..',
    '1..2',
    '.',
    '1.2.',
    '',
    '1.2/3',
    '1.2\n3',
    `1.${'2'.repeat(80)}`,
    '9.9',
    '1.2.3\\1.2.4',
  ],
  ...['constructor', '__proto__', '1.2.840.10008.1.2', '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.1.1'],
  ...['1.2.840.10008.5.1.4.1.1.2.1', '1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.3.1', '2.25.1'],
] as const;
const TEXTS = [
  ...[
    '',
    ' ',
    '\\',
    'constructor',
    '__proto__',
    'toString',
    '<script>alert(1)</script>',
    '%s%n',
    '$(id)',
    "';--",
    'a\0b',
  ],
  ...[
    '\x1b$B;3ED\x1b(B',
    '\x1b$)C\xff\xfe',
    '\x1b',
    '\x1b$',
    '\xff\xfe\xfd',
    '\xed\xa0\x80',
    '\xf0\x9f\x92',
    '\x81\\',
    '=^=^',
  ],
  ...[
    '\r\n\tx',
    '\x07\x08',
    'ISO_IR 192',
    'ISO 2022 IR 87',
    '\\ISO 2022 IR 149',
    'GB18030',
    'ISO_IR 13',
    'MONOCHROME1',
  ],
  ...[
    'RGB',
    'YBR_FULL_422',
    'YBR_RCT',
    'PALETTE COLOR',
    'CT',
    'MR',
    'LOCALIZER',
    'ORIGINAL\\PRIMARY\\LOCALIZER',
    'X'.repeat(300),
  ],
  ...[`${' '.repeat(3000)}x`, '\\'.repeat(500), 'Hilum', '20260230', '2026', '246060', '19000101'],
] as const;
const WORDS = [
  0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 64, 255, 256, 4095, 32_767, 32_768, 65_534, 65_535,
] as const;
const LENGTHS = [
  0, 1, 2, 3, 4, 7, 8, 16, 255, 256, 65_534, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
] as const;
const VRS =
  'AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(' ');
const ODD_VRS = ['  ', '\0\0', 'ox', 'ZZ', '??', 'U', '00'] as const;

export function anyLength(random: Random, real: number): number {
  if (random.chance(0.4)) return Math.max(0, real + random.int(-9, 9));
  return random.chance(0.7) ? random.pick(LENGTHS) : random.int(0, 0xffff_ffff);
}

export function anyVr(random: Random): string {
  return random.chance(0.15) ? random.pick(ODD_VRS) : (VRS[random.int(0, VRS.length - 1)] ?? 'UN');
}

export function anyBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.int(0, 255));
}

/** A possible but unusual value of a VR. Mostly padded, because odd lengths are a separate mutation. */
export function anyValue(random: Random, vr: string, old: Uint8Array): Uint8Array {
  if (random.chance(0.15)) return changedBytes(random, old);
  if (random.chance(0.05)) return anyBytes(random, random.int(0, 64));
  const text = (list: readonly [string, ...string[]], pad: number): Uint8Array => {
    const bytes = Buffer.from(random.pick(list), 'latin1');
    return bytes.length % 2 === 0 || random.chance(0.1) ? bytes : Buffer.concat([bytes, Uint8Array.of(pad)]);
  };
  if (vr === 'DS' || vr === 'IS') return text(NUMBERS, 0x20);
  if (vr === 'UI') return text(UIDS, 0);
  if (vr === 'US' || vr === 'SS' || vr === 'OW' || vr === 'AT') return numbers(random, 2);
  if (vr === 'UL' || vr === 'SL' || vr === 'FL' || vr === 'OF') return numbers(random, 4);
  if (vr === 'FD' || vr === 'OD' || vr === 'SV' || vr === 'UV') return numbers(random, 8);
  return text(random.chance(0.1) ? NUMBERS : TEXTS, 0x20);
}

/** A valid value whose processing may cost more with its length. */
const MAX_REPEATED_BYTES = 2 ** 20;

/** The value repeated, as one value or as many, up to 1 MiB and mostly far less. */
export function repeated(random: Random, value: Uint8Array): Uint8Array {
  const separator = Buffer.from(random.pick(['', '\\', '^', '=', ' ', '\n']), 'latin1');
  const part = Buffer.concat([value.length === 0 ? anyBytes(random, random.int(1, 8)) : value, separator]);
  const wanted = 2 ** random.int(8, 20) - random.int(0, 3);
  return Buffer.alloc(Math.min(MAX_REPEATED_BYTES, Math.max(part.length, wanted)), part);
}

function numbers(random: Random, width: 2 | 4 | 8): Uint8Array {
  const bytes = Buffer.alloc(width * (random.chance(0.7) ? 1 : random.int(0, 8)));
  for (let at = 0; at < bytes.length; at += width) {
    if (width === 8)
      bytes.writeDoubleLE(
        random.chance(0.5)
          ? random.pick(WORDS)
          : random.pick([1e308, -1, 0.5, 1e-320, Number.NaN, Number.POSITIVE_INFINITY]),
        at,
      );
    else bytes.writeUIntLE(random.pick(WORDS), at, width === 2 ? 2 : 4);
  }
  return bytes;
}

/** Flips bits, or sets, cuts, doubles or inserts bytes. */
export function changedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return anyBytes(random, random.int(0, 16));
  const at = random.int(0, bytes.length - 1);
  const length = Math.min(bytes.length - at, random.chance(0.8) ? random.int(1, 8) : random.int(1, bytes.length));
  switch (random.int(0, 6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), anyBytes(random, random.int(1, 16)), bytes.subarray(at)]);
    default:
      return flipped(random, bytes);
  }
}

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes);
  for (let n = random.int(1, 6); n > 0; n -= 1) {
    const at = random.int(0, changed.length - 1);
    const set = random.pick([0, 1, 0x7f, 0x80, 0xff]);
    changed[at] = random.chance(0.6) ? (changed[at] ?? 0) ^ (1 << random.int(0, 7)) : set;
  }
  return changed;
}
