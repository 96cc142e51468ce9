/** The overlay picture: three sections through the middle of the brain, bare above and with coloured tissues below. */
import { drawText, type RgbImage } from '#core/image/text.ts';
import type { Volume } from '#core/image/volume.ts';
import type { KeyImage } from '#core/tool.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import { TISSUE, type TissueMap } from './tissue.ts';

const COLORS = { [TISSUE.white]: [90, 170, 255], [TISSUE.grey]: [235, 90, 80] } as const;
/** The share of the image in a coloured pixel. */
const OPACITY = 0.45;
/** This fraction of the voxels is shown white: bright marrow and fat are a few voxels and must not darken the rest. */
const WHITE_PART = 0.002;
const TEXT = [255, 255, 255] as const;
/** Heights of a line, in pixels. */
const SIDE_LINE = 22;
const LEGEND_LINE = 16;

/** The grid point of a pixel. Rows go down. */
type Section = (column: number, row: number) => readonly [x: number, y: number, z: number];

/** Axial (seen from below, the patient's right on the left), coronal (from the front) and sagittal (anterior to the left). */
export function tissuePicture(volume: Volume, head: ConformedHead, tissue: TissueMap): KeyImage {
  const [x, y, z] = middleOf(tissue);
  const flip = SIDE - 1;
  const sections: readonly Section[] = [
    (column, row) => [column, row, z],
    (column, row) => [column, y, flip - row],
    (column, row) => [x, column, flip - row],
  ];
  const image: RgbImage = { rows: 2 * SIDE, columns: 3 * SIDE, rgb: new Uint8Array(2 * SIDE * 3 * SIDE * 3) };
  const white = whiteLevel(head.values);
  for (const [index, section] of sections.entries()) {
    for (let row = 0; row < SIDE; row += 1) {
      for (let column = 0; column < SIDE; column += 1) {
        const [px, py, pz] = section(column, row);
        const shade = Math.min(255, Math.round((255 * (head.values[modelIndex(px, py, pz)] ?? 0)) / white));
        const found = tissue[(pz * SIDE + py) * SIDE + px];
        const color = found === TISSUE.white || found === TISSUE.grey ? COLORS[found] : undefined;
        const left = index * SIDE + column;
        image.rgb.set([shade, shade, shade], (row * image.columns + left) * 3);
        const mixed = (color ?? [shade, shade, shade]).map((c) => Math.round(shade * (1 - OPACITY) + c * OPACITY));
        image.rgb.set(mixed, ((row + SIDE) * image.columns + left) * 3);
      }
    }
  }
  for (const left of [0, SIDE]) drawText(image, left + 4, SIDE >> 1, 'R', TEXT, SIDE_LINE);
  drawText(image, 2 * SIDE + 4, SIDE >> 1, 'A', TEXT, SIDE_LINE);
  drawText(image, 4, image.rows - LEGEND_LINE - 4, 'grey matter red, white matter blue', TEXT, LEGEND_LINE);
  return {
    title: 'Brain in three sections, grey and white matter',
    ...image,
    sources: [...new Set(volume.frames.map(({ SOPInstanceUID }) => SOPInstanceUID))],
  };
}

/** The middle of all tissue. */
function middleOf(tissue: TissueMap): readonly [x: number, y: number, z: number] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let at = 0; at < tissue.length; at += 1) {
    if (tissue[at] === TISSUE.background) continue;
    count += 1;
    sum[0] = (sum[0] ?? 0) + (at % SIDE);
    sum[1] = (sum[1] ?? 0) + (Math.floor(at / SIDE) % SIDE);
    sum[2] = (sum[2] ?? 0) + Math.floor(at / SIDE ** 2);
  }
  const [x = 0, y = 0, z = 0] = sum.map((total) => Math.round(total / Math.max(1, count)));
  return [x, y, z];
}

/** The smallest value that is shown white. */
function whiteLevel(values: Float32Array): number {
  const histogram = new Uint32Array(1001);
  for (const value of values) {
    const bin = Math.round(value * 1000);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  let left = values.length * WHITE_PART;
  for (let bin = 1000; bin > 0; bin -= 1) {
    left -= histogram[bin] ?? 0;
    if (left < 0) return bin / 1000;
  }
  return 1;
}
