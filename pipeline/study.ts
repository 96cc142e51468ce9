/** A study's upload in the bucket: its manifest, and the images that it makes. */
import { IntegrityError } from '#core/errors.ts';
import { groupImages } from '#core/study/images.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import type { ObjectStore } from './ports.ts';

/**
 * @throws IntegrityError where there is no manifest under `key`
 * @throws MessageError where it is not one we understand
 */
export async function readManifest(objects: ObjectStore, key: string): Promise<Manifest> {
  const bytes = await objects.get(key);
  if (bytes === undefined) throw new IntegrityError("The study's manifest is not in the bucket");
  return parseManifest(bytes);
}

/** The study's images; never what Hilum wrote itself, whoever put it there. */
export function imagesOf({ StudyInstanceUID, instances }: Manifest): readonly ImageIndex[] {
  return groupImages({ StudyInstanceUID, instances: instances.filter((instance) => instance.writtenByHilum !== true) });
}
