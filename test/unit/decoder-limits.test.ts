/** The limits of decoding (docs/adr/0009). */
import { describe, expect, it } from 'vitest';
import {
  cpuLimitMs,
  heapLimitBytes,
  LOAD_LIMIT_MS,
  MAX_BATCH_FRAMES,
  MAX_BATCH_SAMPLES,
  MAX_KEPT_HEAP_BYTES,
  RESOURCE_LIMITS,
  WALL_LIMIT_FACTOR,
} from '#adapters/decoder/limits.ts';
import type { FrameLayout } from '#dicom/codecs/codec.ts';

const layout = (rows: number, columns: number, samplesPerPixel = 1): FrameLayout => ({
  ...{ rows, columns, samplesPerPixel, bitsAllocated: 16, bitsStored: 12, signed: false },
  ...{ photometric: 'MONOCHROME2', planar: false },
});
const MIB = 2 ** 20;

describe('the limits of decoding', () => {
  it.each([
    { frames: 1, of: layout(1, 1), ms: 500.002 },
    { frames: 1, of: layout(500, 1000), ms: 1_500 },
    { frames: 8, of: layout(500, 1000), ms: 8_500 },
    { frames: 2, of: layout(500, 1000, 3), ms: 6_500 },
  ])('give $frames frames half a second and 2 µs per sample: $ms ms', ({ frames, of, ms }) => {
    expect(cpuLimitMs(frames, of)).toBeCloseTo(ms, 6);
  });

  it.each([
    { of: layout(512, 512), bytes: 128 * MIB + 512 * 512 * 24 },
    { of: layout(1024, 1024, 3), bytes: (128 + 3 * 24) * MIB },
    { of: layout(8192, 8192), bytes: 1024 * MIB },
  ])('give a frame 128 MiB and 24 bytes per sample, up to 1 GiB: $bytes', ({ of, bytes }) => {
    expect(heapLimitBytes(of)).toBe(bytes);
  });

  it('let a thread keep an ordinary frame’s memory, but not more than a function has', () => {
    expect(heapLimitBytes(layout(512, 512))).toBeLessThan(MAX_KEPT_HEAP_BYTES);
    expect(MAX_KEPT_HEAP_BYTES).toBe(256 * MIB);
    expect(RESOURCE_LIMITS).toEqual({ maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 });
  });

  it('end a call eventually, but leave time for a slow machine', () => {
    expect([LOAD_LIMIT_MS, WALL_LIMIT_FACTOR]).toEqual([10_000, 60]);
  });

  it('limit the size of a batch: eight frames of half a megapixel need two', () => {
    expect([MAX_BATCH_FRAMES, MAX_BATCH_SAMPLES]).toEqual([8, 2 * MIB]);
  });
});
