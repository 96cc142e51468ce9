/** Where segments lie. OHIF's own centres are wrong on images that are not square. */

/** Stands for all segments together, as 0 is no Segment Number. */
export const ALL = 0;

/**
 * A voxel of a segment: in the middle of the segment, and never outside it, as the centre of a curved one may be.
 *
 * @typedef {object} SegmentCenter
 * @property {number} number of the segment
 * @property {string} imageId of the image that the voxel is on
 * @property {readonly number[] | undefined} world in mm; undefined where the image has no position in the patient
 * @property {readonly number[]} image column, row and number of the image among the loaded ones
 */

/**
 * The centres of all segments of a loaded segmentation, by Segment Number.
 *
 * @param {any} segmentation OHIF's display set of the SEG
 * @param {(imageId: string) => any} attributesOf an image's, or a frame's of an Enhanced one: OHIF has a frame's position only by its imageId
 * @returns {ReadonlyMap<number, SegmentCenter>}
 */
export function segmentCenters(segmentation, attributesOf) {
  const slices = (segmentation.labelMapImages ?? []).flat().map(sliceOf);
  const numbers = new Set(slices.flatMap(({ sums }) => [...sums.keys()]));
  return new Map([...numbers].map((number) => [number, centerOf(number, slices, attributesOf)]));
}

/** How many pixels each segment has on a slice, and the sums of their columns and rows. */
function sliceOf({ voxelManager, referencedImageId, columns }, index) {
  const numbers = voxelManager.getScalarData();
  // Typed, since a scan has many millions of pixels.
  const length = numbers.reduce((most, number) => Math.max(most, number), 0) + 1;
  const [counts, columnSums, rowSums] = [0, 1, 2].map(() => new Float64Array(length));
  for (let pixel = 0, column = 0, row = 0; pixel < numbers.length; pixel++) {
    const number = numbers[pixel];
    if (number !== 0) {
      counts[number] += 1;
      columnSums[number] += column;
      rowSums[number] += row;
    }
    column += 1;
    if (column === columns) [column, row] = [0, row + 1];
  }
  const sums = new Map();
  for (let number = 1; number < length; number++) {
    const sum = { count: counts[number], column: columnSums[number], row: rowSums[number] };
    if (sum.count === 0) continue;
    const all = sums.get(ALL) ?? { count: 0, column: 0, row: 0 };
    sums.set(ALL, { count: all.count + sum.count, column: all.column + sum.column, row: all.row + sum.row });
    sums.set(number, sum);
  }
  return { numbers, columns, imageId: referencedImageId, index, sums };
}

function centerOf(number, slices, attributesOf) {
  const { sums, columns, numbers, imageId, index } = middleSlice(number, slices);
  const { count, column: columnSum, row: rowSum } = sums.get(number);
  const [x, y] = [columnSum / count, rowSum / count];
  let [nearest, least] = [0, Number.POSITIVE_INFINITY];
  for (let pixel = 0; pixel < numbers.length; pixel++) {
    if (number === ALL ? numbers[pixel] === 0 : numbers[pixel] !== number) continue;
    const distance = ((pixel % columns) - x) ** 2 + (Math.floor(pixel / columns) - y) ** 2;
    if (distance < least) [nearest, least] = [pixel, distance];
  }
  const [column, row] = [nearest % columns, Math.floor(nearest / columns)];
  const world = worldOf(attributesOf(imageId), column, row);
  return { number: numbers[nearest], imageId, image: [column, row, index], world };
}

/** The slice that halves a segment's voxels. */
function middleSlice(number, slices) {
  const counts = slices.map(({ sums }) => sums.get(number)?.count ?? 0);
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let before = 0;
  return slices.find((_, index) => {
    before += counts[index];
    return before >= half;
  });
}

/** The position of a pixel's centre (PS3.3 C.7.6.2.1.1). */
function worldOf({ ImagePositionPatient, ImageOrientationPatient, PixelSpacing } = {}, column, row) {
  if (!ImagePositionPatient || !ImageOrientationPatient || !PixelSpacing) return undefined;
  const [rowSpacing, columnSpacing] = PixelSpacing.map(Number);
  return [0, 1, 2].map(
    (axis) =>
      Number(ImagePositionPatient[axis]) +
      Number(ImageOrientationPatient[axis]) * columnSpacing * column +
      Number(ImageOrientationPatient[axis + 3]) * rowSpacing * row,
  );
}
