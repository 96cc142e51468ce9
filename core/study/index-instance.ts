import { createHash } from 'node:crypto';
import { type Dataset, type DicomFile, readDicom } from '#dicom/read.ts';
import { bodyPartOf } from './body-parts.ts';
import { dimensionPointers, functionalGroups } from './functional-groups.ts';
import { noNotes } from './header-numbers.ts';
import { offsetsOf } from './header-times.ts';
import {
  anatomicRegion,
  bodyPart,
  code,
  codes,
  count,
  modality,
  mrTerms,
  number,
  pair,
  rescaleType,
  sextuple,
  thickness,
  triple,
  uid,
  whole,
} from './header-values.ts';
import { pixelDigest, techniqueDigest } from './likeness.ts';
import { orientationValues } from './patient-orientation.ts';
import { readClaims } from './read-claims.ts';
import {
  type FrameAttributes,
  type InstanceAttributes,
  type InstanceIndex,
  InstanceIndexSchema,
} from './study-index.ts';

/** The Manufacturer (0008,0070) by which Hilum recognises its own objects. */
export const MANUFACTURER = 'Hilum';

/**
 * The header index of one Part 10 file: allow-listed attributes, digest and size. Values that cannot be read are named
 * with their fault.
 *
 * @throws DicomReadError where the file cannot be read as DICOM, or a UID is missing or invalid
 */
