/** From stored values to the modality's units: the Modality LUT module (PS3.3 C.11.1), a table or a linear function. */
import { DicomReadError } from '#dicom/error.ts';
import type { Dataset } from '#dicom/read.ts';
import type { FrameHeader } from '../study/frames.ts';
import { unreadable } from '../study/unreadable.ts';

/** What the header of an instance or frame says. */
type Rescale = Pick<FrameHeader, 'RescaleSlope' | 'RescaleIntercept' | 'unreadable'>;

export type ModalityTransform =
  | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number }
  | {
      readonly kind: 'table';
      readonly first: number;
      readonly values: readonly number[];
      /** Modality LUT Type (0028,3004): the units. */
      readonly type: string | undefined;
    };

/**
 * The transform of an instance, or of a frame whose functional groups have their own rescale. Without either it is the
 * identity. A table takes precedence over a linear function.
 *
 * @throws DicomReadError `malformed` where the table is incomplete, the rescale cannot be read or the slope is zero
 */
export function modalityTransform(dataset: Dataset, rescale: Rescale): ModalityTransform {
  const { RescaleSlope = 1, RescaleIntercept = 0 } = rescale;
  const [table] = dataset.items('ModalityLUTSequence');
  if (table !== undefined) return lookupTable(table);
  const fault = unreadable(rescale, 'RescaleSlope') ?? unreadable(rescale, 'RescaleIntercept');
  if (fault !== undefined) throw new DicomReadError('malformed', fault);
  if (RescaleSlope === 0) throw new DicomReadError('malformed', 'The Rescale Slope is zero');
  return { kind: 'linear', slope: RescaleSlope, intercept: RescaleIntercept };
}

/** The value in the modality's units. Stored values outside the table take the value at its nearer end (C.11.1.1.1). */
export function applyTransform(transform: ModalityTransform, stored: number): number {
  if (transform.kind === 'linear') return stored * transform.slope + transform.intercept;
  const { first, values } = transform;
  return values[Math.min(values.length - 1, Math.max(0, stored - first))] ?? 0;
}

function lookupTable(item: Dataset): ModalityTransform {
  const [declared, first, bits] = item.numbers('LUTDescriptor');
  const data = item.bytes('LUTData');
  if (declared === undefined || first === undefined || bits === undefined || data === undefined) {
    throw new DicomReadError('malformed', 'The Modality LUT is incomplete');
  }
  // Zero stands for 65536, which does not fit (C.11.1.1). Read as a signed number, the count may be negative.
  const entries = declared <= 0 ? declared + 0x1_0000 : declared;
  const words = item.numbers('LUTData');
  // 8-bit tables may be packed, with one byte per entry.
  const values = bits <= 8 && words.length < entries ? [...data] : words;
  if (values.length < entries) {
    throw new DicomReadError('malformed', `The Modality LUT has ${values.length} of ${entries} entries`, {
      facts: { entries, found: values.length },
    });
  }
  return { kind: 'table', first, values: values.slice(0, entries), type: item.text('ModalityLUTType') };
}
