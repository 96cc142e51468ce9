/** Limits the WebAssembly memory of this thread. */

export interface WasmMemoryCap {
  /** The largest size of one memory. May be changed at any time. */
  maxBytes: number;
  /** By how much all memories together have grown; they never shrink. */
  grownBytes: number;
}

const PAGE_BYTES = 65_536;

/** The part of the WebAssembly API used here; Node's types do not declare it. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly;

/**
 * The codecs' builds create memories that may grow to 2 GiB, and a worker's `resourceLimits` do not count them. Memories
 * grow only by `Memory.prototype.grow`. If it throws, the codec's allocation fails and the codec reports an error.
 */
export function capWasmMemory(): WasmMemoryCap {
  const cap: WasmMemoryCap = { maxBytes: Number.POSITIVE_INFINITY, grownBytes: 0 };
  const { grow } = Memory.prototype;
  Memory.prototype.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE_BYTES > cap.maxBytes) throw new RangeError('The memory is at its limit');
    const before = grow.call(this, pages);
    cap.grownBytes += pages * PAGE_BYTES;
    return before;
  };
  return cap;
}
