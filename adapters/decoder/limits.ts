/** What decoding may take. */
import type { FrameLayout } from '#dicom/codecs/codec.ts';

const MIB = 2 ** 20;

/**
 * CPU time for a batch of frames: a good codec takes 0.01 to 0.3 µs a sample, so that 2 µs leave room for slow machines,
 * and half a second for tiny frames. CPU time and not time on the wall, which says nothing where the machine is busy.
 */
export function cpuLimitMs(frames: number, { rows, columns, samplesPerPixel }: FrameLayout): number {
  return 500 + frames * rows * columns * samplesPerPixel * 0.002;
}

/** Loading a codec: compiling up to 300 KB of WebAssembly takes about 50 ms. */
export const LOAD_LIMIT_MS = 10_000;

/** Whoever waits is told in the end, even by a thread that gets no CPU at all. */
export const WALL_LIMIT_FACTOR = 60;

/**
 * WebAssembly memory for one frame at a time: what a codec starts with and keeps, and per sample what the hungriest
 * (JPEG 2000, 32-bit working arrays) needs twice over; never more than 1 GiB.
 */
export function heapLimitBytes({ rows, columns, samplesPerPixel }: FrameLayout): number {
  return Math.min(1024 * MIB, 128 * MIB + rows * columns * samplesPerPixel * 24);
}

/** WebAssembly memory that a thread may keep for its next batch; one with more is ended, for it never gives any back. */
export const MAX_KEPT_HEAP_BYTES = 256 * MIB;

/** V8's own heap of one thread, where next to nothing lies: samples are outside it. */
export const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 } as const;

/** A batch is one message to a thread: some frames where they are small, so that neither thread waits for the other. */
export const MAX_BATCH_FRAMES = 8;
export const MAX_BATCH_SAMPLES = 2 ** 21;
