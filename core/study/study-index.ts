/**
 * What Hilum knows about a study without its pixels: an allow-list of attributes per instance.
 *
 * The list holds what routing, geometry and conversion need and nothing that describes the patient: no Patient module, no
 * dates, no free text (PS3.15 Annex E). It is part of the manifest. Names are DICOM keywords (PS3.6).
 */
import * as z from 'zod';
import { KEY_UID } from '#dicom/uid.ts';
import type { Reason } from '../errors.ts';
import type { FrameReference } from '../image/frame-reference.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const uid = z.string().regex(KEY_UID);
const codeString = z.string().max(64);
const triple = z.tuple([z.number(), z.number(), z.number()]);

export const InstanceAttributesSchema = z.object({
  SOPInstanceUID: uid,
  SOPClassUID: uid,
  StudyInstanceUID: uid,
  SeriesInstanceUID: uid,
  TransferSyntaxUID: uid,
  Modality: codeString.optional(),
  /** For frames: Frame Type (0008,9007). */
  ImageType: z.array(codeString).optional(),
  BodyPartExamined: codeString.optional(),
  /** Code Value and scheme of the first item of Anatomic Region Sequence (0008,2218), as `scheme:value`. */
  AnatomicRegion: z.string().max(40).optional(),
  ViewPosition: codeString.optional(),
  ImageLaterality: codeString.optional(),
  /** Upper case; '' for a value that is no direction (`patient-orientation.ts`). */
  PatientOrientation: z.array(codeString).optional(),
  AnatomicalOrientationType: codeString.optional(),
  FrameOfReferenceUID: uid.optional(),
  /** Where it is a code, as scanners write it (`SN`, `XY`), and no text of a person. */
  PositionReferenceIndicator: codeString.optional(),
  SeriesNumber: z.number().optional(),
  /** For frames: Frame Acquisition Number (0020,9156). */
  AcquisitionNumber: z.number().optional(),
  InstanceNumber: z.number().optional(),
  /** Seconds from the study's time to the acquisition, and to the start of the pixel data (`header-times.ts`): no time of day. */
  acquisitionOffsetS: z.number().optional(),
  contentOffsetS: z.number().optional(),
  /** ms after the R wave (PS3.3 C.7.6.18.1.1.1). */
  TriggerTime: z.number().optional(),
  Rows: z.number().int().positive().optional(),
  Columns: z.number().int().positive().optional(),
  NumberOfFrames: z.number().int().positive().optional(),
  SamplesPerPixel: z.number().int().positive().optional(),
  PhotometricInterpretation: codeString.optional(),
  BitsAllocated: z.number().int().positive().optional(),
  BitsStored: z.number().int().positive().optional(),
  PixelRepresentation: z.number().int().optional(),
  /** `01` where the picture was ever compressed with loss (PS3.3 C.7.6.1.1.5). */
  LossyImageCompression: codeString.optional(),
  LossyImageCompressionRatio: z.array(z.number()).optional(),
  LossyImageCompressionMethod: z.array(codeString).optional(),
  /** Row spacing (between rows, vertical) then column spacing, mm (PS3.3 10.7.1.3). */
  PixelSpacing: z.tuple([z.number(), z.number()]).optional(),
  ImagerPixelSpacing: z.tuple([z.number(), z.number()]).optional(),
  SliceThickness: z.number().optional(),
  SpacingBetweenSlices: z.number().optional(),
  /** Centre of the first voxel, mm, patient coordinates (LPS; PS3.3 C.7.6.2.1.1). */
  ImagePositionPatient: triple.optional(),
  /** Direction cosines of the row, then of the column. */
  ImageOrientationPatient: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]).optional(),
  GantryDetectorTilt: z.number().optional(),
  RescaleSlope: z.number().optional(),
  RescaleIntercept: z.number().optional(),
  /** kV; of the instance, or of the frame's X-ray source. */
  KVP: z.number().optional(),
  /** keV, where the image says that it is virtual monoenergetic. */
  MonoenergeticEnergyEquivalent: z.number().optional(),
  /** A Defined Term of PS3.3 C.11.1.1.2; OTHER stands for any other text. */
  RescaleType: codeString.optional(),
  /** Attributes that tell frames at one place apart (PS3.3 C.7.6.16.2, C.8.13.5). Single-frame images have Echo Time (0018,0081). */
  ComplexImageComponent: codeString.optional(),
  EffectiveEchoTime: z.number().optional(),
  DiffusionBValue: z.number().optional(),
  DiffusionGradientOrientation: triple.optional(),
  NominalPercentageOfCardiacPhase: z.number().optional(),
  /** Attributes that tell the contrasts of MR apart (C.8.3.1, C.8.13.1, C.8.13.3): codes and times, no sequence names. */
  ScanningSequence: z.array(codeString).optional(),
  SequenceVariant: z.array(codeString).optional(),
  MRAcquisitionType: codeString.optional(),
  AngioFlag: codeString.optional(),
  AcquisitionContrast: codeString.optional(),
  /** ms. */
  RepetitionTime: z.number().optional(),
  InversionTime: z.number().optional(),
  /** Frame Content (C.7.6.16.2.2). A Stack ID that is not a number is left out. */
  StackID: codeString.optional(),
  InStackPositionNumber: z.number().optional(),
  /** For single-frame images: Temporal Position Identifier (0020,0100). */
  TemporalPositionIndex: z.number().optional(),
  DimensionIndexValues: z.array(z.number()).optional(),
  /** Keywords of the dimensions' attributes (C.7.6.17); '' where an attribute is private or unknown. */
  DimensionIndexPointers: z.array(codeString).optional(),
  /** A concatenation: the parts of an image that was too large for one instance (C.7.6.16). */
  ConcatenationUID: uid.optional(),
  InConcatenationNumber: z.number().optional(),
  InConcatenationTotalNumber: z.number().optional(),
  ConcatenationFrameOffsetNumber: z.number().optional(),
  /** How many images the header tells of, which the edge waits for (`edge/expected-counts.ts`). */
  ImagesInAcquisition: z.number().int().positive().optional(),
  NumberOfTemporalPositions: z.number().int().positive().optional(),
  NumberOfSlices: z.number().int().positive().optional(),
  NumberOfSeriesRelatedInstances: z.number().int().positive().optional(),
  /** Digest of how the slice was acquired and reconstructed (`core/study/likeness.ts`). */
  techniqueDigest: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  BurnedInAnnotation: codeString.optional(),
  /** What the image claims to be beyond Image Type: `Claim` of `kinds.ts`. The words of the header stay where they are. */
  claims: z.array(codeString).optional(),
  /** Attributes of this list that are there and cannot be read, with the `Fault` of `header-numbers.ts`. */
  unreadable: z.record(codeString, codeString).optional(),
  /** Attributes that are read although they break PS3.5, with the `Oddity` of `header-numbers.ts`. */
  odd: z.record(codeString, codeString).optional(),
  /** True where the Manufacturer or a Contributing Equipment item says that Hilum wrote the instance. */
  writtenByHilum: z.boolean().optional(),
});

