/** Converts luminance and chrominance to RGB (PS3.3 C.7.6.3.1.2): full range, 8 bits, rounded half up. */

const CB_TO_GREEN = (-0.114 * 1.772) / 0.587;
const CR_TO_GREEN = (-0.299 * 1.402) / 0.587;

/** YBR_FULL to RGB, three bytes per pixel. */
export function ybrFullToRgb(pixels: Uint8Array): Uint8Array {
  const clamped = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const y = pixels[i] ?? 0;
    const cb = (pixels[i + 1] ?? 0) - 128;
    const cr = (pixels[i + 2] ?? 0) - 128;
    clamped[i] = Math.floor(y + 1.402 * cr + 0.5);
    clamped[i + 1] = Math.floor(y + CB_TO_GREEN * cb + CR_TO_GREEN * cr + 0.5);
    clamped[i + 2] = Math.floor(y + 1.772 * cb + 0.5);
  }
  return new Uint8Array(clamped.buffer);
}

/** Native YBR_FULL_422 (Y Y Cb Cr for two pixels) to YBR_FULL. Chrominance is repeated. */
export function upsample422(packed: Uint8Array): Uint8Array {
  const pixels = packed.length / 2;
  const full = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const pair = (pixel >> 1) * 4;
    full[3 * pixel] = packed[pair + (pixel & 1)] ?? 0;
    full[3 * pixel + 1] = packed[pair + 2] ?? 0;
    full[3 * pixel + 2] = packed[pair + 3] ?? 0;
  }
  return full;
}

/** Planes (RRR… GGG… BBB…, Planar Configuration 1) of one frame to pixels (RGB RGB …). */
export function interleave(planes: Uint8Array, samplesPerPixel: number, bytesPerSample: number): Uint8Array {
  const pixels = planes.length / samplesPerPixel / bytesPerSample;
  const interleaved = new Uint8Array(planes.length);
  for (let sample = 0; sample < samplesPerPixel; sample += 1) {
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const from = (sample * pixels + pixel) * bytesPerSample;
      const to = (pixel * samplesPerPixel + sample) * bytesPerSample;
      for (let byte = 0; byte < bytesPerSample; byte += 1) interleaved[to + byte] = planes[from + byte] ?? 0;
    }
  }
  return interleaved;
}
