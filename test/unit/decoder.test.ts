import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDecoder, type Decoder, type DecoderOptions } from '#adapters/decoder/decoder.ts';
import { capWasmMemory } from '#adapters/decoder/memory-cap.ts';
import { ConfigurationError, ServiceUnavailableError } from '#core/errors.ts';
import { encodeHtj2k, encodeJpegLs, encodeRle, makePicture } from '../fixtures/encoders.ts';

const RLE = '1.2.840.10008.1.2.5';
const JPEG_LS = '1.2.840.10008.1.2.4.80';
const HTJ2K = '1.2.840.10008.1.2.4.201';
const root = join(import.meta.dirname, '..', '..');
const program = new URL('../fixtures/decoder-program.ts', import.meta.url);
const { layout } = makePicture({ bits: 8 });
const frame = Uint8Array.of(1, 2, 3);

const open: Decoder[] = [];
function decoder(options: DecoderOptions = {}): Decoder {
  const created = createDecoder({ threads: 2, ...options });
  open.push(created);
  return created;
}
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((each) => each.close()));
});

describe('the decoder', () => {
  it('returns frames in order, whichever thread decoded them, and does not change the encoded ones', async () => {
    const pictures = Array.from({ length: 25 }, (_, i) => makePicture({ bits: 8, rows: 8, columns: 8 + i }));
    const encoded = pictures.map(encodeRle);
    const samples = pictures.map((picture) => picture.samples.slice(0, 64));
    const square = { ...layout, rows: 8, columns: 8 };

    const decoded = await decoder().decode(
      RLE,
      samples.map((bytes) => encodeRle({ layout: square, samples: bytes, values: [] })),
      square,
    );
    const single = await decoder({ threads: 1 }).decode(RLE, encoded.slice(3, 4), { ...square, columns: 11 });

    expect(decoded).toEqual(samples);
    expect(single).toEqual([pictures[3]?.samples]);
    expect(encoded[3]?.length).toBeGreaterThan(64);
  });

  it('decodes several syntaxes at the same time', async () => {
    const picture = makePicture({ bits: 12 });
    const pool = decoder();

    const [[first], [second]] = await Promise.all([
      pool.decode(JPEG_LS, [await encodeJpegLs(picture)], picture.layout),
      pool.decode(HTJ2K, [await encodeHtj2k(picture)], picture.layout),
    ]);

    expect(first).toEqual(picture.samples);
    expect(second).toEqual(picture.samples);
  });

  it('reports the codec’s error for a damaged frame, and continues', async () => {
    const picture = makePicture({ bits: 8 });
    const good = encodeRle(picture);
    const pool = decoder({ threads: 1 });

    const broken = pool.decode(RLE, [good, good.subarray(0, 80)], picture.layout);

    await expect(broken).rejects.toMatchObject({ name: 'DicomReadError', code: 'corrupt-pixel-data' });
    expect(await pool.decode(RLE, [good], picture.layout)).toEqual([picture.samples]);
  });

  it('has no decoder for an unknown Transfer Syntax', async () => {
    const decoding = decoder().decode('1.2.840.10008.1.2.4.92', [frame], layout);

    await expect(decoding).rejects.toMatchObject({ code: 'unsupported-transfer-syntax' });
  });
});

