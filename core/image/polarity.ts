/** Whether high values mean much absorption (bone white, PS3.3 C.8.11.3.1.2) or little, by what the header says. */
import type { Dataset } from '#dicom/read.ts';

export interface Polarity {
  /** Whether high values mean little absorption, so that the values are to be inverted. */
  readonly inverted: boolean;
  /** Whether the attributes contradict each other. The picture has the last word then. */
  readonly contradictory: boolean;
}

/**
 * Four attributes say it:
 *
 * - Photometric Interpretation (0028,0004): MONOCHROME1 shows low values white.
 * - Presentation LUT Shape (2050,0020): INVERSE inverts what is shown (C.11.6). In an image it belongs to MONOCHROME1 and means
 *   that one inversion, and IDENTITY belongs to MONOCHROME2 (C.8.11.3). Any other pair contradicts itself.
 * - VOI LUT Sequence (0028,3010): a table that falls inverts, too (C.11.2).
 * - Pixel Intensity Relationship Sign (0028,1041): 1 if low values mean little intensity, that is much absorption. It describes
 *   images for processing, whose values have no look yet. In images for presentation devices keep the sign of the raw image.
 */
export function polarityOf(dataset: Dataset, photometric: string): Polarity {
  const shape = dataset.text('PresentationLUTShape')?.trim().toUpperCase();
  const isMonochrome1 = photometric === 'MONOCHROME1';
  const isShapeContrary = shape === (isMonochrome1 ? 'IDENTITY' : 'INVERSE');
  const isShown = isMonochrome1 || shape === 'INVERSE';
  const inverted = isShown !== isFalling(dataset);
  const intent = dataset.text('PresentationIntentType')?.trim().toUpperCase();
  const sign = dataset.number('PixelIntensityRelationshipSign');
  if (intent !== 'FOR PROCESSING' || (sign !== 1 && sign !== -1)) return { inverted, contradictory: isShapeContrary };
  return { inverted: sign === 1, contradictory: isShapeContrary || inverted !== (sign === 1) };
}

/** Whether the first VOI LUT gives less for its last entry than for its first. */
function isFalling(dataset: Dataset): boolean {
  const [table] = dataset.items('VOILUTSequence');
  const values = table?.numbers('LUTData') ?? [];
  return (values.at(-1) ?? 0) < (values[0] ?? 0);
}
