/**
 * Finds pictures of one exposure, so that it counts once: stored for presentation and for processing, sent twice, mirrored, cropped.
 */
import { resamplePlane } from '#core/image/plane.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { turned, uprightOf } from '#core/image/upright.ts';
import { patientOrientation } from '#core/study/patient-orientation.ts';

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

/** A crop shows at least this part of the whole, in width and in height. A second exposure of the same teeth shows others, too. */
const LEAST_PART = 0.6;
/** Its correlation. Up to half a pixel from the grid of the whole it falls to 0.7; of other exposures none is above 0.15. */
const SAME_CROP = 0.6;
/** Places of a crop are tried on every third pixel. */
const STRIDE = 3;

interface Detail {
  readonly rows: number;
  readonly columns: number;
  /** For each pixel whether it is brighter than its surroundings, −1 to 1. */
  readonly values: Float32Array;
}

interface Fingerprint {
  /** The whole upright picture. */
  readonly image: Radiograph;
  /** Its width and height: mm, or pixels where nothing gives their size. */
  readonly size: readonly [width: number, height: number];
  readonly detail: Detail;
}

/** The radiographs by exposure, in order. Within one exposure, images for presentation come first, and whole ones before crops. */
export function exposuresOf(radiographs: readonly Radiograph[]): readonly (readonly Radiograph[])[] {
  if (radiographs.length < 2) return radiographs.map((only) => [only]);
  const exposures: { readonly first: Fingerprint; readonly members: Radiograph[] }[] = [];
  for (const radiograph of radiographs) {
    const own = fingerprint(radiograph);
    const known = exposures.find(({ first }) => isSame(first, own) || isCrop(first, own) || isCrop(own, first));
    if (known === undefined) exposures.push({ first: own, members: [radiograph] });
    else known.members.push(radiograph);
  }
  return exposures.map(({ members }) => members.toSorted((a, b) => intent(a) - intent(b) || pixels(b) - pixels(a)));
}

const pixels = ({ rows, columns }: Radiograph): number => rows * columns;

const intent = ({ header }: Radiograph): number => (FOR_PROCESSING.has(header.SOPClassUID) ? 1 : 0);

function fingerprint(source: Radiograph): Fingerprint {
  const orientation = patientOrientation(source.header);
  const upright = orientation.state === 'unreadable' ? undefined : uprightOf(orientation);
  const image = upright === undefined ? source : turned(source, upright.turn);
  const [height, width] = image.spacingMm ?? image.pixelAspect ?? [1, 1];
  return { image, size: [image.columns * width, image.rows * height], detail: detailOf(image, ROWS, COLUMNS) };
}

function detailOf(image: Radiograph, rows: number, columns: number): Detail {
  const plane = resamplePlane(image, rows, columns).pixels;
  const at = (row: number, column: number): number =>
    plane[Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column))] ?? 0;
  const values = plane.map((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const around = [at(row - REACH, column), at(row + REACH, column), at(row, column - REACH), at(row, column + REACH)];
    const spread = Math.max(...around) - Math.min(...around);
    return Math.max(-1, Math.min(1, (value - around.reduce((sum, one) => sum + one, 0) / 4) / (spread + 1e-3)));
  });
  return { rows, columns, values };
}

function isSame(a: Fingerprint, b: Fingerprint): boolean {
  const aspect = ({ size: [width, height] }: Fingerprint): number => width / height;
  return Math.abs(aspect(a) / aspect(b) - 1) <= SAME_SHAPE && likeness(a.detail, b.detail, [0, 0], 1) >= SAME;
}

/** Whether `part` is cut out of `whole`. Both must tell the size of their pixels, which is the only thing that says at what scale. */
function isCrop(whole: Fingerprint, part: Fingerprint): boolean {
  if (whole.image.spacingMm === undefined || part.image.spacingMm === undefined) return false;
  const { detail } = whole;
  const columns = Math.round((detail.columns * part.size[0]) / whole.size[0]);
  const rows = Math.round((detail.rows * part.size[1]) / whole.size[1]);
  const fits = columns <= detail.columns && rows <= detail.rows && columns * rows < detail.columns * detail.rows;
  if (!fits || columns < LEAST_PART * detail.columns || rows < LEAST_PART * detail.rows) return false;
  const cut = detailOf(part.image, rows, columns);
  for (let down = 0; down <= detail.rows - rows; down += 1) {
    for (let across = 0; across <= detail.columns - columns; across += 1) {
      const isLike = likeness(detail, cut, [down, across], STRIDE) >= SAME_CROP;
      if (isLike && likeness(detail, cut, [down, across], 1) >= SAME_CROP) return true;
    }
  }
  return false;
}

/** Correlation of the detail of `part` with that of `whole` at a place of it, whichever of the two is inverted. */
function likeness(whole: Detail, part: Detail, [down, across]: readonly [number, number], stride: number): number {
  let [both, left, right] = [0, 0, 0];
  for (let row = 0; row < part.rows; row += stride) {
    for (let column = 0; column < part.columns; column += stride) {
      const x = whole.values[(row + down) * whole.columns + column + across] ?? 0;
      const y = part.values[row * part.columns + column] ?? 0;
      both += x * y;
      left += x * x;
      right += y * y;
    }
  }
  return left * right > 0 ? Math.abs(both) / Math.sqrt(left * right) : 0;
}
