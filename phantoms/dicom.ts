/** Phantoms as DICOM files, as a scanner would send them: an invented patient, and UIDs derived from the pixels. */
import type { PointLps } from '#core/image/geometry.ts';
import { resultUid } from '#dicom/uid.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import {
  CT_INTERCEPT,
  littleEndian,
  nameOf,
  type PhantomDicomOptions,
  storedHounsfield,
  study,
} from './dicom-study.ts';

/** The required parts of a CT phantom; `makeSpinePhantom` provides them. */
export interface CtPhantom {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacingMm: readonly [column: number, row: number, slice: number];
  readonly sliceThicknessMm?: number;
  /** Centre of the first voxel, mm, LPS. Columns run to the left, rows to posterior, slices to the head. */
  readonly origin?: PointLps;
  /** Hounsfield units, slice-major. */
  readonly voxels: Int16Array;
}

/** The required parts of a radiograph; `makeBitewing`, `makePeriapical` and `makePanoramic` provide them. */
export interface RadiographPhantom {
  readonly kind: 'bitewing' | 'periapical' | 'panoramic' | 'teeth';
  readonly rows: number;
  readonly columns: number;
  /** 12 bits stored, row-major, bright where absorption is high. */
  readonly pixels: Uint16Array;
  readonly spacingMm: readonly [row: number, column: number];
}

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const DX_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.1';
const IO_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.3';
const TEETH = { CodeValue: '38199008', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Tooth' };
const JAWS = { CodeValue: '661005', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Jaw region' };

/** A CT series, one Part 10 file per slice, from feet to head (CT Image IOD, PS3.3 A.3). */
export function spinePhantomToDicom(phantom: CtPhantom, options: PhantomDicomOptions): readonly Uint8Array[] {
  const { columns, rows, slices, spacingMm, voxels } = phantom;
  const [columnSpacing, rowSpacing, sliceSpacing] = spacingMm;
  const [x, y, z] = ctOrigin(phantom);
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
      PixelData: storedHounsfield(pixels),
    });
  });
}

/** Centre of the first voxel. By default the middle of the lowest slice is the patient's origin. */
export function ctOrigin({ origin, columns, rows, spacingMm }: CtPhantom): PointLps {
  return origin ?? [(-spacingMm[0] * columns) / 2, (-spacingMm[1] * rows) / 2, 0];
}

/** A radiograph's SOP Class: Computed Radiography, Digital X-Ray or Intra-Oral X-Ray, the latter two For Presentation. */
export type RadiographStorage = 'CR' | 'DX' | 'IO';

export interface RadiographDicomOptions extends PhantomDicomOptions {
  /** By default as in most departments: bitewings and periapicals are IO, everything else is DX. */
  readonly storage?: RadiographStorage;
}

/** One radiograph (PS3.3 A.2, A.26, A.28). A panoramic as DX object has the Modality PX; a CR object has CR. */
export function radiographPhantomToDicom(
  phantom: RadiographPhantom,
  options: RadiographDicomOptions,
): readonly Uint8Array[] {
  const { kind, rows, columns, pixels, spacingMm } = phantom;
  const name = nameOf(options.seed, pixels);
  const usual = kind === 'bitewing' || kind === 'periapical' ? 'IO' : 'DX';
  const { storage = usual } = options;
  const instance = storage === usual ? [] : [storage];
  return [
    encodeDicom({
      ...study(name, options.seed, ['series', ...instance].join(' ')),
      SOPInstanceUID: resultUid('phantom', name, ['instance', ...instance].join(' ')),
      SeriesDescription: `Dental phantom, ${kind}`,
      ...VIEWS[kind],
      ...(storage === 'CR' ? COMPUTED : digital(kind, storage)),
      ImageType: ['ORIGINAL', 'PRIMARY', ''],
      InstanceNumber: 1,
      PatientOrientation: ['L', 'F'],
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
      RescaleIntercept: 0,
      RescaleSlope: 1,
      RescaleType: 'US',
      WindowCenter: 2048,
      WindowWidth: 4096,
      ...options.attributes,
      PixelData: littleEndian(pixels),
    }),
  ];
}

/** CR Series and CR Image modules (PS3.3 C.8.1). */
const COMPUTED: Attributes = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  Modality: 'CR',
  BodyPartExamined: 'JAW',
  ViewPosition: '',
};

/** DX Series, DX Image and DX Detector modules (PS3.3 C.8.11), shared by DX and intra-oral images. */
function digital(kind: RadiographPhantom['kind'], storage: 'DX' | 'IO'): Attributes {
  return {
    SOPClassUID: storage === 'IO' ? IO_FOR_PRESENTATION : DX_FOR_PRESENTATION,
    Modality: storage === 'DX' && kind === 'panoramic' ? 'PX' : storage,
    PresentationIntentType: 'FOR PRESENTATION',
    DetectorType: '',
    PositionerType: 'NONE',
    AcquisitionContextSequence: [],
    PixelIntensityRelationship: 'LOG',
    PixelIntensityRelationshipSign: -1,
    PresentationLUTShape: 'IDENTITY',
  };
}

/** The IO object allows right, left and both, but no unpaired part. */
const INTRA_ORAL: Attributes = {
  ImageLaterality: 'B',
  AnatomicRegionSequence: [TEETH],
  PrimaryAnatomicStructureSequence: [TEETH],
};
const VIEWS: Readonly<Record<RadiographPhantom['kind'], Attributes>> = {
  bitewing: INTRA_ORAL,
  periapical: INTRA_ORAL,
  panoramic: { BodyPartExamined: 'JAW', ImageLaterality: 'U', AnatomicRegionSequence: [JAWS] },
  teeth: { BodyPartExamined: 'JAW', ImageLaterality: 'U', AnatomicRegionSequence: [TEETH] },
};
