/** Images that were stored twice, compressed in two ways: their decoded pixels tell, and not their bytes. */
import { DicomReadError } from '#dicom/error.ts';
import { decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import type { FrameDecoder } from '../ports.ts';
import { placeOf } from '../study/frames.ts';
import { haveSamePixels } from '../study/likeness.ts';
import { scanOf, withoutTwins } from '../study/set-aside.ts';
import type { ImageIndex, InstanceIndex } from '../study/study-index.ts';
import { comesTwice } from '../study/successive-scans.ts';
import { openInstance, type ReadInstance } from './read-instance.ts';

/**
 * The same instances, with the digest of their decoded pixels where several have one key and their stored pixels differ.
 *
 * @param keyOf what copies of one picture share; '' where an instance is a copy of none
 */
export async function withDecodedDigests(
  instances: readonly InstanceIndex[],
  keyOf: (instance: InstanceIndex) => string,
  read: ReadInstance,
  decoder: FrameDecoder,
): Promise<readonly InstanceIndex[]> {
  const digests = new Map<InstanceIndex, string>();
  for (const [key, members] of Map.groupBy(instances, keyOf)) {
    const [first] = members;
    if (key === '' || first === undefined || members.every((each) => each === first || haveSamePixels(first, each)))
      continue;
    for (const instance of members) {
      const digest = await decodedDigest(instance, read, decoder);
      if (digest !== undefined) digests.set(instance, digest);
    }
  }
  if (digests.size === 0) return instances;
  return instances.map((instance) => {
    const digest = digests.get(instance);
    return digest === undefined ? instance : { ...instance, pixelSha256: digest };
  });
}

/** Pixels that cannot be decoded are nobody's twin. Loading says what is wrong with them. */
async function decodedDigest(
  instance: InstanceIndex,
  read: ReadInstance,
  decoder: FrameDecoder,
): Promise<string | undefined> {
  if (instance.NumberOfFrames !== undefined && instance.NumberOfFrames > 1) return undefined;
  try {
    return pixelSha256(await decodePixels(openInstance(instance, await read(instance)), decoder));
  } catch (error) {
    if (error instanceof DicomReadError) return undefined;
    throw error;
  }
}

/** A volume without slices whose decoded pixels and place are those of another one, which are set aside. */
export async function withoutDecodedTwins(
  image: ImageIndex,
  read: ReadInstance,
  decoder: FrameDecoder,
): Promise<ImageIndex> {
  const { kind, instances, frames, pieces, aside = [] } = image;
  if (kind !== 'volume' || frames !== undefined || !comesTwice(instances)) return image;
  const known = await withDecodedDigests(instances, placeOf, read, decoder);
  const { kept, aside: twins } = withoutTwins(known, pieces === undefined ? scanOf : undefined);
  return twins.length === 0 ? image : { ...image, instances: kept, aside: [...aside, ...twins] };
}
