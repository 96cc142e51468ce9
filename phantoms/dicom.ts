/** Phantoms as DICOM files, as a scanner would send them: an invented patient, and UIDs that follow from the pixels. */
import { createHash } from 'node:crypto';
import { resultUid } from '#core/dicom/uid.ts';
import { type Attributes, encodeDicom } from '#core/dicom/write.ts';
import type { PointLps } from '#core/image/geometry.ts';

/** What is needed of a CT phantom; `makeSpinePhantom` gives it. */
export interface CtPhantom {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: readonly [column: number, row: number, slice: number];
  readonly sliceThicknessMm?: number;
  /** Centre of the first voxel, mm, LPS; columns run to the left, rows to posterior, slices to the head. */
  readonly origin?: PointLps;
  /** Hounsfield units, slice-major. */
  readonly voxels: Int16Array;
}

/** What is needed of a radiograph; `makeBitewing` and `makePanoramic` give it. */
export interface RadiographPhantom {
  readonly kind: 'bitewing' | 'panoramic' | 'teeth';
  readonly rows: number;
  readonly columns: number;
  /** 12 bits stored, row-major, bright where much is absorbed. */
  readonly pixels: Uint16Array;
  readonly spacingMm: readonly [row: number, column: number];
}

export interface PhantomDicomOptions {
  readonly seed: number;
  /** Added to what is written of every instance, or put in its place. */
  readonly attributes?: Attributes;
}

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const DX_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.1';
const IO_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.3';
/** Stored value 0 is −1024 HU, as CT scanners commonly have it. */
const CT_INTERCEPT = -1024;
const TEETH = { CodeValue: '38199008', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Tooth' };
const JAWS = { CodeValue: '661005', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Jaw region' };

/** A CT series, one Part 10 file a slice from feet to head (CT Image IOD, PS3.3 A.3). */
export function spinePhantomToDicom(phantom: CtPhantom, options: PhantomDicomOptions): readonly Uint8Array[] {
  const { columns, rows, slices, spacingMm, voxels } = phantom;
  const [columnSpacing, rowSpacing, sliceSpacing] = spacingMm;
  const [x, y, z] = phantom.origin ?? [(-columnSpacing * columns) / 2, (-rowSpacing * rows) / 2, 0];
  const name = nameOf(options.seed, voxels);
  return Array.from({ length: slices }, (_, slice) => {
    const position = z + slice * sliceSpacing;
    const pixels = voxels.subarray(slice * rows * columns, (slice + 1) * rows * columns);
    return encodeDicom({
      ...study(name, options.seed),
      SOPClassUID: CT_IMAGE_STORAGE,
      SOPInstanceUID: resultUid('phantom', name, 'instance', String(slice)),
      Modality: 'CT',
      SeriesDescription: 'Spine phantom',
      BodyPartExamined: 'SPINE',
      PatientPosition: 'HFS',
      FrameOfReferenceUID: resultUid('phantom', name, 'frame of reference'),
      PositionReferenceIndicator: '',
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      InstanceNumber: slice + 1,
      AcquisitionNumber: 1,
      KVP: 120,
      SliceThickness: phantom.sliceThicknessMm ?? sliceSpacing,
      ImagePositionPatient: [x, y, position],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      SliceLocation: position,
      PixelSpacing: [rowSpacing, columnSpacing],
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: rows,
      Columns: columns,
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      RescaleIntercept: CT_INTERCEPT,
      RescaleSlope: 1,
      RescaleType: 'HU',
      WindowCenter: 300,
      WindowWidth: 1500,
      ...options.attributes,
      PixelData: littleEndian(Uint16Array.from(pixels, (hounsfield) => Math.max(0, hounsfield - CT_INTERCEPT))),
    });
  });
}

/**
 * One radiograph: a bitewing as intra-oral image (IO), a panoramic as PX and other views of teeth as DX, the latter two
 * as Digital X-Ray, all For Presentation (PS3.3 A.26, A.28).
 */
export function radiographPhantomToDicom(
  phantom: RadiographPhantom,
  options: PhantomDicomOptions,
): readonly Uint8Array[] {
  const { kind, rows, columns, pixels, spacingMm } = phantom;
  const name = nameOf(options.seed, pixels);
  return [
    encodeDicom({
      ...study(name, options.seed),
      SOPInstanceUID: resultUid('phantom', name, 'instance'),
      SeriesDescription: `Dental phantom, ${kind}`,
      ...VIEWS[kind],
      PresentationIntentType: 'FOR PRESENTATION',
      ImageType: ['ORIGINAL', 'PRIMARY', ''],
      InstanceNumber: 1,
      PatientOrientation: ['L', 'F'],
      DetectorType: '',
      PositionerType: 'NONE',
      AcquisitionContextSequence: [],
      ImagerPixelSpacing: spacingMm,
      BurnedInAnnotation: 'NO',
      LossyImageCompression: '00',
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: rows,
      Columns: columns,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelIntensityRelationship: 'LOG',
      PixelIntensityRelationshipSign: 1,
      RescaleIntercept: 0,
      RescaleSlope: 1,
      RescaleType: 'US',
      PresentationLUTShape: 'IDENTITY',
      WindowCenter: 2048,
      WindowWidth: 4096,
      ...options.attributes,
      PixelData: littleEndian(pixels),
    }),
  ];
}

const VIEWS: Readonly<Record<RadiographPhantom['kind'], Attributes>> = {
  bitewing: {
    SOPClassUID: IO_FOR_PRESENTATION,
    Modality: 'IO',
    ImageLaterality: 'B',
    AnatomicRegionSequence: [TEETH],
    PrimaryAnatomicStructureSequence: [TEETH],
  },
  panoramic: {
    SOPClassUID: DX_FOR_PRESENTATION,
    Modality: 'PX',
    BodyPartExamined: 'JAW',
    ImageLaterality: 'U',
    AnatomicRegionSequence: [JAWS],
  },
  teeth: {
    SOPClassUID: DX_FOR_PRESENTATION,
    Modality: 'DX',
    BodyPartExamined: 'JAW',
    ImageLaterality: 'U',
    AnatomicRegionSequence: [TEETH],
  },
};

/** What phantoms are named after: their seed and their pixels, so that no two different ones share a UID. */
function nameOf(seed: number, pixels: Int16Array | Uint16Array): string {
  return `${seed} ${createHash('sha256').update(littleEndian(pixels)).digest('hex')}`;
}

/** The invented patient, study, series and device of a phantom. */
function study(name: string, seed: number): Attributes {
  return {
    PatientName: 'Phantom^Hilum',
    PatientID: `HILUM-PHANTOM-${seed}`,
    PatientBirthDate: '19600229',
    PatientSex: 'O',
    StudyInstanceUID: resultUid('phantom', name, 'study'),
    StudyDate: '20260105',
    StudyTime: '083000',
    ReferringPhysicianName: '',
    StudyID: String(seed),
    AccessionNumber: '',
    StudyDescription: 'Synthetic phantom, no patient',
    SeriesInstanceUID: resultUid('phantom', name, 'series'),
    SeriesNumber: 1,
    SeriesDate: '20260105',
    SeriesTime: '083500',
    AcquisitionDate: '20260105',
    AcquisitionTime: '083500',
    ContentDate: '20260105',
    ContentTime: '083500',
    Manufacturer: 'Phantom generator',
    ManufacturerModelName: 'Seeded phantom',
    SoftwareVersions: '1',
    DeviceSerialNumber: '1',
  };
}

/** 16-bit pixels as they are stored in Explicit VR Little Endian. */
function littleEndian(pixels: Int16Array | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(pixels.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pixels.length; i++) view.setUint16(i * 2, pixels[i] ?? 0, true);
  return bytes;
}
