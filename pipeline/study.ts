/** Reads a study's manifest from the bucket and groups its instances into images. */
import { MissingManifestError } from '#core/errors.ts';
import { groupImages } from '#core/study/images.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { LANES, type Lane, studyManifests } from './keys.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import type { CallOptions, ListedObject, ObjectListing, ObjectStore } from './ports.ts';

/**
 * @throws MissingManifestError if there is no object under `key`
 * @throws MessageError if the object is not a manifest of a known version
 */
export async function readManifest(objects: Pick<ObjectStore, 'get'>, key: string): Promise<Manifest> {
  const bytes = await objects.get(key);
  if (bytes === undefined) throw new MissingManifestError("The study's manifest is not in the bucket");
  return parseManifest(bytes);
}

/** The manifests that the bucket has of a study, in every lane. */
export async function* listManifests(
  objects: ObjectListing,
  StudyInstanceUID: string,
  options: CallOptions = {},
): AsyncGenerator<ListedObject & { readonly lane: Lane }> {
  for (const lane of LANES)
    for (let after: string | undefined; ; ) {
      const asked = after === undefined ? options : { ...options, after };
      const page = await objects.list(studyManifests(lane, StudyInstanceUID), asked);
      for (const listed of page.objects) yield { ...listed, lane };
      after = page.objects.at(-1)?.key;
      if (page.isLast || after === undefined) break;
    }
}

/** The study's images, without any objects that Hilum wrote itself. */
export function imagesOf({ StudyInstanceUID, instances }: Manifest): readonly ImageIndex[] {
  return groupImages({ StudyInstanceUID, instances: instances.filter((instance) => instance.writtenByHilum !== true) });
}
