/** The size that a compressed frame's own header gives, read without decoding. */

export interface CodestreamSize {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
}

/** JPEG and JPEG-LS: the first frame header, SOF0–SOF15 (ITU-T T.81 B.2.2) or SOF55 (T.87 C.2.2). */
export function jpegSize(encoded: Uint8Array): CodestreamSize | undefined {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encoded.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  let offset = 2;
  while (offset + 10 <= encoded.length) {
    const marker = view.getUint16(offset);
    if (marker === 0xffff) {
      offset += 1;
    } else if (isFrameHeader(marker)) {
      const [rows, columns] = [view.getUint16(offset + 5), view.getUint16(offset + 7)];
      return { rows, columns, components: view.getUint8(offset + 9) };
    } else if (marker < 0xffc0) {
      return undefined;
    } else {
      offset += 2 + view.getUint16(offset + 2);
    }
  }
  return undefined;
}

function isFrameHeader(marker: number): boolean {
  if (marker === 0xfff7) return true;
  const isTable = marker === 0xffc4 || marker === 0xffc8 || marker === 0xffcc;
  return marker >= 0xffc0 && marker <= 0xffcf && !isTable;
}

/** JPEG 2000: the SIZ marker segment, which follows SOC at once (ITU-T T.800 A.5.1); JP2 boxes before it are skipped. */
export function jpeg2000Size(encoded: Uint8Array): CodestreamSize | undefined {
  const start = codestreamStart(encoded);
  if (start === undefined || start + 42 > encoded.length) return undefined;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const [width, height, left, top] = [8, 12, 16, 20].map((offset) => view.getUint32(start + offset));
  if (width === undefined || height === undefined || left === undefined || top === undefined) return undefined;
  return { rows: height - top, columns: width - left, components: view.getUint16(start + 40) };
}

/** Where SOC and SIZ stand: at once, or behind the boxes of a JP2 file that some writers put into DICOM. */
function codestreamStart(encoded: Uint8Array): number | undefined {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, Math.min(encoded.byteLength, 4096));
  const start = buffer.indexOf(Uint8Array.of(0xff, 0x4f, 0xff, 0x51));
  return start < 0 ? undefined : start;
}

/** Whether a stream ends with EOI (JPEG, JPEG-LS) or EOC (JPEG 2000), both FFD9; padding zeros may follow. */
export function endsWithMarker(encoded: Uint8Array): boolean {
  let last = encoded.length - 1;
  while (last > 0 && encoded[last] === 0) last -= 1;
  return last > 0 && encoded[last] === 0xd9 && encoded[last - 1] === 0xff;
}
