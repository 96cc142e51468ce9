/** Loads real radiographs of the data folder as a run would. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadImage } from '#core/image/load.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { dataFolder } from '../../localstack/parts.mjs';

/** @param path relative to the data folder */
export function realImage(path: string): {
  readonly index: ImageIndex | undefined;
  readonly load: () => Promise<Radiograph>;
} {
  const bytes = new Uint8Array(readFileSync(join(dataFolder(), path)));
  const instance = indexInstance(bytes);
  const [index] = groupImages({ StudyInstanceUID: instance.StudyInstanceUID, instances: [instance] });
  const load = async (): Promise<Radiograph> => {
    const image = index && (await loadImage(index, async () => bytes, inProcessDecoder));
    if (image?.kind !== 'radiograph') throw new TypeError(`${path} is not a radiograph`);
    return image;
  };
  return { index, load };
}
