/** The overlay picture: three sections through the middle of the brain, bare above and with coloured tissues below. */
import { blank, WHITE } from '#core/image/paint.ts';
import { drawPlate } from '#core/image/plate.ts';
import { drawText, textWidth } from '#core/image/text.ts';
import type { Volume } from '#core/image/volume.ts';
import type { KeyImage } from '#core/tool.ts';
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import { labelOf, TISSUES, type Tissues } from './report.ts';
import { TISSUE, type TissueMap } from './tissue.ts';

const COLORS = new Map(TISSUES.map(({ key, rgb }) => [TISSUE[key] as number, rgb]));
/** The share of the image in a coloured pixel. */
const OPACITY = 0.45;
/** This fraction of the voxels is shown white: bright marrow and fat are a few voxels and must not darken the rest. */
const WHITE_PART = 0.002;
/** Height of a line, in pixels. */
const LINE = 20;
const MARGIN = 4;
/** What the sections are, and the patient's directions at their left and right. */
const SECTIONS = [
  { name: 'axial', left: 'R', right: 'L' },
  { name: 'coronal', left: 'R', right: 'L' },
  { name: 'sagittal', left: 'A', right: 'P' },
] as const;

/** The grid point of a pixel. Rows go down. */
type Section = (column: number, row: number) => readonly [x: number, y: number, z: number];

/** Axial (seen from below, the patient's right on the left), coronal (from the front) and sagittal (anterior to the left). */
export function tissuePicture(volume: Volume, head: ConformedHead, tissue: TissueMap, tissues: Tissues): KeyImage {
  const [x, y, z] = middleOf(tissue);
  const flip = SIDE - 1;
  const sections: readonly Section[] = [
    (column, row) => [column, row, z],
    (column, row) => [column, y, flip - row],
    (column, row) => [x, column, flip - row],
  ];
  const image = blank(2 * SIDE, 3 * SIDE);
  const white = whiteLevel(head.values);
  for (const [index, section] of sections.entries()) {
    for (let row = 0; row < SIDE; row += 1) {
      for (let column = 0; column < SIDE; column += 1) {
        const [px, py, pz] = section(column, row);
        const shade = Math.min(255, Math.round((255 * (head.values[modelIndex(px, py, pz)] ?? 0)) / white));
        const color = COLORS.get(tissue[(pz * SIDE + py) * SIDE + px] ?? TISSUE.background);
        const left = index * SIDE + column;
        image.rgb.set([shade, shade, shade], (row * image.columns + left) * 3);
        const mixed = (color ?? [shade, shade, shade]).map((c) => Math.round(shade * (1 - OPACITY) + c * OPACITY));
        image.rgb.set(mixed, ((row + SIDE) * image.columns + left) * 3);
      }
    }
  }
  for (const [index, { name, left, right }] of SECTIONS.entries()) {
    const [from, to] = [index * SIDE + MARGIN, (index + 1) * SIDE - MARGIN];
    drawText(image, from, MARGIN, name, WHITE, LINE);
    for (const top of [SIDE >> 1, (3 * SIDE) >> 1]) {
      drawText(image, from, top, left, WHITE, LINE, true);
      drawText(image, to - textWidth(right, LINE, true), top, right, WHITE, LINE, true);
    }
  }
  const plate = drawPlate({
    ...{ picture: image, labels: [], labelled: 'beside', mmPerPixel: 1 },
    legend: TISSUES.map(({ key, label, rgb }) => ({ text: labelOf(label, tissues[key]), color: rgb })),
  });
  return {
    title: 'Grey and white matter in three sections through the middle of the brain',
    ...plate,
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
