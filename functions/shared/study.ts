/** A study's upload in the bucket: its manifest, and its instances in the chunks. */
import { createHash } from 'node:crypto';
import { IntegrityError } from '#core/errors.ts';
import { chunkKey } from '#core/keys.ts';
import type { ObjectStore } from '#core/ports.ts';
import { groupImages } from '#core/study/images.ts';
import { type Manifest, parseManifest } from '#core/study/manifest.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';

/**
 * @throws IntegrityError where there is no manifest under `key`
 * @throws MessageError where it is not one we understand
 */
export async function readManifest(objects: ObjectStore, key: string): Promise<Manifest> {
  const bytes = await objects.get(key);
  if (bytes === undefined) throw new IntegrityError("The study's manifest is not in the bucket");
  return parseManifest(bytes);
}

/**
 * Reads instances by ranges of their chunks.
 *
 * @throws IntegrityError (from the function it makes) where the chunk is missing or the bytes are not those that the
 *   manifest names
 */
export function instanceReader(
  objects: ObjectStore,
  manifest: Manifest,
): (instance: InstanceIndex) => Promise<Uint8Array> {
  const places = new Map(manifest.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  return async ({ SOPInstanceUID, sha256 }) => {
    const place = places.get(SOPInstanceUID);
    if (place === undefined)
      throw new IntegrityError('The manifest does not hold an instance', { facts: { SOPInstanceUID } });
    const bytes = await objects.get(chunkKey(place.chunk), { offset: place.offset, length: place.length });
    if (bytes === undefined) throw new IntegrityError('A chunk is not in the bucket', { facts: { SOPInstanceUID } });
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new IntegrityError("An instance's bytes differ from the manifest's digest", { facts: { SOPInstanceUID } });
    }
    return bytes;
  };
}

/** The study's images; never what Hilum wrote itself, whoever put it there. */
export function imagesOf({ StudyInstanceUID, instances }: Manifest): readonly ImageIndex[] {
  return groupImages({ StudyInstanceUID, instances: instances.filter((instance) => instance.writtenByHilum !== true) });
}