/** The allow-listed header of one instance. */
export type InstanceAttributes = Readonly<z.infer<typeof InstanceAttributesSchema>>;

/**
 * The most frames indexed for one instance: more than any scanner writes, and few enough for a manifest. Functional MR has
 * the most, some ten thousand.
 */
export const MAX_FRAMES = 20_000;

/** What the functional groups say about one frame (PS3.3 C.7.6.16). Values shared by all frames are the instance's own. */
export const FrameAttributesSchema = InstanceAttributesSchema.pick({
  ImageType: true,
  BodyPartExamined: true,
  AnatomicRegion: true,
  AcquisitionNumber: true,
  acquisitionOffsetS: true,
  PixelSpacing: true,
  SliceThickness: true,
  SpacingBetweenSlices: true,
  ImagePositionPatient: true,
  ImageOrientationPatient: true,
  GantryDetectorTilt: true,
  RescaleSlope: true,
  RescaleIntercept: true,
  RescaleType: true,
  KVP: true,
  MonoenergeticEnergyEquivalent: true,
  ComplexImageComponent: true,
  AcquisitionContrast: true,
  EffectiveEchoTime: true,
  DiffusionBValue: true,
  DiffusionGradientOrientation: true,
  NominalPercentageOfCardiacPhase: true,
  StackID: true,
  InStackPositionNumber: true,
  TemporalPositionIndex: true,
  DimensionIndexValues: true,
  claims: true,
  unreadable: true,
});
export type FrameAttributes = Readonly<z.infer<typeof FrameAttributesSchema>>;

export const InstanceIndexSchema = InstanceAttributesSchema.extend({
  /** The frames of a multi-frame instance with functional groups, in order: frame number 1 first. */
  frames: z.array(FrameAttributesSchema).max(MAX_FRAMES).optional(),
  /** SHA-256 (hex) and length in bytes of the original Part 10 file. */
  sha256: z.string().regex(SHA256),
  /** What of the file does not change with patient, study or encoding (`image-digest.ts`). Older edges did not say. */
  imageSha256: z.string().regex(SHA256).optional(),
  /** SHA-256 (hex) of Pixel Data as stored, for single frames. */
  pixelDataSha256: z.string().regex(SHA256).optional(),
  /** SHA-256 (hex) of the decoded pixels (`dicom/pixels.ts`), where they were decoded to compare copies (`decoded-twins.ts`). */
  pixelSha256: z.string().regex(SHA256).optional(),
  sizeBytes: z.number().int().positive(),
});

/** One instance: its header and the digest of its file. */
export type InstanceIndex = Readonly<z.infer<typeof InstanceIndexSchema>>;

/** All indexed instances of one study. */
export interface StudyIndex {
  readonly StudyInstanceUID: string;
  readonly instances: readonly InstanceIndex[];
}

/**
 * The headers of one image, about which a tool is asked. A `volume` is the cross-sectional instances of one scan (sorted by
 * SOPInstanceUID; geometry is settled on loading): of one series, or of several that adjoin. A `radiograph` is one projection
 * instance.
 */
export interface ImageIndex {
  readonly kind: 'volume' | 'radiograph';
  readonly StudyInstanceUID: string;
  /** Of the first piece, where the image was joined from several series. */
  readonly SeriesInstanceUID: string;
  readonly Modality: string;
  readonly instances: readonly InstanceIndex[];
  /** The image's frames, where it consists of some frames of multi-frame instances. */
  readonly frames?: readonly FrameReference[];
  /** Instances of the image's series that are no part of it, and why: odd ones, and copies of others. */
  readonly aside?: readonly SetAside[];
  /** The images that this one was joined from. */
  readonly pieces?: readonly ImageIndex[];
  /** What a reader should know of how the image was made from its instances. */
  readonly notes?: readonly Reason[];
  /** Why the image cannot be evaluated, where that is known before its geometry is: it is only named. */
  readonly fault?: Reason;
}

/** Instances that are left out of an image. */
export interface SetAside {
  readonly instances: readonly InstanceIndex[];
  readonly reason: Reason;
}
