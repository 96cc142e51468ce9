import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IntegrityError } from '#core/errors.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { clearSpools, type IndexedFile, Spool, withSpool } from '#edge/spool.ts';
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

let folder: string;
let spool: Spool;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'hilum-spool-')), 'spool');
  await mkdir(folder);
  spool = new Spool(folder, 100);
});
afterEach(() => rm(dirname(folder), { recursive: true }));

/** Packs files of these sizes into chunks, and reads the chunks back. */
async function sealed(sizes: readonly number[], seed = 1) {
  const random = createRandom(seed);
  const files = sizes.map((size) => fileOf(Uint8Array.from({ length: size }, () => random.int(0, 255))));
  const chunks = [];
  for (const chunk of await spool.seal(each(files)))
    chunks.push({ ...chunk, bytes: await spool.read(chunk, new Uint8Array(300)) });
  return chunks;
}

describe('packing chunks', () => {
  it.each([
    { sizes: [], expected: [] },
    { sizes: [10], expected: [10] },
    { sizes: [50, 50], expected: [100] },
    { sizes: [50, 51], expected: [50, 51] },
    { sizes: [40, 40, 40, 40], expected: [80, 80] },
    { sizes: [10, 250, 10], expected: [10, 250, 10] },
    { sizes: [250, 100], expected: [250, 100] },
  ])('of at most 100 bytes gives $expected for files of $sizes', async ({ sizes, expected }) => {
    expect((await sealed(sizes)).map((chunk) => chunk.bytes.length)).toEqual(expected);
  });

  it('records the place of each file, for any sizes', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = createRandom(seed);
      const sizes = Array.from({ length: random.int(1, 20) }, () => random.int(1, 150));

      const chunks = await sealed(sizes, seed);

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

    expect(await sealed(sizes)).toEqual(await sealed(sizes));
  });

  it('never returns a part of a chunk', async () => {
    const [chunk] = await sealed([60]);
    if (chunk) await truncate(join(folder, chunk.sha256), 59);

    await expect(chunk && spool.read(chunk, new Uint8Array(300))).rejects.toThrow(IntegrityError);
  });
});

describe('a spool', () => {
  async function* breaking(): AsyncGenerator<IndexedFile> {
    yield fileOf(new Uint8Array(60));
    yield fileOf(new Uint8Array(60));
    throw new Error('away');
  }

  it('can be read only by its owner, and is removed afterwards', async () => {
    await withSpool({ folder, chunkBytes: 100 }, async (own) => {
      const [chunk] = await own.seal(each([fileOf(new Uint8Array(60))]));
      const [name] = await readdir(folder);
      const path = join(folder, name ?? '');
      expect((await stat(path)).mode & 0o077).toBe(0);
      expect((await stat(join(path, chunk?.sha256 ?? ''))).mode & 0o077).toBe(0);
    });

    expect(await readdir(folder)).toEqual([]);
  });

  it('is removed if the archive stops answering', async () => {
    const sealing = withSpool({ folder, chunkBytes: 100 }, (own) => own.seal(breaking()));

    await expect(sealing).rejects.toThrow('away');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is removed at the next start if the process was killed', async () => {
    await expect(spool.seal(breaking())).rejects.toThrow('away');
    expect(await readdir(folder)).not.toEqual([]);

    await clearSpools(folder);

    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });
});
