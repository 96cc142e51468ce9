/** The limits of decoding. */
import type { FrameLayout } from '#dicom/codecs/codec.ts';

const MIB = 2 ** 20;

/**
 * CPU time for a batch of frames. A codec takes 0.01 to 0.3 µs per sample; 2 µs leave room for slow machines, and half a
 * second is added for tiny frames. The limit is CPU time because wall-clock time depends on how busy the machine is.
 */
export function cpuLimitMs(frames: number, { rows, columns, samplesPerPixel }: FrameLayout): number {
  return 500 + frames * rows * columns * samplesPerPixel * 0.002;
}

/** CPU time for loading a codec. Compiling up to 300 KB of WebAssembly takes about 50 ms. */
export const LOAD_LIMIT_MS = 10_000;

/** The wall-clock limit, as a multiple of the CPU limit, so that a call ends even if its thread gets no CPU at all. */
export const WALL_LIMIT_FACTOR = 60;

/**
 * WebAssembly memory for decoding one frame at a time: a base of 128 MiB plus, per sample, twice the need of JPEG 2000,
 * the codec that needs most (32-bit working arrays). Never more than 1 GiB.
 */
export function heapLimitBytes({ rows, columns, samplesPerPixel }: FrameLayout): number {
  return Math.min(1024 * MIB, 128 * MIB + rows * columns * samplesPerPixel * 24);
}

/** WebAssembly memory never shrinks. A thread with more than this is ended after its batch. */
export const MAX_KEPT_HEAP_BYTES = 256 * MIB;

/** Limits of a thread's V8 heap, which holds little: samples are outside it. */
export const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 } as const;

/** Limits of a batch, which is one message to a thread. Small frames share a message, so that threads rarely wait. */
export const MAX_BATCH_FRAMES = 8;
export const MAX_BATCH_SAMPLES = 2 ** 21;
