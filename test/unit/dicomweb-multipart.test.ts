import { describe, expect, it } from 'vitest';
import { boundaryOf, type Part, readMultipart, writeMultipart } from '#adapters/dicomweb/multipart.ts';
import { ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';
import { createRandom } from '#phantoms/random.ts';

type Random = ReturnType<typeof createRandom>;

/** `bytes` cut at random places, empty pieces among them. */
async function* cut(bytes: Uint8Array, random: Random, mostBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = random.int(0, mostBytes);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function* whole(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'latin1');
}

const textOf = (part: Part): string => Buffer.from(part.bytes).toString('latin1');
const read = (text: string, limits?: { maxHeaderBytes: number; maxPartBytes: number }) =>
  Array.fromAsync(readMultipart(whole(text), 'B', limits));

describe('reading multipart/related', () => {
  it('returns what the writer wrote, wherever the stream is cut', async () => {
    let filesSeen = 0;
    for (let seed = 0; seed < 200; seed++) {
      const random = createRandom(seed);
      const boundary = random.pick(['B', 'hilum-1', `${'x'.repeat(69)}y`]);
      const pieces = [
        '\r\n',
        '\r\n--',
        `--${boundary}`,
        `\r\n--${boundary.slice(0, -1)}`,
        '\r\n\r\n',
        'a',
        '\r',
      ] as const;
      const files = Array.from({ length: random.int(0, 5) }, () =>
        Array.from({ length: random.int(0, 30) }, () => random.pick(pieces)).join(''),
      )
        .filter((file) => !file.includes(`\r\n--${boundary}`))
        .map((file) => Buffer.from(file));
      filesSeen += files.length;
      const written = Buffer.concat([...writeMultipart(files, boundary)]);

      const parts = await Array.fromAsync(readMultipart(cut(written, random, random.pick([1, 3, 80])), boundary));

      expect(parts.map(textOf), `seed ${seed}`).toEqual(files.map((file) => file.toString('latin1')));
    }
    expect(filesSeen).toBeGreaterThan(100);
  });

  it('reads past preamble, padding, epilogue and parts without headers', async () => {
    const parts = await read(
      'preamble\r\n--B\r\nContent-Type: Application/DICOM\r\nX: y\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\nepilogue',
    );

    expect(parts.map(textOf)).toEqual(['one', 'two']);
    expect(parts[0]?.headers.get('content-type')).toBe('Application/DICOM');
    expect(parts[1]?.headers.size).toBe(0);
  });

  it('reports a stream that ends early as an unavailable archive, never as a shorter answer', async () => {
    const complete = '--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--';
    for (let length = 0; length < complete.length; length++)
      await expect(read(complete.slice(0, length)), `${length} bytes`).rejects.toThrow(ArchiveUnavailableError);
    expect(await read(complete)).toHaveLength(2);
  });

  it('stops at its limits before it allocates memory', async () => {
    const limits = { maxHeaderBytes: 64, maxPartBytes: 10 };
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('--B\r\n\r\n');
      for (;;) {
        sent += 1024;
        yield new Uint8Array(1024);
      }
    }

    await expect(read(`--B\r\nX: ${'y'.repeat(100)}\r\n\r\none\r\n--B--`, limits)).rejects.toThrow(ArchiveRequestError);
    await expect(Array.fromAsync(readMultipart(endless(), 'B', limits))).rejects.toThrow('more than 10 bytes');
    expect(sent).toBeLessThan(10 * 1024);
  });
});

describe('the boundary of a Content-Type', () => {
  it.each([
    ['multipart/related; type="application/dicom"; boundary=abc', 'abc'],
    ['Multipart/Related;boundary="a;b c";type=x', 'a;b c'],
    ['multipart/related; BOUNDARY = "q\\"q"', 'q"q'],
  ])('of %s is %s', (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });

  it.each([
    undefined,
    '',
    'application/dicom',
    'multipart/related',
    'multipart/related; boundary=',
    'text/html; boundary=a',
  ])('of %s is an error', (contentType) => {
    expect(() => boundaryOf(contentType)).toThrow(ArchiveRequestError);
  });

  it('does not take quadratic time for unclosed quotes', () => {
    const before = process.cpuUsage();

    expect(() => boundaryOf(`multipart/related;"${'\\"'.repeat(100_000)}`)).toThrow(ArchiveRequestError);

    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
  });
});
