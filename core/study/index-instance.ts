import { createHash } from 'node:crypto';
import { type Dataset, readDicom } from '#dicom/read.ts';
import { dimensionPointers, functionalGroups } from './functional-groups.ts';
import {
  anatomicRegion,
  code,
  codes,
  count,
  modality,
  mrTerms,
  pair,
  rescaleType,
  sextuple,
  triple,
  uid,
  whole,
} from './header-values.ts';
import { orientationValues } from './patient-orientation.ts';
import { type InstanceAttributes, type InstanceIndex, InstanceIndexSchema } from './study-index.ts';

/** The Manufacturer (0008,0070) by which Hilum recognises its own objects. */
export const MANUFACTURER = 'Hilum';

/**
 * The header index of one Part 10 file: allow-listed attributes, digest and size. Values that violate their VR are left out.
 *
 * @throws DicomReadError where the file cannot be read as DICOM, or a UID is missing or invalid
 */
export function indexInstance(bytes: Uint8Array): InstanceIndex {
  const { TransferSyntaxUID, dataset } = readDicom(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const own = attributesOf(dataset);
  const groups = functionalGroups(dataset);
  const entries = Object.entries({
    ...own,
    ...groups,
    BodyPartExamined: own.BodyPartExamined ?? groups?.BodyPartExamined,
    TransferSyntaxUID,
    sha256,
    sizeBytes: bytes.length,
  });
  return InstanceIndexSchema.parse(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

type Candidates = { readonly [Keyword in keyof InstanceAttributes]?: InstanceAttributes[Keyword] | undefined };

function attributesOf(dataset: Dataset): Candidates {
  return {
    // readDicom ensures these; the schema would refuse an empty string.
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
    SOPClassUID: dataset.text('SOPClassUID') ?? '',
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '',
    Modality: modality(dataset),
    ImageType: codes(dataset, 'ImageType'),
    BodyPartExamined: code(dataset, 'BodyPartExamined'),
    AnatomicRegion: anatomicRegion(dataset),
    ViewPosition: code(dataset, 'ViewPosition'),
    ImageLaterality: code(dataset, 'ImageLaterality'),
    PatientOrientation: orientationValues(dataset),
    AnatomicalOrientationType: code(dataset, 'AnatomicalOrientationType'),
    FrameOfReferenceUID: uid(dataset, 'FrameOfReferenceUID'),
    SeriesNumber: dataset.number('SeriesNumber'),
    AcquisitionNumber: dataset.number('AcquisitionNumber'),
    InstanceNumber: dataset.number('InstanceNumber'),
    Rows: count(dataset, 'Rows'),
    Columns: count(dataset, 'Columns'),
    NumberOfFrames: count(dataset, 'NumberOfFrames'),
    SamplesPerPixel: count(dataset, 'SamplesPerPixel'),
    PhotometricInterpretation: code(dataset, 'PhotometricInterpretation'),
    BitsAllocated: count(dataset, 'BitsAllocated'),
    BitsStored: count(dataset, 'BitsStored'),
    PixelRepresentation: whole(dataset, 'PixelRepresentation'),
    PixelSpacing: pair(dataset, 'PixelSpacing'),
    ImagerPixelSpacing: pair(dataset, 'ImagerPixelSpacing'),
    SliceThickness: dataset.number('SliceThickness'),
    SpacingBetweenSlices: dataset.number('SpacingBetweenSlices'),
    ImagePositionPatient: triple(dataset, 'ImagePositionPatient'),
    ImageOrientationPatient: sextuple(dataset, 'ImageOrientationPatient'),
    GantryDetectorTilt: dataset.number('GantryDetectorTilt'),
    RescaleSlope: dataset.number('RescaleSlope'),
    RescaleIntercept: dataset.number('RescaleIntercept'),
    RescaleType: rescaleType(dataset),
    ScanningSequence: mrTerms(dataset, 'ScanningSequence'),
    SequenceVariant: mrTerms(dataset, 'SequenceVariant'),
    MRAcquisitionType: mrTerms(dataset, 'MRAcquisitionType')?.[0],
    AngioFlag: mrTerms(dataset, 'AngioFlag')?.[0],
    AcquisitionContrast: mrTerms(dataset, 'AcquisitionContrast')?.[0],
    RepetitionTime: dataset.number('RepetitionTime'),
    InversionTime: dataset.number('InversionTime'),
    EffectiveEchoTime: dataset.number('EchoTime'),
    DiffusionBValue: dataset.number('DiffusionBValue'),
    TemporalPositionIndex: whole(dataset, 'TemporalPositionIdentifier'),
    DimensionIndexPointers: dimensionPointers(dataset),
    ConcatenationUID: uid(dataset, 'ConcatenationUID'),
    InConcatenationNumber: whole(dataset, 'InConcatenationNumber'),
    InConcatenationTotalNumber: whole(dataset, 'InConcatenationTotalNumber'),
    ConcatenationFrameOffsetNumber: whole(dataset, 'ConcatenationFrameOffsetNumber'),
    BurnedInAnnotation: code(dataset, 'BurnedInAnnotation'),
    writtenByHilum: writtenByHilum(dataset) || undefined,
  };
}

/** Whether the Manufacturer, or a Contributing Equipment item, is Hilum. */
function writtenByHilum(dataset: Dataset): boolean {
  const isOurs = (manufacturer: string | undefined): boolean => manufacturer?.startsWith(MANUFACTURER) === true;
  return (
    isOurs(dataset.text('Manufacturer')) ||
    dataset.items('ContributingEquipmentSequence').some((item) => isOurs(item.text('Manufacturer')))
  );
}
