/** A dental phantom as the image that a tool gets, without the detour through a DICOM file. */
import type { Radiograph } from '#core/image/radiograph.ts';
import type { DentalPhantom } from './truth.ts';

/** UIDs are invented from `seed`. The header has what a DICOM file of the phantom would have. */
export function radiographOf(phantom: Omit<DentalPhantom, 'truth'>, seed: number): Radiograph {
  const { rows, columns, pixels, spacingMm, kind } = phantom;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const value of pixels) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return {
    kind: 'radiograph',
    header: {
      SOPInstanceUID: `2.25.${seed}1`,
      SOPClassUID: kind === 'panoramic' ? '1.2.840.10008.5.1.4.1.1.1.1' : '1.2.840.10008.5.1.4.1.1.1.3',
      StudyInstanceUID: `2.25.${seed}2`,
      SeriesInstanceUID: `2.25.${seed}3`,
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
      Modality: kind === 'panoramic' ? 'PX' : 'IO',
      PatientOrientation: ['L', 'F'],
    },
    rows,
    columns,
    pixels: new Float32Array(pixels).map((value) => (value - lowest) / Math.max(1, highest - lowest)),
    spacingMm,
  };
}
