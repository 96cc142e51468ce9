/** The section of docs/benchmarks.md on opening a study in the viewer. */
import { machine } from '../page.ts';
import { row, spread } from '../statistics.ts';

/** After the clicks. */
export const MASK_PATIENCE_S = 30;

export interface OpeningTimes {
  readonly pictureS: number;
  /** Undefined if no mask was seen in time. */
  readonly maskS: number | undefined;
}

export interface MeasuredOpening {
  readonly study: string;
  readonly viewer: string;
  readonly profile: 'cold' | 'warm';
  readonly times: readonly OpeningTimes[];
}

export interface ViewerMeasurements {
  readonly measured: readonly MeasuredOpening[];
  readonly repetitions: number;
  /** The machine's load average over the last minute, before and after. */
  readonly load: readonly [before: number, after: number];
}

/** The section, as Markdown. */
export function describeViewer({ measured, repetitions, load: [before, after] }: ViewerMeasurements): string {
  return `## Opening a study in the viewer

Time from opening a study's address to the first picture, and to the first pixels of a mask, as the canvases of the page show them: median (min–max) of ${repetitions} repetitions. "Cold" is a browser with a
new profile, "warm" a new browser with the profile of the cold one. Chromium without a graphics card, Orthanc, and the viewer are on one machine. Each repetition measures all rows one after the other. For comparison, OHIF as
it comes, without Hilum's extension: its masks need clicks (the segmentation, "Yes" and, if the picture has no part of a mask, a segment), which the bench makes at once and a person does not. On
images that are not square, OHIF goes to a wrong place for a segment, so that its mask may not be seen. The load average was
${before.toFixed(1)} before and ${after.toFixed(1)} after: where it is above the number of processors, the times are for a good part those of other programs.

${machine()}

| study | viewer | profile | first picture, s | first mask, s |
|---|---|---|---|---|
${measured.map(rowOf).join('\n')}
`;
}

function rowOf({ study, viewer, profile, times }: MeasuredOpening): string {
  const masks = times.map(({ maskS }) => maskS).filter((time) => time !== undefined);
  const unseen = times.length - masks.length;
  const pictures = times.map(({ pictureS }) => pictureS);
  const mask = `${spread(masks, 1)}${unseen === 0 ? '' : ` (${unseen} of ${times.length} not seen within ${MASK_PATIENCE_S} s)`}`;
  return row(study, viewer, profile, spread(pictures, 1), mask);
}