describe('the decoder with codecs that misbehave', () => {
  it.each([
    ['never ends', 'spin', 'corrupt-pixel-data'],
    ['takes all memory', 'hoard', 'limit-exceeded'],
    ['ends its thread', 'leave', 'corrupt-pixel-data'],
    ['throws an unexpected error', 'throw', 'corrupt-pixel-data'],
  ])('refuses a frame whose codec %s, and decodes the next one', async (_, how, code) => {
    const pool = decoder({ program, threads: 1 });

    const refused = pool.decode(how, [frame], layout);
    const next = pool.decode('echo', [frame], layout);

    await expect(refused).rejects.toMatchObject({ name: 'DicomReadError', code });
    expect(await next).toEqual([frame]);
  });

  it('waits for a thread that gets no time to compute', async () => {
    const decoded = await decoder({ program }).decode('wait', [frame], layout);

    expect(decoded).toEqual([frame]);
  });

  it('does not wait forever for such a thread', async () => {
    const { now } = performance;
    // The wall-clock limit for half a second of CPU time is half a minute, which is shortened to 30 ms here.
    vi.spyOn(performance, 'now').mockImplementation(() => 1_000 * now.call(performance));

    const decoding = decoder({ program }).decode('wait', [frame], layout);

    await expect(decoding).rejects.toMatchObject({ code: 'corrupt-pixel-data' });
  });

  it.each([
    ['is not there', 'absent', 'gone'],
    ['ends its thread as it is loaded', 'unloadable', ''],
  ])('does not report a codec that %s as a damaged picture', async (_, how, detail) => {
    const refused = decoder({ program })
      .decode(how, [frame], layout)
      .catch((error: unknown) => error);

    expect(await refused).toBeInstanceOf(ConfigurationError);
    expect(await refused).toMatchObject({ message: expect.stringContaining(`${how} cannot be loaded (${detail}`) });
  });

  it('keeps a thread for the next batch, but not one whose memory has grown', async () => {
    const pool = decoder({ program, threads: 1 });

    const first = await pool.decode('name', [frame], layout);
    const kept = await pool.decode('name', [frame], layout);
    const grown = await pool.decode('grow', [frame], layout);
    const replaced = await pool.decode('name', [frame], layout);

    expect(grown).toEqual([frame]);
    expect(kept).toEqual(first);
    expect(replaced).not.toEqual(first);
  });

  it('gives a thread large frames one by one', async () => {
    // 1.5 megapixels: two of them are more than a batch may hold. This program answers a batch with one frame.
    const large = { ...layout, rows: 1_000, columns: 1_500 };

    const decoded = await decoder({ program, threads: 1 }).decode('name', Array(4).fill(frame), large);

    expect(decoded).toHaveLength(4);
  });

  it('drops the waiting batches of a call that has failed', async () => {
    const pool = decoder({ program, threads: 1 });
    const many = Array.from({ length: 50 }, () => frame);

    await expect(pool.decode('leave', many, layout)).rejects.toMatchObject({ code: 'corrupt-pixel-data' });

    expect(await pool.decode('echo', [frame], layout)).toEqual([frame]);
  });
});

describe('the end of the decoder', () => {
  it('fails calls in progress, waiting and new calls with ServiceUnavailableError', async () => {
    const pool = decoder({ program, threads: 1 });
    const outcomes = Promise.allSettled([pool.decode('spin', [frame], layout), pool.decode('echo', [frame], layout)]);

    await pool.close();

    const refused = { status: 'rejected', reason: expect.any(ServiceUnavailableError) };
    expect(await outcomes).toEqual([refused, refused]);
    await expect(pool.decode('echo', [frame], layout)).rejects.toThrow(ServiceUnavailableError);
  });

  it('ends its threads at once, even while they decode', async () => {
    const pool = decoder({ program, threads: 1 });
    const refused = pool.decode('spin', [frame], layout).catch((error: unknown) => error);
    await setTimeout(50);

    await pool.close();

    // Otherwise the thread would spin until its half second of CPU time is used up.
    expect(await Promise.race([refused, setTimeout(100, 'still at it')])).toBeInstanceOf(ServiceUnavailableError);
  });

  it('does not keep its process alive', async () => {
    const source = `
      import { createDecoder } from '#adapters/decoder/decoder.ts';
      const { layout, samples } = ${JSON.stringify({ layout: { ...layout, rows: 1, columns: 2 }, samples: [5, 6] })};
      const frame = new Uint8Array(67);
      new DataView(frame.buffer).setUint32(0, 1, true);
      new DataView(frame.buffer).setUint32(4, 64, true);
      frame.set([1, ...samples], 64);
      const [decoded] = await createDecoder({ threads: 2 }).decode('${RLE}', [frame], layout);
      process.stdout.write(JSON.stringify([...decoded]));`;

    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], {
      cwd: root,
      timeout: 15_000,
    });

    expect(stdout).toBe('[5,6]');
  });
});

describe('capWasmMemory', () => {
  it('begins without a limit and with nothing grown', () => {
    expect(capWasmMemory()).toEqual({ maxBytes: Number.POSITIVE_INFINITY, grownBytes: 0 });
  });

  it('lets WebAssembly memory grow to the limit and no further', () => {
    const { Memory } = (
      globalThis as unknown as {
        WebAssembly: {
          Memory: new (options: { initial: number }) => { grow(pages: number): number; buffer: ArrayBuffer };
        };
      }
    ).WebAssembly;
    const cap = capWasmMemory();
    const memory = new Memory({ initial: 1 });

    cap.maxBytes = 3 * 65_536;

    expect(memory.grow(2)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
    expect(memory.buffer.byteLength).toBe(3 * 65_536);
    expect(cap.grownBytes).toBe(2 * 65_536);
    cap.maxBytes = Number.POSITIVE_INFINITY;
  });
});
