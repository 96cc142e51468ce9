/** CT phantoms as one multi-frame object with functional groups: Enhanced CT and Legacy Converted Enhanced CT (PS3.3 A.38, A.70). */
import { resultUid } from '#dicom/uid.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { type CtPhantom, ctOrigin } from './dicom.ts';
import { CT_INTERCEPT, nameOf, type PhantomDicomOptions, storedHounsfield, study } from './dicom-study.ts';

export interface EnhancedCtOptions extends PhantomDicomOptions {
  /** The slice of each frame; by default all slices from feet to head. */
  readonly slices?: readonly number[];
}

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1';
const LEGACY_CONVERTED_CT = '1.2.840.10008.5.1.4.1.1.2.2';
const ACQUIRED = '20260105083500';
const SPINE = { CodeValue: '421060004', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Vertebral column' };

/** Attributes that the image as a whole and each of its frames share (PS3.3 C.8.16.2). */
const DESCRIPTION: Attributes = {
  PixelPresentation: 'MONOCHROME',
  VolumetricProperties: 'VOLUME',
  VolumeBasedCalculationTechnique: 'NONE',
};
const TYPE = ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'];

/** One Enhanced CT Image of the whole phantom: the same voxels at the same positions as `spinePhantomToDicom` writes. */
export function spinePhantomToEnhancedCt(phantom: CtPhantom, options: EnhancedCtOptions): Uint8Array {
  const name = nameOf(options.seed, phantom.voxels);
  return encodeDicom({
    ...study(name, options.seed, 'enhanced series'),
    ...multiFrame(phantom, options, name),
    SOPClassUID: ENHANCED_CT,
    SOPInstanceUID: resultUid('phantom', name, 'enhanced', String(options.slices ?? 'all')),
    AcquisitionDateTime: ACQUIRED,
    AcquisitionDuration: 10_000,
    ContentQualification: 'RESEARCH',
    SharedFunctionalGroupsSequence: [{ ...sharedGroups(phantom), ...scanGroups(name) }],
    PerFrameFunctionalGroupsSequence: slicesOf(phantom, options).map((slice, frame) => ({
      ...frameGroups(phantom, slice),
      FrameContentSequence: [
        {
          FrameAcquisitionDateTime: ACQUIRED,
          FrameReferenceDateTime: ACQUIRED,
          FrameAcquisitionDuration: 500,
          FrameAcquisitionNumber: 1,
          StackID: '1',
          InStackPositionNumber: slice + 1,
          DimensionIndexValues: [1, slice + 1],
        },
      ],
      CTPositionSequence: [
        {
          TablePosition: frame,
          DataCollectionCenterPatient: [0, 0, positionOf(phantom, slice)[2]],
          ReconstructionTargetCenterPatient: [0, 0, positionOf(phantom, slice)[2]],
        },
      ],
    })),
    ...options.attributes,
    PixelData: pixelData(phantom, options),
  });
}

/** The same object as an archive's converter makes it from the single-frame series. It names that series' instances. */
export function spinePhantomToLegacyConvertedCt(phantom: CtPhantom, options: EnhancedCtOptions): Uint8Array {
  const name = nameOf(options.seed, phantom.voxels);
  return encodeDicom({
    ...study(name, options.seed, 'legacy converted series'),
    ...multiFrame(phantom, options, name),
    SOPClassUID: LEGACY_CONVERTED_CT,
    SOPInstanceUID: resultUid('phantom', name, 'legacy converted', String(options.slices ?? 'all')),
    BodyPartExamined: 'SPINE',
    SharedFunctionalGroupsSequence: [
      { ...sharedGroups(phantom), UnassignedSharedConvertedAttributesSequence: [{ KVP: 120 }] },
    ],
    PerFrameFunctionalGroupsSequence: slicesOf(phantom, options).map((slice) => ({
      ...frameGroups(phantom, slice),
      FrameContentSequence: [
        {
          FrameAcquisitionNumber: 1,
          StackID: '1',
          InStackPositionNumber: slice + 1,
          DimensionIndexValues: [1, slice + 1],
        },
      ],
      ConversionSourceAttributesSequence: [
        {
          ReferencedSOPClassUID: CT_IMAGE_STORAGE,
          ReferencedSOPInstanceUID: resultUid('phantom', name, 'instance', String(slice)),
        },
      ],
      UnassignedPerFrameConvertedAttributesSequence: [{ SliceLocation: positionOf(phantom, slice)[2] }],
    })),
    ...options.attributes,
    PixelData: pixelData(phantom, options),
  });
}

function slicesOf(phantom: CtPhantom, { slices }: EnhancedCtOptions): readonly number[] {
  return slices ?? Array.from({ length: phantom.slices }, (_, slice) => slice);
}

function pixelData(phantom: CtPhantom, options: EnhancedCtOptions): Uint8Array {
  const slicePixels = phantom.rows * phantom.columns;
  const slices = slicesOf(phantom, options);
  const voxels = new Int16Array(slices.length * slicePixels);
  slices.forEach((slice, frame) => {
    voxels.set(phantom.voxels.subarray(slice * slicePixels, (slice + 1) * slicePixels), frame * slicePixels);
  });
  return storedHounsfield(voxels);
}

/** Frame of Reference, Image Pixel, Multi-frame Dimension and Image modules. */
function multiFrame(phantom: CtPhantom, options: EnhancedCtOptions, name: string): Attributes {
  const DimensionOrganizationUID = resultUid('phantom', name, 'dimensions');
  const dimension = (DimensionIndexPointer: string): Attributes => ({
    DimensionOrganizationUID,
    DimensionIndexPointer,
    FunctionalGroupPointer: 'FrameContentSequence',
  });
  return {
    // These belong to frames (Frame Content) and not to the object.
    AcquisitionDate: undefined,
    AcquisitionTime: undefined,
    Modality: 'CT',
    SeriesDescription: 'Spine phantom',
    PatientPosition: 'HFS',
    FrameOfReferenceUID: resultUid('phantom', name, 'frame of reference'),
    PositionReferenceIndicator: '',
    InstanceNumber: 1,
    AcquisitionNumber: 1,
    ImageType: TYPE,
    ...DESCRIPTION,
    AcquisitionContextSequence: [],
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
    PresentationLUTShape: 'IDENTITY',
    NumberOfFrames: slicesOf(phantom, options).length,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: phantom.rows,
    Columns: phantom.columns,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    DimensionOrganizationSequence: [{ DimensionOrganizationUID }],
    DimensionIndexSequence: [dimension('StackID'), dimension('InStackPositionNumber')],
  };
}

/** The functional groups that all frames share: geometry, values and content (PS3.3 C.7.6.16.2). */
function sharedGroups({ spacingMm, sliceThicknessMm }: CtPhantom): Attributes {
  const [columnSpacing, rowSpacing, sliceSpacing] = spacingMm;
  return {
    PixelMeasuresSequence: [
      { PixelSpacing: [rowSpacing, columnSpacing], SliceThickness: sliceThicknessMm ?? sliceSpacing },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
    PixelValueTransformationSequence: [{ RescaleIntercept: CT_INTERCEPT, RescaleSlope: 1, RescaleType: 'HU' }],
    FrameAnatomySequence: [{ FrameLaterality: 'U', AnatomicRegionSequence: [SPINE] }],
    FrameVOILUTSequence: [{ WindowCenter: 300, WindowWidth: 1500 }],
    CTImageFrameTypeSequence: [{ FrameType: TYPE, ...DESCRIPTION }],
  };
}

/** An invented acquisition: required of original images (PS3.3 C.8.15.3). */
function scanGroups(name: string): Attributes {
  return {
    IrradiationEventIdentificationSequence: [{ IrradiationEventUID: resultUid('phantom', name, 'irradiation') }],
    CTAcquisitionTypeSequence: [{ AcquisitionType: 'SPIRAL', ConstantVolumeFlag: 'NO', FluoroscopyFlag: 'NO' }],
    CTAcquisitionDetailsSequence: [
      {
        RotationDirection: 'CW',
        RevolutionTime: 0.5,
        SingleCollimationWidth: 0.6,
        TotalCollimationWidth: 38.4,
        TableHeight: 150,
        GantryDetectorTilt: 0,
        DataCollectionDiameter: 500,
      },
    ],
    CTTableDynamicsSequence: [{ TableSpeed: 76.8, TableFeedPerRotation: 38.4, SpiralPitchFactor: 1 }],
    CTGeometrySequence: [{ DistanceSourceToDetector: 1085, DistanceSourceToDataCollectionCenter: 595 }],
    CTReconstructionSequence: [
      {
        ReconstructionAlgorithm: 'FILTER_BACK_PROJ',
        ConvolutionKernel: 'B30',
        ConvolutionKernelGroup: 'SOFT_TISSUE',
        ReconstructionDiameter: 400,
        ReconstructionPixelSpacing: [1, 1],
        ReconstructionAngle: 360,
        ImageFilter: 'NONE',
      },
    ],
    CTExposureSequence: [
      {
        ExposureTimeInms: 500,
        XRayTubeCurrentInmA: 200,
        ExposureInmAs: 100,
        ExposureModulationType: 'NONE',
      },
    ],
    CTXRayDetailsSequence: [
      {
        KVP: 120,
        FocalSpots: 1.2,
        FilterType: 'FLAT',
        FilterMaterial: 'ALUMINUM',
        CalciumScoringMassFactorPatient: 1,
        CalciumScoringMassFactorDevice: [1, 1, 1],
      },
    ],
  };
}

function frameGroups(phantom: CtPhantom, slice: number): Attributes {
  return { PlanePositionSequence: [{ ImagePositionPatient: positionOf(phantom, slice) }] };
}

function positionOf(phantom: CtPhantom, slice: number): readonly [number, number, number] {
  const [x, y, z] = ctOrigin(phantom);
  return [x, y, z + slice * phantom.spacingMm[2]];
}
