/** The geometry of an image: ranking, its reasons and loading ask for it, and it is computed once. */
import { DicomReadError } from '#dicom/error.ts';
import { GeometryError } from '../errors.ts';
import type { ImageIndex } from '../study/study-index.ts';
import { slicesOf } from './slices.ts';
import { type VolumeGeometry, volumeGeometry } from './volume-geometry.ts';

type Answer = VolumeGeometry | GeometryError | DicomReadError;

const answers = new WeakMap<ImageIndex, Answer>();

/** The grid that a volume's slices make, or the error that says why they make none (`slicesOf`, `volumeGeometry`). */
export function geometryOf(image: ImageIndex): Answer {
  const known = answers.get(image);
  if (known !== undefined) return known;
  const answer = computed(image);
  answers.set(image, answer);
  return answer;
}

function computed(image: ImageIndex): Answer {
  try {
    return volumeGeometry(slicesOf(image));
  } catch (error) {
    if (error instanceof GeometryError || error instanceof DicomReadError) return error;
    throw error;
  }
}