export function indexInstance(bytes: Uint8Array): InstanceIndex {
  const file = readDicom(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return indexOf(file, { sha256, sizeBytes: bytes.length, pixelDataSha256: pixelDigest(file.dataset) });
}

type FileDigests = Pick<InstanceIndex, 'sha256' | 'sizeBytes'> & { readonly pixelDataSha256?: string | undefined };

/** The header index of a data set that was read from a file with these digests. */
export function indexOf({ TransferSyntaxUID, dataset }: DicomFile, digests: FileDigests): InstanceIndex {
  const groups = functionalGroups(dataset);
  const own = attributesOf(dataset, groups !== undefined);
  const entries = Object.entries({
    ...own,
    ...groups,
    ...bothOf(own, groups),
    BodyPartExamined: own.BodyPartExamined ?? groups?.BodyPartExamined,
    TransferSyntaxUID,
    ...digests,
  });
  return InstanceIndexSchema.parse(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

type Candidates = { readonly [Keyword in keyof InstanceAttributes]?: InstanceAttributes[Keyword] | undefined };

/** What instance and frames say each for themselves: claims and faults of the instance hold for all its frames. */
function bothOf(own: Candidates, groups: FrameAttributes | undefined): Candidates {
  const claims = [...new Set([...(own.claims ?? []), ...(groups?.claims ?? [])])];
  const unreadable = { ...own.unreadable, ...groups?.unreadable };
  return {
    claims: claims.length === 0 ? undefined : claims,
    unreadable: Object.keys(unreadable).length === 0 ? undefined : unreadable,
  };
}

/** @param hasFrames whether the frames have types and claims of their own; those of the instance then sum them up */
function attributesOf(dataset: Dataset, hasFrames: boolean): Candidates {
  const notes = noNotes();
  const region = anatomicRegion(dataset);
  const Modality = modality(dataset);
  const { acquisition, content } = offsetsOf(dataset);
  const { claims, energyKeV } = readClaims([dataset], hasFrames ? 'FrameType' : 'ImageType', Modality);
  const attributes: Candidates = {
    // readDicom ensures these; the schema would refuse an empty string.
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
    SOPClassUID: dataset.text('SOPClassUID') ?? '',
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '',
    Modality,
    ImageType: codes(dataset, 'ImageType'),
    BodyPartExamined: bodyPart(dataset, notes) ?? bodyPartOf(region),
    AnatomicRegion: region,
    ViewPosition: code(dataset, 'ViewPosition'),
    ImageLaterality: code(dataset, 'ImageLaterality'),
    PatientOrientation: orientationValues(dataset),
    AnatomicalOrientationType: code(dataset, 'AnatomicalOrientationType'),
    FrameOfReferenceUID: uid(dataset, 'FrameOfReferenceUID', notes),
    SeriesNumber: number(dataset, 'SeriesNumber', notes),
    AcquisitionNumber: number(dataset, 'AcquisitionNumber', notes),
    InstanceNumber: number(dataset, 'InstanceNumber', notes),
    acquisitionOffsetS: acquisition,
    contentOffsetS: content,
    TriggerTime: number(dataset, 'TriggerTime', notes),
    Rows: count(dataset, 'Rows', notes),
    Columns: count(dataset, 'Columns', notes),
    NumberOfFrames: count(dataset, 'NumberOfFrames', notes),
    SamplesPerPixel: count(dataset, 'SamplesPerPixel', notes),
    PhotometricInterpretation: code(dataset, 'PhotometricInterpretation'),
    BitsAllocated: count(dataset, 'BitsAllocated', notes),
    BitsStored: count(dataset, 'BitsStored', notes),
    PixelRepresentation: whole(dataset, 'PixelRepresentation', notes),
    LossyImageCompression: code(dataset, 'LossyImageCompression'),
    PixelSpacing: pair(dataset, 'PixelSpacing', notes),
    ImagerPixelSpacing: pair(dataset, 'ImagerPixelSpacing', notes),
    SliceThickness: thickness(dataset, 'SliceThickness', notes),
    SpacingBetweenSlices: number(dataset, 'SpacingBetweenSlices', notes),
    ImagePositionPatient: triple(dataset, 'ImagePositionPatient', notes),
    ImageOrientationPatient: sextuple(dataset, 'ImageOrientationPatient', notes),
    GantryDetectorTilt: number(dataset, 'GantryDetectorTilt', notes),
    RescaleSlope: number(dataset, 'RescaleSlope', notes),
    RescaleIntercept: number(dataset, 'RescaleIntercept', notes),
    RescaleType: rescaleType(dataset),
    KVP: number(dataset, 'KVP', notes),
    MonoenergeticEnergyEquivalent: energyKeV,
    ScanningSequence: mrTerms(dataset, 'ScanningSequence'),
    SequenceVariant: mrTerms(dataset, 'SequenceVariant'),
    MRAcquisitionType: mrTerms(dataset, 'MRAcquisitionType')?.[0],
    AngioFlag: mrTerms(dataset, 'AngioFlag')?.[0],
    AcquisitionContrast: mrTerms(dataset, 'AcquisitionContrast')?.[0],
    RepetitionTime: number(dataset, 'RepetitionTime', notes),
    InversionTime: number(dataset, 'InversionTime', notes),
    EffectiveEchoTime: number(dataset, 'EchoTime', notes, 'EffectiveEchoTime'),
    DiffusionBValue: number(dataset, 'DiffusionBValue', notes),
    TemporalPositionIndex: whole(dataset, 'TemporalPositionIdentifier', notes, 'TemporalPositionIndex'),
    DimensionIndexPointers: dimensionPointers(dataset),
    ConcatenationUID: uid(dataset, 'ConcatenationUID', notes),
    InConcatenationNumber: whole(dataset, 'InConcatenationNumber', notes),
    InConcatenationTotalNumber: whole(dataset, 'InConcatenationTotalNumber', notes),
    ConcatenationFrameOffsetNumber: whole(dataset, 'ConcatenationFrameOffsetNumber', notes),
    ...expectedCounts(dataset),
    techniqueDigest: techniqueDigest(dataset),
    BurnedInAnnotation: code(dataset, 'BurnedInAnnotation'),
    writtenByHilum: writtenByHilum(dataset) || undefined,
    claims: [...claims],
  };
  return {
    ...attributes,
    unreadable: notes.unreadable,
    odd: Object.keys(notes.odd).length === 0 ? undefined : notes.odd,
  };
}

/** A count that cannot be read says nothing, and nobody needs to know. */
function expectedCounts(dataset: Dataset): Candidates {
  const ignored = noNotes();
  return {
    ImagesInAcquisition: count(dataset, 'ImagesInAcquisition', ignored),
    NumberOfTemporalPositions: count(dataset, 'NumberOfTemporalPositions', ignored),
    NumberOfSlices: count(dataset, 'NumberOfSlices', ignored),
    NumberOfSeriesRelatedInstances: count(dataset, 'NumberOfSeriesRelatedInstances', ignored),
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
