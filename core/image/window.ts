/** The grey values that a picture shows: from the one shown black to the one shown white. */

export type Window = readonly [black: number, white: number];

/** Hounsfield units. The window of bone, lung and soft tissue, by what is marked. */
const CT_WINDOWS = { bone: [-300, 1000], lung: [-1350, 150], soft: [-160, 240] } as const;
/** Where the middle of the marked values tells bone or lung. */
const LEAST_BONE = 150;
const MOST_LUNG = -400;

/** The window for a slice of CT. @param marked values that the picture is about; without any, soft tissue is shown */
export function ctWindow(marked: readonly number[]): Window {
  const middle = marked.toSorted((a, b) => a - b)[marked.length >> 1];
  if (middle === undefined) return CT_WINDOWS.soft;
  if (middle >= LEAST_BONE) return CT_WINDOWS.bone;
  return middle <= MOST_LUNG ? CT_WINDOWS.lung : CT_WINDOWS.soft;
}

/** Enough pixels to know the values of a picture. */
const SAMPLED = 20_000;

/** From the darkest `low` to the brightest part above `high` of the values above the least one, which is background. */
export function quantileWindow(
  values: Float32Array | Int16Array,
  { low, high }: { readonly low: number; readonly high: number },
): Window {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < least) least = value;
  const sample: number[] = [];
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  for (let index = 0; index < values.length; index += step) {
    const value = values[index] ?? least;
    if (value > least) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const at = (share: number): number => sample[Math.floor(share * (sample.length - 1))] ?? 0;
  return [at(low), at(high)];
}

/** The shade of a value, 0 to 255. */
export function shadeOf(value: number, [black, white]: Window): number {
  return Math.round(255 * Math.min(1, Math.max(0, (value - black) / Math.max(1e-6, white - black))));
}
