import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  encapsulated,
  encodeElements,
  identity,
  part10,
  picture,
  type RawElement,
  sorted,
  words,
} from '../fixtures/part10.ts';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const RLE = '1.2.840.10008.1.2.5';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const MIB = 2 ** 20;

function file(elements: readonly RawElement[], TransferSyntaxUID = EXPLICIT_LITTLE_ENDIAN): Uint8Array {
  return part10(TransferSyntaxUID, encodeElements(sorted(elements)));
}

/** 522 KB of deflate: a data set whose pixels are 503 copies of a block that inflates to 1 MiB of zeros. */
function deflateBomb(): Uint8Array {
  const flush = { finishFlush: constants.Z_SYNC_FLUSH, level: 9 };
  const pixels: RawElement = { tag: '7FE00010', vr: 'OW', value: new Uint8Array(0), declaredLength: 503 * MIB };
  const head = deflateRawSync(encodeElements(sorted([...identity(), ...picture(), pixels])), flush);
  const block = deflateRawSync(new Uint8Array(MIB), flush);
  return part10(DEFLATED, Buffer.concat([head, ...Array.from({ length: 503 }, () => block)]));
}

/** 346 bytes that declare 4 GB of pixels; a private element makes up the length. */
function declaring4Gb(): Uint8Array {
  const needed = picture({ rows: 65_535, columns: 32_767 }).filter(({ tag }) => tag <= '00280100');
  const pixels: RawElement = { tag: '7FE00010', vr: 'OW', value: words([1, 2]), declaredLength: 0xffff_fffe };
  return file([...identity(), { tag: '00091001', vr: 'LO', value: 'ten bytes.' }, ...needed, pixels]);
}

/** Sequences of undefined length, one in the other. */
function nested(depth: number): Uint8Array {
  const level = Buffer.concat([
    encodeElements([{ tag: '00081140', vr: 'SQ', value: new Uint8Array(0), declaredLength: 0xffff_ffff }]),
    Buffer.from('feff00e0ffffffff', 'hex'),
  ]);
  const ends = Buffer.from('feff0de000000000feffdde000000000', 'hex');
  const [before, after] = [identity().slice(0, 2), identity().slice(2)];
  const sequences = Buffer.concat([Buffer.alloc(depth * level.length, level), Buffer.alloc(depth * ends.length, ends)]);
  return part10(EXPLICIT_LITTLE_ENDIAN, Buffer.concat([encodeElements(before), sequences, encodeElements(after)]));
}

const HUGE = { rows: 65_535, columns: 65_535 };
const FEW: RawElement = { tag: '7FE00010', vr: 'OW', value: words([1, 2]) };
const FRAGMENT = encapsulated([new Uint8Array(64)]);
const tiny = (hex: string, count: number): Buffer => Buffer.alloc(count * 8, Buffer.from(hex, 'hex'));

const CASES: readonly (readonly [name: string, code: string, make: () => Uint8Array])[] = [
  ['a deflate bomb of 522 KB', 'limit-exceeded', deflateBomb],
  ['346 bytes that declare 4 GB of pixels', 'truncated', declaring4Gb],
  ['10,000 nested sequences', 'limit-exceeded', () => nested(10_000)],
  ['65535 × 65535 declared pixels', 'limit-exceeded', () => file([...identity(), ...picture(HUGE), FEW])],
  [
    '65535 × 65535 declared pixels × 1000 frames',
    'limit-exceeded',
    () => file([...identity(), ...picture({ ...HUGE, frames: 1000 }), FEW]),
  ],
  [
    '65535 × 65535 declared pixels, compressed by RLE',
    'limit-exceeded',
    () => file([...identity(), ...picture(HUGE), FRAGMENT], RLE),
  ],
  [
    '65535 × 65535 declared pixels × 1000 frames, compressed by JPEG 2000',
    'limit-exceeded',
    () => file([...identity(), ...picture({ ...HUGE, frames: 1000 }), FRAGMENT], JPEG_2000),
  ],
  [
    'a pixel each of 2,000,000,000 declared frames',
    'limit-exceeded',
    () => file([...identity(), ...picture({ rows: 1, columns: 1, frames: 2_000_000_000 }), FEW]),
  ],
  ['the UID ../../etc/passwd', 'invalid-uid', () => file([...identity('../../etc/passwd')])],
  [
    'a value of 16 MiB that would be 8,000,000 positions',
    'limit-exceeded',
    () => file([...identity(), { tag: '00200032', vr: 'OW', value: new Uint8Array(16 * MIB) }]),
  ],
  [
    '100,000 items of an element that ends too early',
    'malformed',
    () =>
      file([
        ...identity(),
        {
          tag: '00081140',
          vr: 'SQ',
          value: Buffer.concat([tiny('feff00e000000000', 100_000), tiny('0800050043530000', 1)]),
        },
      ]),
  ],
];

interface Outcome {
  readonly refusal?: string;
  readonly cpuMs: number;
  readonly grownBytes: number;
}

describe('hilum inspect on one hostile file, in a process of its own', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hilum-hostile-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function inspect(bytes: Uint8Array): Promise<Outcome> {
    const path = join(folder, 'hostile.dcm');
    await writeFile(path, bytes);
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'inspect-one.ts'), path]);
    return JSON.parse(stdout);
  }

  it.each(CASES)('refuses %s (%s) within 100 ms of CPU and 64 MB', async (_, code, make) => {
    const outcome = await inspect(make());

    expect(outcome.refusal).toBe(code);
    expect(outcome.cpuMs).toBeLessThan(100);
    expect(outcome.grownBytes).toBeLessThan(64 * 1e6);
  });

  it('has the sizes that it names', () => {
    expect(Math.round(deflateBomb().length / 1000)).toBe(522);
    expect(declaring4Gb()).toHaveLength(346);
  });
});
