/** The key image of a result whose tool brings none: the frame with the worst finding, or the middle of the image. */
import { directionsOfRadiograph, directionsOfSlice } from '../image/directions.ts';
import { greyImage } from '../image/paint.ts';
import { resamplePlane } from '../image/plane.ts';
import { type Directions, drawPlate, type LegendEntry } from '../image/plate.ts';
import type { Volume } from '../image/volume.ts';
import { ctWindow, quantileWindow, shadeOf, type Window } from '../image/window.ts';
import { frameKey } from '../study/frames.ts';
import type { Finding, Image, KeyImage, ResultContent, Severity } from '../tool.ts';
import { isSet } from './bits.ts';
import { type Mark, marksOn, nameOf, type Scale } from './marks.ts';
import { isAbnormal, SEVERITIES } from './severity.ts';
import { type View, viewOf } from './view.ts';

/** The longer side of the picture, in pixels: smaller frames are enlarged, larger ones reduced. */
const LONGEST = { least: 640, most: 1000 } as const;
/** The parts of MR's and of radiographs' values that are shown black and white. */
const QUANTILES = {
  volume: { low: 0.01, high: 0.995 },
  radiograph: { low: 0.005, high: 0.998 },
} as const;
/** More findings in a sentence help no reader. */
const MOST_NAMED = 3;

/** @returns undefined where there is no image to draw */
export function defaultPicture(
  { findings, segments, summary }: Pick<ResultContent, 'findings' | 'segments' | 'summary'>,
  images: readonly Image[],
): KeyImage | undefined {
  const view = viewOf(findings, segments, images);
  if (view === undefined) return undefined;
  const { image, frame } = view;
  const [height, width] = pixelShape(image);
  const longest = Math.max(image.columns * width, image.rows * height);
  const perUnit = Math.min(LONGEST.most, Math.max(LONGEST.least, longest / Math.min(width, height))) / longest;
  const columns = Math.max(1, Math.round(image.columns * width * perUnit));
  const rows = Math.max(1, Math.round(image.rows * height * perUnit));
  const scale: Scale = [columns / image.columns, rows / image.rows];
  const marks = marksOn(view, findings, segments, scale);
  const values = valuesOf(view);
  const window = windowOf(view, values, () => markedValues(view, values, marks, segments, scale));
  const { pixels } = resamplePlane({ rows: image.rows, columns: image.columns, pixels: values }, rows, columns);
  const picture = greyImage(rows, columns, (index) => shadeOf(pixels[index] ?? 0, window));
  // The worst is drawn last, over the others.
  for (const mark of marks.toReversed()) mark.draw(picture);
  const plate = drawPlate({
    picture,
    labels: marks.map(({ text, color, target, finding }) => ({
      ...{ text, color, target },
      emphasised: isAbnormal(finding?.severity),
    })),
    labelled: 'right',
    directions: directionsOf(view),
    ...(image.kind === 'volume' && { mmPerPixel: 1 / perUnit }),
    legend: legendOf(marks),
    notes: [
      ...(frame.frameNumber === undefined ? [] : [`Frame ${frame.frameNumber} is shown.`]),
      ...notDrawn(findings.filter((finding) => !marks.some((mark) => mark.finding === finding))),
    ],
  });
  return { title: summary, ...plate, sources: [frame.SOPInstanceUID] };
}

/** Height and width of a pixel, in mm or in another unit. */
function pixelShape(image: Image): readonly [height: number, width: number] {
  if (image.kind === 'volume') return [image.spacingMm[1], image.spacingMm[0]];
  return image.spacingMm ?? image.pixelAspect ?? [1, 1];
}

function valuesOf(view: View): Float32Array {
  if (!('slice' in view)) return view.image.pixels;
  const { rows, columns, voxels } = view.image;
  return Float32Array.from(voxels.subarray(view.slice * rows * columns, (view.slice + 1) * rows * columns));
}

function windowOf(view: View, values: Float32Array, marked: () => readonly number[]): Window {
  if (!('slice' in view)) return quantileWindow(values, QUANTILES.radiograph);
  if (view.image.Modality !== 'CT') return quantileWindow(values, QUANTILES.volume);
  return ctWindow(marked());
}

/** Around a mark without a mask, so many pixels of the frame are looked at, too: a point has none of its own. */
const AROUND = 4;

/** Values in the mask of the worst mark; without a mask, those around it. Empty if nothing is marked. */
function markedValues(
  { image, frame }: View,
  values: Float32Array,
  [worst]: readonly Mark[],
  segments: ResultContent['segments'],
  [perColumn, perRow]: Scale,
): readonly number[] {
  if (worst === undefined) return [];
  const key = frameKey(frame);
  const segment = segments.find(({ number }) => number === worst.finding?.segmentNumber);
  const mask = segment?.frames.find((one) => frameKey(one) === key);
  if (mask !== undefined) return [...values].filter((_, at) => isSet(mask.bits, at));
  const [left, right] = [worst.target.left / perColumn - AROUND, worst.target.right / perColumn + AROUND];
  const [top, bottom] = [worst.target.top / perRow - AROUND, worst.target.bottom / perRow + AROUND];
  return [...values].filter((_, at) => {
    const [column, row] = [(at % image.columns) + 0.5, Math.floor(at / image.columns) + 0.5];
    return column >= left && column <= right && row >= top && row <= bottom;
  });
}

function directionsOf({ image }: View): Directions {
  return image.kind === 'volume' ? ofVolume(image) : directionsOfRadiograph(image.header);
}

const ofVolume = ({ columnDirection, rowDirection }: Volume): Directions =>
  directionsOfSlice(columnDirection, rowDirection);

/** The severities that occur in the picture. */
function legendOf(marks: readonly Mark[]): readonly LegendEntry[] {
  const found = new Set(marks.map(({ finding }) => finding?.severity));
  return Object.entries(SEVERITIES)
    .filter(([severity]) => found.has(severity as Severity))
    .map(([severity, { word, rgb }]) => ({ text: word, color: rgb, dotted: severity === 'not-judged' }));
}

/** Findings that are not drawn: a picture must not look as if it showed them all. */
function notDrawn(hidden: readonly Finding[]): readonly string[] {
  const hasPlace = ({ segmentNumber, position, regions = [] }: Finding): boolean =>
    segmentNumber !== undefined || position !== undefined || regions.length > 0;
  return [
    ...named(
      'Image as a whole',
      hidden.filter((finding) => !hasPlace(finding)),
    ),
    ...named('Also found, not on this image', hidden.filter(hasPlace)),
  ];
}

function named(lead: string, findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0) return [];
  const more = findings.length > MOST_NAMED ? `; and ${findings.length - MOST_NAMED} more` : '';
  return [`${lead}: ${findings.slice(0, MOST_NAMED).map(nameOf).join('; ')}${more}.`];
}
