/** A limit to the WebAssembly memory of this thread. */

/** How far a memory of this thread may grow; changes as it is set. */
export interface WasmMemoryCap {
  maxBytes: number;
  /** What the memories have grown by, together; they never shrink. */
  grownBytes: number;
}

const PAGE_BYTES = 65_536;

/** What is used here of the WebAssembly API, which Node's types leave out. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly;

/**
 * The codecs' memories are made inside their builds, which let them grow to 2 GiB, and a worker's `resourceLimits` do not
 * count them. They grow by this call alone; where it throws, the codec's allocation fails and it gives up.
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
