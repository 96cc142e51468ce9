/** The one list of SOP Classes of results (PS3.4 B.5). The writers, the gate and the conformance statement read it. */
import type { DicomObject } from './dicom-object.ts';

/** SOP Class UIDs by purpose. */
export const SOP_CLASS = {
  segmentation: '1.2.840.10008.5.1.4.1.1.66.4',
  /** Reports of earlier versions, which newer ones replace. */
  comprehensiveSr: '1.2.840.10008.5.1.4.1.1.88.33',
  comprehensive3dSr: '1.2.840.10008.5.1.4.1.1.88.34',
  encapsulatedPdf: '1.2.840.10008.5.1.4.1.1.104.1',
  secondaryCapture: '1.2.840.10008.5.1.4.1.1.7',
  enhancedSr: '1.2.840.10008.5.1.4.1.1.88.22',
  keyObjectSelection: '1.2.840.10008.5.1.4.1.1.88.59',
} as const;

export interface ResultSopClass {
  readonly kind: DicomObject['kind'];
  readonly SOPClassUID: string;
  /** Its name in PS3.6 Annex A. */
  readonly name: string;
  /** What Hilum writes in this class, and why. */
  readonly holds: string;
}

export const RESULT_SOP_CLASSES: readonly ResultSopClass[] = [
  {
    kind: 'segmentation',
    SOPClassUID: SOP_CLASS.segmentation,
    name: 'Segmentation Storage',
    holds: 'Masks, BINARY, on the frames of the source: one object and series per volume and per radiograph.',
  },
  {
    kind: 'structured-report',
    SOPClassUID: SOP_CLASS.comprehensive3dSr,
    name: 'Comprehensive 3D SR Storage',
    holds:
      'Findings drawn on images, by segment, at points in the patient, and of the image as a whole; sound ones apart from the others: one object for each (TID 1500).',
  },
  {
    kind: 'non-result',
    SOPClassUID: SOP_CLASS.enhancedSr,
    name: 'Enhanced SR Storage',
    holds: 'The answer of a run without findings: nothing found, out of scope, not evaluable, failed (TID 2000).',
  },
  {
    kind: 'pdf',
    SOPClassUID: SOP_CLASS.encapsulatedPdf,
    name: 'Encapsulated PDF Storage',
    holds: 'The page for people, of every result and every non-result. Every viewer opens it.',
  },
  {
    kind: 'secondary-capture',
    SOPClassUID: SOP_CLASS.secondaryCapture,
    name: 'Secondary Capture Image Storage',
    holds:
      'Pictures with the findings drawn in, or of a non-result a card with its reason; study date, images and the research label in the pixels.',
  },
  {
    kind: 'rejection-note',
    SOPClassUID: SOP_CLASS.keyObjectSelection,
    name: 'Key Object Selection Document Storage',
    holds: 'Rejection notes (IHE IOCM) about sets of our own objects that newer ones replace (TID 2010).',
  },
];
