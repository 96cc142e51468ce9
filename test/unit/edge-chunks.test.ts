import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { type IndexedFile, sealChunks } from '#edge/chunks.ts';
import { createRandom } from '#phantoms/random.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function fileOf(bytes: Uint8Array): IndexedFile {
  const instance: InstanceIndex = {
    SOPInstanceUID: `2.25.${bytes.length}`,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    StudyInstanceUID: '2.25.1',
    SeriesInstanceUID: '2.25.2',
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
    sha256: sha256(bytes),
    sizeBytes: bytes.length,
  };
  return { instance, bytes };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Chunks with copies of their bytes, for their memory is used again. */
const sealed = (sizes: readonly number[], targetBytes: number, seed = 1) => {
  const random = createRandom(seed);
  const files = sizes.map((size) => fileOf(Uint8Array.from({ length: size }, () => random.int(0, 255))));
  return Array.fromAsync(sealChunks(each(files), targetBytes), (chunk) => ({ ...chunk, bytes: chunk.bytes.slice() }));
};

describe('sealing chunks', () => {
  it.each([
    { sizes: [], expected: [] },
    { sizes: [10], expected: [10] },
    { sizes: [50, 50], expected: [100] },
    { sizes: [50, 51], expected: [50, 51] },
    { sizes: [40, 40, 40, 40], expected: [80, 80] },
    { sizes: [10, 250, 10], expected: [10, 250, 10] },
    { sizes: [250, 100], expected: [250, 100] },
  ])('of at most 100 bytes makes $expected of files of $sizes', async ({ sizes, expected }) => {
    expect((await sealed(sizes, 100)).map((chunk) => chunk.bytes.length)).toEqual(expected);
  });

  it('tells where each file lies, whatever their sizes', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = createRandom(seed);
      const sizes = Array.from({ length: random.int(1, 20) }, () => random.int(1, 150));

      const chunks = await sealed(sizes, 100, seed);

      const places = chunks.flatMap((chunk) => chunk.instances.map((instance) => ({ chunk, instance })));
      expect(places.map(({ instance }) => instance.length)).toEqual(sizes);
      for (const { chunk, instance } of places) {
        const { offset, length } = instance;
        expect(instance.chunk).toBe(sha256(chunk.bytes));
        expect(sha256(chunk.bytes.subarray(offset, offset + length))).toBe(instance.sha256);
      }
    }
  });

  it('makes the same chunks of the same files', async () => {
    const sizes = [30, 80, 20, 20, 70];

    expect(await sealed(sizes, 100)).toEqual(await sealed(sizes, 100));
  });
});
