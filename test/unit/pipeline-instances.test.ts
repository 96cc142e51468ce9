import { describe, expect, it } from 'vitest';
import { IntegrityError } from '#core/errors.ts';
import { instanceReader } from '#pipeline/instances.ts';
import { chunkKey } from '#pipeline/keys.ts';
import type { Manifest } from '#pipeline/manifest.ts';
import type { ByteRange, ObjectStore } from '#pipeline/ports.ts';
import { createMemoryObjectStore } from '../fixtures/memory-ports.ts';
import { sha256 } from '../fixtures/pipeline.ts';

const SIZE = 1000;

/** A study of many small instances, ten per chunk, and a bucket that counts reads. */
async function prepare(count: number) {
  const memory = createMemoryObjectStore();
  const files = Array.from({ length: count }, (_, index) => new Uint8Array(SIZE).fill(index + 1));
  const instances: Manifest['instances'][number][] = [];
  for (let first = 0; first < count; first += 10) {
    const group = files.slice(first, first + 10);
    const bytes = Buffer.concat(group);
    const chunk = sha256(bytes);
    await memory.put(chunkKey(chunk), bytes);
    for (const [index, file] of group.entries()) {
      instances.push({
        ...{ SOPInstanceUID: `1.${first + index}`, SOPClassUID: '1.2', StudyInstanceUID: '1', SeriesInstanceUID: '1' },
        ...{
          TransferSyntaxUID: '1.2',
          sha256: sha256(file),
          sizeBytes: SIZE,
          chunk,
          offset: index * SIZE,
          length: SIZE,
        },
      });
    }
  }
  const reads: (ByteRange | undefined)[] = [];
  const objects: ObjectStore = {
    ...memory,
    get(key, options) {
      reads.push(options?.range);
      return memory.get(key, options);
    },
  };
  const manifest: Manifest = {
    format: 'hilum.manifest/1',
    StudyInstanceUID: '1',
    revision: sha256(new Uint8Array()),
    lane: 'live',
    instances,
  };
  return { objects, memory, manifest, files, reads };
}

describe('reading instances', () => {
  it('reads only the range of a single instance', async () => {
    const { objects, manifest, files, reads } = await prepare(20);
    const [instance] = manifest.instances.slice(13);
    if (instance === undefined) throw new Error('No instance');

    expect(new Uint8Array(await instanceReader(objects, manifest)(instance))).toEqual(files[13]);

    expect(reads).toEqual([{ offset: 3 * SIZE, length: SIZE }]);
  });

  it('reads each chunk once for a whole series, in any order, and returns the right bytes', async () => {
    const { objects, manifest, files, reads } = await prepare(30);
    const read = instanceReader(objects, manifest, manifest.instances);
    const shuffled = manifest.instances.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));

    const bytes = await Promise.all(shuffled.map(read));

    expect(reads).toHaveLength(3);
    for (const [index, instance] of shuffled.entries()) {
      expect(new Uint8Array(bytes[index] ?? [])).toEqual(files[manifest.instances.indexOf(instance)]);
    }
  });

  it('reads from the first wanted instance, and reads singly if most of a chunk is not wanted', async () => {
    const { objects, manifest, reads } = await prepare(20);
    const wanted = manifest.instances.filter((_, index) => (index >= 4 && index < 10) || index === 10 || index === 19);

    await Promise.all(wanted.map(instanceReader(objects, manifest, wanted)));

    expect(reads).toEqual([
      { offset: 4 * SIZE, length: 6 * SIZE },
      { offset: 0, length: SIZE },
      { offset: 9 * SIZE, length: SIZE },
    ]);
  });

  it('reads an instance again whose span was released', async () => {
    const { objects, manifest, files } = await prepare(10);
    const read = instanceReader(objects, manifest, manifest.instances);
    for (const instance of manifest.instances) await read(instance);
    const [first] = manifest.instances;
    if (first === undefined) throw new Error('No instance');

    expect(new Uint8Array(await read(first))).toEqual(files[0]);
  });

  it('refuses wrong, missing and too few bytes', async () => {
    const { objects, memory, manifest } = await prepare(10);
    const [first] = manifest.instances;
    if (first === undefined) throw new Error('No instance');
    const key = chunkKey(first.chunk);
    const read = () => instanceReader(objects, manifest, manifest.instances)(first);

    await memory.put(key, new Uint8Array(10 * SIZE));
    await expect(read()).rejects.toThrow(IntegrityError);
    await memory.put(key, new Uint8Array(10).fill(1));
    await expect(read()).rejects.toThrow(IntegrityError);
    memory.contents.delete(key);
    await expect(read()).rejects.toThrow(/The chunk [0-9a-f]{64} of the study is not in the bucket/);
    await expect(instanceReader(objects, manifest)({ ...first, SOPInstanceUID: '9.9' })).rejects.toThrow(
      /does not list/,
    );
  });
});
