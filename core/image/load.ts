/** From an image's headers and bytes to pixels with geometry. */
import type { FrameDecoder } from '../ports.ts';
import type { ImageIndex } from '../study/study-index.ts';
import type { Image } from '../tool.ts';
import { loadRadiograph } from './load-radiograph.ts';
import { loadVolume } from './load-volume.ts';
import type { ReadInstance } from './read-instance.ts';

/**
 * Loads an image. The headers settle its geometry before any pixels are read. A few files are read at a time and decoded one
 * by one.
 *
 * @throws GeometryError where the slices do not make a volume
 * @throws DicomReadError where a file cannot be decoded, or is not the one that the index describes
 */
export function loadImage(image: ImageIndex, read: ReadInstance, decoder: FrameDecoder): Promise<Image> {
  return image.kind === 'volume' ? loadVolume(image, read, decoder) : loadRadiograph(image, read, decoder);
}
