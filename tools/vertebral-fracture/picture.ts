/** The overlay picture: the spine cut along its own curve, with each body's name and its outline in the colour of its grade. */
import { resample, toVoxel } from '#core/image/resample.ts';
import { drawText, type Rgb, type RgbImage, textWidth } from '#core/image/text.ts';
import type { Volume } from '#core/image/volume.ts';
import type { KeyImage } from '#core/tool.ts';
import type { SpineBodies } from './bodies.ts';
import type { Assessment } from './report.ts';
import type { SpineMap } from './segment.ts';

/** Grade 0 to 3: green, yellow, orange, red. */
const GRADE_COLORS: readonly Rgb[] = [
  [90, 200, 120],
  [240, 220, 70],
  [245, 150, 40],
  [235, 60, 60],
];
/** For bodies without a grade. Their outline is also dotted, for readers who do not see colours. */
const GREY: Rgb = [170, 170, 170];
/** mm per pixel, and the bone window (HU). */
const PIXEL_MM = 0.75;
const WINDOW = { center: 350, width: 1300 } as const;
/** Height of a label's line, in pixels of the picture. */
const LABEL_LINE = 22;

/** Draws the curved mid-sagittal picture: head up, anterior to the left. */
export function spinePicture(
  volume: Volume,
  map: SpineMap,
  spine: SpineBodies,
  assessments: readonly Assessment[],
): KeyImage {
  const { grid } = map;
  const columns = Math.round((grid.rows * grid.spacingMm[1]) / PIXEL_MM);
  const rows = Math.round((grid.slices * grid.spacingMm[2]) / PIXEL_MM);
  const image: RgbImage = { rows, columns, rgb: new Uint8Array(rows * columns * 3) };
  const sources = new Set<string>();
  const labelAt = (row: number, column: number): number => {
    const z = Math.round(((rows - 1 - row) * PIXEL_MM) / grid.spacingMm[2]);
    const y = Math.round((column * PIXEL_MM) / grid.spacingMm[1]);
    const x = midlineAt(spine, grid.origin[2] + z * grid.spacingMm[2]);
    const plane = Math.round((x - grid.origin[0]) / grid.spacingMm[0]);
    if (plane < 0 || plane >= grid.columns || z >= grid.slices || y >= grid.rows) return 0;
    return spine.labels[(plane * grid.slices + z) * grid.rows + y] ?? 0;
  };

  for (let row = 0; row < rows; row += 1) {
    const z = grid.origin[2] + (rows - 1 - row) * PIXEL_MM;
    const x = midlineAt(spine, z);
    const line = resample(
      volume,
      {
        columns: 1,
        rows: columns,
        slices: 1,
        spacingMm: [PIXEL_MM, PIXEL_MM, PIXEL_MM],
        origin: [x, grid.origin[1], z],
      },
      -1024,
    );
    for (let column = 0; column < columns; column += 1) {
      const shade = ((line[column] ?? 0) - WINDOW.center) / WINDOW.width + 0.5;
      const label = labelAt(row, column);
      const edge =
        label !== 0 &&
        [labelAt(row - 1, column), labelAt(row + 1, column), labelAt(row, column - 1), labelAt(row, column + 1)].some(
          (other) => other !== label,
        );
      const assessed = edge ? assessments.find(({ body }) => body.label === label) : undefined;
      const outlined = assessed?.graded !== undefined || isDot(row, column) ? assessed : undefined;
      const grey = Math.round(255 * Math.min(1, Math.max(0, shade)));
      image.rgb.set(outlined ? colorOf(outlined) : [grey, grey, grey], (row * columns + column) * 3);
    }
    const slice = Math.round(toVoxel(volume, [x, grid.origin[1], z])[2]);
    const source = volume.frames[slice];
    if (source !== undefined) sources.add(source.SOPInstanceUID);
  }
  for (const assessment of assessments) {
    const { name, position, graded } = assessment;
    const back = graded?.heights.depthMm ?? 30;
    const [, y, z] = position;
    const column = (y + back / 2 + 30 - grid.origin[1]) / PIXEL_MM;
    const row = rows - 1 - (z - grid.origin[2]) / PIXEL_MM;
    const grade = graded?.grading.grade;
    const text = grade === 0 ? name.id : `${name.id} ${grade === undefined ? '?' : `G${grade}`}`;
    // A label that the edge cuts off would lose the mark that there is no grade.
    const left = Math.max(0, Math.min(Math.round(column), columns - textWidth(text, LABEL_LINE)));
    const top = Math.max(0, Math.min(Math.round(row - LABEL_LINE / 2), rows - LABEL_LINE));
    drawText(image, left, top, text, colorOf(assessment), LABEL_LINE);
  }
  return {
    title: 'Spine along its curve, bodies coloured by Genant grade (dotted: no grade)',
    rows,
    columns,
    rgb: image.rgb,
    sources: [...sources],
  };
}

function colorOf({ graded }: Assessment): Rgb {
  return (graded && GRADE_COLORS[graded.grading.grade]) ?? GREY;
}

/** Three pixels on and three off, along rows as well as columns. */
const isDot = (row: number, column: number): boolean => (row + column) % 6 < 3;

/** x of the spine at height z: interpolated between the bodies' middles, constant beyond them. */
function midlineAt({ bodies }: SpineBodies, z: number): number {
  const above = bodies.findIndex(({ centre }) => centre[2] >= z);
  const upper = bodies[above === -1 ? bodies.length - 1 : above]?.centre;
  const lower = bodies[above === -1 ? bodies.length - 1 : above - 1]?.centre;
  if (upper === undefined) return 0;
  if (lower === undefined || lower === upper) return upper[0];
  return lower[0] + ((upper[0] - lower[0]) * (z - lower[2])) / (upper[2] - lower[2]);
}
