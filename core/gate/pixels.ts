/** The pixel data must match its description (PS3.3 C.7.6.3, PS3.5 8.1.1). */
import { numbersOf, textOf } from './attribute-values.ts';
import type { Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

/** Samples per pixel by Photometric Interpretation; one where it is not listed. */
const SAMPLES: Readonly<Record<string, number>> = { RGB: 3 };

export function checkPixels({ attributes }: Whole, refuse: Refuse): void {
  const { PixelData } = attributes;
  if (PixelData === undefined) return;
  const number = (keyword: string, absent = 0): number => numbersOf(attributes[keyword])[0] ?? absent;
  const [stored, allocated, samples] = [number('BitsStored'), number('BitsAllocated'), number('SamplesPerPixel')];
  if (stored > allocated || stored < 1) refuse('pixel-description', 'BitsStored');
  if (number('HighBit') !== stored - 1) refuse('pixel-description', 'HighBit');
  if (samples !== (SAMPLES[textOf(attributes['PhotometricInterpretation']) ?? ''] ?? 1))
    refuse('pixel-description', 'SamplesPerPixel');
  if (![0, 1].includes(number('PixelRepresentation', -1))) refuse('pixel-description', 'PixelRepresentation');
  const bits = number('Rows') * number('Columns') * number('NumberOfFrames', 1) * samples * allocated;
  const length = PixelData instanceof Uint8Array ? PixelData.length : 0;
  // The writer pads to even length.
  if (bits === 0 || length !== Math.ceil(bits / 8)) refuse('pixel-length', 'PixelData');
}
