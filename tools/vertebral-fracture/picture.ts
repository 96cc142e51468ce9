/** The overlay picture: the spine cut along its own curve, with each body's outline and label in the colour of its severity. */
import type { PointLps } from '#core/image/geometry.ts';
import type { Label } from '#core/image/labels.ts';
import { type Box, drawBorder, greyImage } from '#core/image/paint.ts';
import { drawPlate } from '#core/image/plate.ts';
import { resample, toVoxel } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { isAbnormal, SEVERITIES } from '#core/results/severity.ts';
import type { KeyImage, Severity } from '#core/tool.ts';
import type { SpineBodies } from './bodies.ts';
import { type Assessment, LEGEND, labelOf, severityOf } from './report.ts';
import type { SpineMap } from './segment.ts';

/** The bone window (HU). */
const WINDOW = { center: 350, width: 1300 } as const;
/** What is shown beyond the bodies' middles, mm: the bodies with what lies before them, the spinous processes, and a body more at the ends. */
const AROUND = { before: 65, behind: 80, ends: 45 } as const;
/** The picture has this many rows where its pixels are then neither finer nor coarser than any scan's. */
const ROWS = 900;
const PIXEL_MM = { least: 0.3, most: 0.8 } as const;

/** The part of the plane that is shown, along the patient's axes. */
interface Field {
  readonly rows: number;
  readonly columns: number;
  readonly pixelMm: number;
  /** Coordinates of the first column, which is anterior, and of the first row, which is the highest. */
  readonly y: number;
  readonly z: number;
}

/** Draws the curved mid-sagittal picture: head up, anterior to the left. */
export function spinePicture(
  volume: Volume,
  map: SpineMap,
  spine: SpineBodies,
  assessments: readonly Assessment[],
): KeyImage {
  const field = fieldOf(map, spine);
  const { rows, columns, pixelMm } = field;
  const shades = new Uint8Array(rows * columns);
  const sources = new Set<string>();
  for (let row = 0; row < rows; row += 1) {
    const z = field.z - row * pixelMm;
    const origin = [midlineAt(spine, z), field.y, z] as const;
    const grid = { columns: 1, rows: columns, slices: 1, spacingMm: [pixelMm, pixelMm, pixelMm] as const, origin };
    shades.set(
      resample(volume, grid, -1024).map((value) =>
        Math.round(255 * Math.min(1, Math.max(0, (value - WINDOW.center) / WINDOW.width + 0.5))),
      ),
      row * columns,
    );
    for (const uid of sourcesOfRow(volume, origin, field)) sources.add(uid);
  }
  const picture = greyImage(rows, columns, (index) => shades[index] ?? 0);
  const bodies = bodiesIn(field, map, spine);
  const labels = assessments.flatMap((one): readonly (Label & { readonly severity: Severity })[] => {
    const target = bodies.boxes.get(one.body.label);
    if (target === undefined) return [];
    const severity = severityOf(one);
    const color = SEVERITIES[severity].rgb;
    const isInside = (column: number, row: number): boolean =>
      column >= 0 && column < columns && bodies.labels[row * columns + column] === one.body.label;
    drawBorder(picture, target, isInside, { color, width: 2, dotted: severity === 'not-judged' });
    return [{ text: labelOf(one), color, target, emphasised: isAbnormal(severity), severity }];
  });
  const plate = drawPlate({
    picture,
    labels: labels.toSorted((a, b) => rankOf(a.severity) - rankOf(b.severity)),
    labelled: 'left',
    directions: { left: 'A', right: 'P', top: 'H', bottom: 'F' },
    mmPerPixel: pixelMm,
    legend: SEVERITY_NAMES.filter((name) => labels.some(({ severity }) => severity === name)).map((name) => ({
      text: LEGEND[name],
      color: SEVERITIES[name].rgb,
      dotted: name === 'not-judged',
    })),
  });
  return { title: 'Vertebral bodies: spine along its curve, from the side', ...plate, sources: [...sources] };
}

/** The images that a row lies on: one of an axial series, many of a coronal one. */
function sourcesOfRow(volume: Volume, [x, y, z]: PointLps, { columns, pixelMm }: Field): readonly string[] {
  const ends = [y, y + (columns - 1) * pixelMm].map((at) => Math.round(toVoxel(volume, [x, at, z])[2]));
  const [first, last] = [Math.max(0, Math.min(...ends)), Math.max(...ends)];
  return volume.frames.slice(first, Math.max(0, last + 1)).map(({ SOPInstanceUID }) => SOPInstanceUID);
}

/** From worst to best. */
const SEVERITY_NAMES = Object.keys(SEVERITIES) as readonly Severity[];
const rankOf = (severity: Severity): number => SEVERITY_NAMES.indexOf(severity);

function fieldOf({ grid }: SpineMap, { bodies }: SpineBodies): Field {
  const [ys, zs] = [bodies.map(({ centre }) => centre[1]), bodies.map(({ centre }) => centre[2])];
  const { origin, spacingMm } = grid;
  const front = Math.max(origin[1], Math.min(...ys) - AROUND.before);
  const back = Math.min(origin[1] + (grid.rows - 1) * spacingMm[1], Math.max(...ys) + AROUND.behind);
  const low = Math.max(origin[2], Math.min(...zs) - AROUND.ends);
  const high = Math.min(origin[2] + (grid.slices - 1) * spacingMm[2], Math.max(...zs) + AROUND.ends);
  const pixelMm = Math.min(PIXEL_MM.most, Math.max(PIXEL_MM.least, (high - low) / ROWS));
  const count = (mm: number): number => Math.max(1, Math.floor(mm / pixelMm));
  return { rows: count(high - low), columns: count(back - front), pixelMm, y: front, z: high };
}

/** The bodies' labels by pixel of the field, and the box of each. */
function bodiesIn({ rows, columns, pixelMm, y, z }: Field, { grid }: SpineMap, spine: SpineBodies) {
  const labels = new Int32Array(rows * columns);
  const boxes = new Map<number, Box>();
  const { origin, spacingMm } = grid;
  for (let row = 0; row < rows; row += 1) {
    const slice = Math.round((z - row * pixelMm - origin[2]) / spacingMm[2]);
    const plane = Math.round((midlineAt(spine, origin[2] + slice * spacingMm[2]) - origin[0]) / spacingMm[0]);
    if (plane < 0 || plane >= grid.columns) continue;
    for (let column = 0; column < columns; column += 1) {
      const line = Math.round((y + column * pixelMm - origin[1]) / spacingMm[1]);
      const label = spine.labels[(plane * grid.slices + slice) * grid.rows + line] ?? 0;
      if (label === 0) continue;
      labels[row * columns + column] = label;
      const box = boxes.get(label) ?? { left: column, top: row, right: column + 1, bottom: row + 1 };
      boxes.set(label, {
        left: Math.min(box.left, column),
        top: box.top,
        right: Math.max(box.right, column + 1),
        bottom: row + 1,
      });
    }
  }
  return { labels, boxes };
}

/** x of the spine at height z: interpolated between the bodies' middles, constant beyond them. */
function midlineAt({ bodies }: SpineBodies, z: number): number {
  const above = bodies.findIndex(({ centre }) => centre[2] >= z);
  const upper = bodies[above === -1 ? bodies.length - 1 : above]?.centre;
  const lower = bodies[above === -1 ? bodies.length - 1 : above - 1]?.centre;
  if (upper === undefined) return 0;
  if (lower === undefined || lower === upper) return upper[0];
  return lower[0] + ((upper[0] - lower[0]) * (z - lower[2])) / (upper[2] - lower[2]);
}
