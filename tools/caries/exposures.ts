/** Finds pictures of one exposure, so that it counts once: stored for presentation and for processing, sent twice, mirrored. */
import type { Radiograph } from '#core/image/radiograph.ts';
import { turned, uprightOf } from '#core/image/upright.ts';
import { patientOrientation } from '#core/study/patient-orientation.ts';
import { resample } from './preprocess.ts';

/** DX and intra-oral images for processing (PS3.4 B.5). Their pair for presentation is what people read. */
const FOR_PROCESSING = new Set(['1.2.840.10008.5.1.4.1.1.1.1.1', '1.2.840.10008.5.1.4.1.1.1.3.1']);

/** The size of a fingerprint, whatever the size of the picture: a column is 0.13 mm of an intra-oral picture, 0.9 mm of a panoramic. */
const ROWS = 240;
const COLUMNS = 320;
/** Pictures of one exposure have the same shape, up to a rounded size. */
const SAME_SHAPE = 0.02;
/** Distance of the neighbours that a pixel is compared to. Detail of this size does not survive a second positioning. */
const REACH = 3;
/** Correlation of the detail of two pictures from which they are one exposure. Another grey scale and inversion keep it high. */
const SAME = 0.75;

interface Fingerprint {
  /** Width over height. */
  readonly aspect: number;
  readonly detail: Float32Array;
}

/** The radiographs by exposure, in order. Within one exposure, images for presentation come first. */
export function exposuresOf(radiographs: readonly Radiograph[]): readonly (readonly Radiograph[])[] {
  if (radiographs.length < 2) return radiographs.map((only) => [only]);
  const exposures: { readonly first: Fingerprint; readonly members: Radiograph[] }[] = [];
  for (const radiograph of radiographs) {
    const own = fingerprint(radiograph);
    const known = exposures.find(({ first }) => isSame(first, own));
    if (known === undefined) exposures.push({ first: own, members: [radiograph] });
    else known.members.push(radiograph);
  }
  return exposures.map(({ members }) => members.toSorted((a, b) => intent(a) - intent(b)));
}

const intent = ({ header }: Radiograph): number => (FOR_PROCESSING.has(header.SOPClassUID) ? 1 : 0);

/** For each pixel of the reduced upright picture whether it is brighter than its surroundings, −1 to 1. */
function fingerprint(source: Radiograph): Fingerprint {
  const orientation = patientOrientation(source.header);
  const upright = orientation.state === 'unreadable' ? undefined : uprightOf(orientation);
  const image = upright === undefined ? source : turned(source, upright.turn);
  const [height, width] = image.spacingMm ?? image.pixelAspect ?? [1, 1];
  const { pixels } = resample(image, ROWS, COLUMNS);
  const at = (row: number, column: number): number =>
    pixels[Math.min(ROWS - 1, Math.max(0, row)) * COLUMNS + Math.min(COLUMNS - 1, Math.max(0, column))] ?? 0;
  const detail = pixels.map((value, index) => {
    const [row, column] = [Math.floor(index / COLUMNS), index % COLUMNS];
    const around = [at(row - REACH, column), at(row + REACH, column), at(row, column - REACH), at(row, column + REACH)];
    const spread = Math.max(...around) - Math.min(...around);
    return Math.max(-1, Math.min(1, (value - around.reduce((sum, one) => sum + one, 0) / 4) / (spread + 1e-3)));
  });
  return { aspect: (image.columns * width) / (image.rows * height), detail };
}

function isSame(a: Fingerprint, b: Fingerprint): boolean {
  if (Math.abs(a.aspect / b.aspect - 1) > SAME_SHAPE) return false;
  let [both, left, right] = [0, 0, 0];
  for (let i = 0; i < a.detail.length; i++) {
    const [x, y] = [a.detail[i] ?? 0, b.detail[i] ?? 0];
    both += x * y;
    left += x * x;
    right += y * y;
  }
  return Math.abs(both) >= SAME * Math.sqrt(left * right) && left * right > 0;
}
