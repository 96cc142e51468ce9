/** The header index of an instance: every attribute of the allow-list from its own place, and the recognition of our own objects. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';

const IDENTITY: Attributes = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
  SOPInstanceUID: '2.25.1',
  StudyInstanceUID: '2.25.2',
  SeriesInstanceUID: '2.25.3',
};

/** Each attribute has a different value, so none can stand for another. */
const HEADER: Attributes = {
  Modality: 'MR',
  ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
  BodyPartExamined: 'LSPINE',
  ViewPosition: 'LL',
  ImageLaterality: 'L',
  PatientOrientation: ['A', 'F'],
  FrameOfReferenceUID: '2.25.4',
  PositionReferenceIndicator: 'SN',
  SeriesNumber: 5,
  AcquisitionNumber: 6,
  InstanceNumber: 7,
  Rows: 8,
  Columns: 9,
  NumberOfFrames: 10,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 12,
  PixelRepresentation: 0,
  LossyImageCompression: '01',
  LossyImageCompressionRatio: [20, 2.5],
  LossyImageCompressionMethod: ['ISO_10918_1', 'ISO_15444_1'],
  PixelSpacing: [0.1, 0.2],
  ImagerPixelSpacing: [0.3, 0.4],
  SliceThickness: 0.5,
  SpacingBetweenSlices: 0.6,
  ImagePositionPatient: [1, 2, 3],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  GantryDetectorTilt: 11,
  RescaleSlope: 12,
  RescaleIntercept: 13,
  RescaleType: 'US',
  KVP: 120,
  ScanningSequence: ['SE', 'IR'],
  SequenceVariant: ['SK', 'SP'],
  MRAcquisitionType: '3D',
  AngioFlag: 'N',
  RepetitionTime: 14,
  InversionTime: 15,
  DiffusionBValue: 17,
  ConcatenationUID: '2.25.5',
  InConcatenationNumber: 20,
  InConcatenationTotalNumber: 21,
  ConcatenationFrameOffsetNumber: 22,
  ImagesInAcquisition: 23,
  NumberOfTemporalPositions: 24,
  NumberOfSlices: 25,
  NumberOfSeriesRelatedInstances: 26,
  BurnedInAnnotation: 'NO',
};

describe('the index of an instance', () => {
  it('has every attribute of the allow-list, from its own element', () => {
    const bytes = encodeDicom({
      ...{ ...IDENTITY, ...HEADER, EchoTime: 16, TemporalPositionIdentifier: 18, AcquisitionContrast: 'T2_STAR' },
      AnatomicRegionSequence: [{ CodeValue: 'T-11500', CodingSchemeDesignator: 'SRT', CodeMeaning: 'Spine' }],
    });

    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(indexInstance(bytes)).toEqual({
      ...{ ...IDENTITY, ...HEADER, TransferSyntaxUID: '1.2.840.10008.1.2.1', sha256, sizeBytes: bytes.length },
      ...{ AnatomicRegion: 'SRT:T-11500', AcquisitionContrast: 'T2_STAR' },
      ...{ EffectiveEchoTime: 16, TemporalPositionIndex: 18, techniqueDigest: expect.stringMatching(/^[0-9a-f]{16}$/) },
      imageSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('has nothing that the file does not say', () => {
    const bytes = encodeDicom({ ...IDENTITY, SOPClassUID: '1.2.840.10008.5.1.4.1.1.1' });

    expect(Object.keys(indexInstance(bytes)).sort()).toEqual(
      [...Object.keys(IDENTITY), 'TransferSyntaxUID', 'sha256', 'imageSha256', 'sizeBytes'].sort(),
    );
  });

  it('repeats no text of a person, and no ratio that cannot be read', () => {
    const index = indexInstance(
      encodeDicom({
        ...IDENTITY,
        PositionReferenceIndicator: 'left of Mr. Phantom',
        LossyImageCompressionMethod: 'DR PHANTOM',
      }),
    );

    expect(Object.keys(index)).not.toContain('PositionReferenceIndicator');
    expect(Object.keys(index)).not.toContain('LossyImageCompressionMethod');
  });

  it.each([
    ['says only its SOP Class', '', 'MR'],
    ['says another', 'CT', 'CT'],
    ['is free text', 'SCANNER', undefined],
  ])('has the Modality of an MR that %s', (_, Modality, expected) => {
    expect(indexInstance(encodeDicom({ ...IDENTITY, Modality })).Modality).toBe(expected);
  });

  it('has nothing about the patient', () => {
    const bytes = encodeDicom({
      ...{ ...IDENTITY, PatientName: 'Phantom^Indexed', PatientID: 'PHANTOM-1', PatientBirthDate: '19600101' },
      ...{ StudyDescription: 'Phantom^Indexed', BodyPartExamined: 'L SPINE', Modality: 'PHANTOM' },
    });

    expect(JSON.stringify(indexInstance(bytes))).not.toMatch(/phantom|19600101/i);
    expect(indexInstance(bytes)).toMatchObject({ BodyPartExamined: 'LSPINE' });
  });

  it.each([
    { what: 'by its Manufacturer', header: { Manufacturer: 'Hilum' }, ours: true },
    { what: 'by a longer Manufacturer', header: { Manufacturer: 'Hilum 2' }, ours: true },
    {
      what: 'by one of the equipment that contributed',
      header: { ContributingEquipmentSequence: [{ Manufacturer: 'Other' }, { Manufacturer: 'Hilum' }] },
      ours: true,
    },
    {
      what: 'not by others’ equipment',
      header: { Manufacturer: 'Not Hilum', ContributingEquipmentSequence: [{ Manufacturer: 'Other' }] },
      ours: undefined,
    },
    { what: 'not where no one says who wrote it', header: {}, ours: undefined },
  ])('recognises what Hilum wrote: $what', ({ header, ours }) => {
    expect(indexInstance(encodeDicom({ ...IDENTITY, ...header })).writtenByHilum).toBe(ours);
  });
});
