/** From an image's headers and bytes to pixels with geometry. */
import type { FrameDecoder } from '../ports.ts';
import type { ImageIndex } from '../study/study-index.ts';
import type { Image } from '../tool.ts';
import { loadRadiograph } from './load-radiograph.ts';
import { loadVolume } from './load-volume.ts';
import type { ReadInstance } from './read-instance.ts';

/**
 * Loads an image. Geometry is settled from the headers before the first byte of pixels is read; files are read a few at a
 * time and decoded one by one.
 *
 * @throws GeometryError where the slices make no volume
 * @throws DicomReadError where a file cannot be decoded or is not the one that the index describes
 */
export function loadImage(image: ImageIndex, read: ReadInstance, decoder: FrameDecoder): Promise<Image> {
  return image.kind === 'volume' ? loadVolume(image, read, decoder) : loadRadiograph(image, read, decoder);
}
