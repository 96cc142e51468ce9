/**
 * What Hilum knows of a study without its pixels: an allow-list of attributes per instance.
 *
 * The list holds what routing, geometry and conversion need and nothing that describes the patient: no Patient module,
 * no dates, no free text (PS3.15 Annex E). It travels in the manifest. Names are DICOM keywords (PS3.6).
 */
import { z } from 'zod';

const uid = z.string().regex(/^[0-9.]{1,64}$/);
const codeString = z.string().max(64);

export const InstanceAttributesSchema = z.object({
  SOPInstanceUID: uid,
  SOPClassUID: uid,
  StudyInstanceUID: uid,
  SeriesInstanceUID: uid,
  TransferSyntaxUID: uid,
  Modality: codeString.optional(),
  ImageType: z.array(codeString).optional(),
  BodyPartExamined: codeString.optional(),
  /** Code Value and scheme of the first item of Anatomic Region Sequence (0008,2218), as `scheme:value`. */
  AnatomicRegion: z.string().max(40).optional(),
  ViewPosition: codeString.optional(),
  ImageLaterality: codeString.optional(),
  PatientOrientation: z.array(codeString).optional(),
  FrameOfReferenceUID: uid.optional(),
  SeriesNumber: z.number().optional(),
  AcquisitionNumber: z.number().optional(),
  InstanceNumber: z.number().optional(),
  Rows: z.number().int().positive().optional(),
  Columns: z.number().int().positive().optional(),
  NumberOfFrames: z.number().int().positive().optional(),
  SamplesPerPixel: z.number().int().positive().optional(),
  PhotometricInterpretation: codeString.optional(),
  BitsAllocated: z.number().int().positive().optional(),
  BitsStored: z.number().int().positive().optional(),
  PixelRepresentation: z.number().int().optional(),
  /** Row spacing (between rows, vertical) then column spacing, mm (PS3.3 10.7.1.3). */
  PixelSpacing: z.tuple([z.number(), z.number()]).optional(),
  ImagerPixelSpacing: z.tuple([z.number(), z.number()]).optional(),
  SliceThickness: z.number().optional(),
  SpacingBetweenSlices: z.number().optional(),
  /** Centre of the first voxel, mm, patient coordinates (LPS; PS3.3 C.7.6.2.1.1). */
  ImagePositionPatient: z.tuple([z.number(), z.number(), z.number()]).optional(),
  /** Direction cosines of the row, then of the column. */
  ImageOrientationPatient: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]).optional(),
  GantryDetectorTilt: z.number().optional(),
  RescaleSlope: z.number().optional(),
  RescaleIntercept: z.number().optional(),
  BurnedInAnnotation: codeString.optional(),
  /** True where a Contributing Equipment item or the Manufacturer says that Hilum wrote the instance. */
  writtenByHilum: z.boolean().optional(),
});

/** The allow-listed header of one instance. */
export type InstanceAttributes = Readonly<z.infer<typeof InstanceAttributesSchema>>;

export const InstanceIndexSchema = InstanceAttributesSchema.extend({
  /** SHA-256 (hex) and length in bytes of the original Part 10 file. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().positive(),
});

/** One instance: its header and its file's digest. */
export type InstanceIndex = Readonly<z.infer<typeof InstanceIndexSchema>>;

/** All indexed instances of one study. */
export interface StudyIndex {
  readonly StudyInstanceUID: string;
  readonly instances: readonly InstanceIndex[];
}

/**
 * What a tool is asked about: the headers of one image. A `volume` is the cross-sectional instances of one series
 * (sorted by SOPInstanceUID; geometry is settled when pixels are loaded), a `radiograph` is one projection instance.
 */
export interface ImageIndex {
  readonly kind: 'volume' | 'radiograph';
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly Modality: string;
  readonly instances: readonly InstanceIndex[];
}
