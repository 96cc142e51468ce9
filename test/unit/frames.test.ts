/** The mapping of fragments of encapsulated pixel data to frames, with correct and wrong offset tables. */
import { describe, expect, it } from 'vitest';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { decodePixels } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeJpegLs, encodeRle, makePicture } from '../fixtures/encoders.ts';
import {
  encapsulated,
  encodeElements,
  identity,
  part10,
  picture,
  type RawElement,
  sorted,
} from '../fixtures/part10.ts';

const RLE = '1.2.840.10008.1.2.5';
const JPEG_LS = '1.2.840.10008.1.2.4.80';
const { layout } = makePicture({ bits: 16, rows: 3, columns: 5 });
const FRAMES = [1, 2, 3].map((k) => Array.from({ length: 15 }, (_, i) => k * 1000 + i));

const pictureOf = (values: readonly number[]) => ({
  layout,
  values,
  samples: new Uint8Array(Uint16Array.from(values).buffer),
});
const even = (frame: Uint8Array): Uint8Array =>
  frame.length % 2 === 0 ? frame : Buffer.concat([frame, Uint8Array.of(0)]);
const rleFrames = FRAMES.map((values) => even(encodeRle(pictureOf(values))));
const jpegLsFrames = async () => Promise.all(FRAMES.map(async (values) => even(await encodeJpegLs(pictureOf(values)))));

/** A frame in pieces of even length. */
const pieces = (frame: Uint8Array, ...cuts: readonly number[]): readonly Uint8Array[] =>
  [0, ...cuts].map((from, i) => frame.subarray(from, cuts[i] ?? frame.length));

/** Where each of these fragments begins, counted from the first one's item tag. */
function starts(fragments: readonly Uint8Array[]): readonly number[] {
  let position = 0;
  return fragments.map((fragment) => {
    const start = position;
    position += 8 + fragment.length;
    return start;
  });
}

interface Pixels {
  readonly syntax?: string;
  readonly fragments: readonly Uint8Array[];
  readonly frames?: number;
  /** The Basic Offset Table. */
  readonly offsets?: readonly number[];
  /** The Extended Offset Table. */
  readonly extended?: readonly number[];
}

async function decode({ syntax = RLE, fragments, frames = 3, offsets, extended }: Pixels, which?: readonly number[]) {
  const table: readonly RawElement[] =
    extended === undefined
      ? []
      : [{ tag: '7FE00001', vr: 'OV', value: new Uint8Array(BigUint64Array.from(extended, BigInt).buffer) }];
  const elements = [
    ...identity(),
    ...picture({ rows: 3, columns: 5, frames }),
    ...table,
    encapsulated(fragments, offsets),
  ];
  const file = readDicom(part10(syntax, encodeElements(sorted(elements))));
  return [...(await decodePixels(file, inProcessDecoder, which && { frames: which })).data];
}

describe('frames of one fragment each', () => {
  it.each([
    ['no offsets', []],
    ['the right offsets', starts(rleFrames)],
    ['wrong offsets', [0, 2, 4]],
    ['too few offsets', [0]],
  ])('are found with %s', async (_, offsets) => {
    expect(await decode({ fragments: rleFrames, offsets })).toEqual(FRAMES.flat());
  });

  it('are found among empty fragments', async () => {
    const fragments = [...rleFrames, new Uint8Array(0)];

    expect(await decode({ fragments })).toEqual(FRAMES.flat());
  });

  it('are decoded in the requested order, and no others', async () => {
    const [first = new Uint8Array(0), , third = new Uint8Array(0)] = rleFrames;
    const fragments = [first, Uint8Array.of(1, 2), third];

    expect(await decode({ fragments }, [3, 1])).toEqual([...(FRAMES[2] ?? []), ...(FRAMES[0] ?? [])]);
  });
});

describe('frames of several fragments', () => {
  const groups = rleFrames.map((frame, i) => pieces(frame, ...[30, 70].slice(0, i)));
  const fragments = groups.flat();
  const offsets = groups.map((_, i) => starts(fragments)[groups.slice(0, i).flat().length] ?? 0);

  it('are found by the Basic Offset Table', async () => {
    expect(await decode({ fragments, offsets })).toEqual(FRAMES.flat());
  });

  it('are found by the Extended Offset Table', async () => {
    expect(await decode({ fragments, extended: offsets })).toEqual(FRAMES.flat());
  });

  it('are found by JPEG’s end markers if there are no offsets, or wrong ones', async () => {
    const frames = await jpegLsFrames();
    const cut = frames.flatMap((frame) => pieces(frame, 20));

    expect(await decode({ syntax: JPEG_LS, fragments: cut })).toEqual(FRAMES.flat());
    expect(await decode({ syntax: JPEG_LS, fragments: cut, offsets: [0, 3, 1] })).toEqual(FRAMES.flat());
  });

  it('are refused where nothing shows where one ends', async () => {
    for (const wrong of [[], [0, 1, 2], [8, 16, 24], [0, 0, 0]]) {
      await expect(decode({ fragments, offsets: wrong })).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
    }
  });
});

describe('one frame', () => {
  it('takes all fragments', async () => {
    const [frame = new Uint8Array(0)] = rleFrames;

    expect(await decode({ fragments: pieces(frame, 30, 70), frames: 1 })).toEqual(FRAMES[0]);
  });

  it('is refused where the offsets list more frames, which would be lost', async () => {
    const fragments = await jpegLsFrames();

    const decoding = decode({ syntax: JPEG_LS, fragments, frames: 1, offsets: starts(fragments) });

    await expect(decoding).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });

  it('is refused if there is no fragment', async () => {
    await expect(decode({ fragments: [], frames: 1 })).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });
});

describe('compressed pixels that would grow beyond the limit', () => {
  it('are refused before they are decoded', async () => {
    const bomb = Array.from({ length: 1200 }, () => Uint8Array.of(0, 0));
    const elements = [...identity(), ...picture({ rows: 512, columns: 512, frames: 1200 }), encapsulated(bomb)];
    const file = readDicom(part10(RLE, encodeElements(sorted(elements))));

    await expect(decodePixels(file, inProcessDecoder)).rejects.toMatchObject({ code: 'limit-exceeded' });
  });
});

describe('more frames than fragments', () => {
  it('are refused before memory is allocated for them', async () => {
    const decoding = decode({ fragments: rleFrames, frames: 900_000 });

    await expect(decoding).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });
});
