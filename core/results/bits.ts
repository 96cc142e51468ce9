/**
 * Packs frames into one run of bits, least significant first (PS3.5 8.1.1). Where a frame is not a whole number of bytes, the
 * next one starts inside its last byte. Bits beyond `pixels` in a frame's last byte are dropped.
 */
export function packFrames(frames: readonly Uint8Array[], pixels: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil((frames.length * pixels) / 8));
  frames.forEach((bits, index) => {
    const start = index * pixels;
    const shift = start % 8;
    const first = (start - shift) / 8;
    const lastBits = pixels % 8;
    if (shift === 0 && lastBits === 0) {
      packed.set(bits, first);
      return;
    }
    for (let i = 0; i < bits.length; i++) {
      const spare = lastBits !== 0 && i === bits.length - 1;
      const byte = (bits[i] ?? 0) & (spare ? (1 << lastBits) - 1 : 0xff);
      packed[first + i] = (packed[first + i] ?? 0) | (byte << shift);
      if (shift !== 0 && byte >> (8 - shift) !== 0) packed[first + i + 1] = byte >> (8 - shift);
    }
  });
  return packed;
}

/** Whether a bit of a frame is set, counted from the least significant of the first byte. */
export const isSet = (bits: Uint8Array, at: number): boolean => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
