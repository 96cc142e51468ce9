/** What an image claims to be: which headers keep an image from every tool, and which common ones do not. */
import { describe, expect, it } from 'vitest';
import { claimsOf, isReformat, judgeClaims } from '#core/study/claims.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { KINDS } from '#core/study/kinds.ts';
import { judgeImage, type Selection, SelectionSchema, selectImages } from '#core/study/selection.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const DX = '1.2.840.10008.5.1.4.1.1.1.1';

const IDENTITY: Attributes = {
  ...{
    SOPInstanceUID: '2.25.1',
    StudyInstanceUID: '2.25.2',
    SeriesInstanceUID: '2.25.3',
    FrameOfReferenceUID: '2.25.4',
  },
  ...{ Rows: 2, Columns: 2, PixelSpacing: [1, 1], ImagePositionPatient: [0, 0, 0], SliceThickness: 3 },
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
};

/** The header index of a CT, unless the attributes say otherwise. */
function indexed(attributes: Attributes): InstanceIndex {
  return indexInstance(encodeDicom({ ...IDENTITY, SOPClassUID: CT, Modality: 'CT', ...attributes }));
}

/** Why the image is refused, or `taken`. */
function answer(instance: InstanceIndex, accepts: readonly string[] = []): string {
  const image = volumeOf([instance]);
  const kind = instance.SOPClassUID === DX ? ('radiograph' as const) : image.kind;
  return judgeClaims({ ...image, kind }, accepts, new Set(['BodyPartExamined']))?.message ?? 'taken';
}

/** As found in the field: Image Type also has lower case, spaces and longer texts than a Code String may have. */
const type = (text: string): Attributes => ({ ImageType: { asFound: text.split('\\') } });

describe('a CT', () => {
  it.each([
    'ORIGINAL\\PRIMARY\\AXIAL',
    'ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI',
    'ORIGINAL\\PRIMARY\\AXIAL\\HELIX',
    'ORIGINAL\\PRIMARY\\AXIAL\\ADD',
    'ORIGINAL\\SECONDARY\\AXIAL',
    'DERIVED\\PRIMARY\\AXIAL',
    'DERIVED\\SECONDARY\\AXIAL',
    'DERIVED\\SECONDARY',
    'DERIVED\\SECONDARY\\OTHER',
    'DERIVED\\SECONDARY\\MPR',
    'DERIVED\\SECONDARY\\REFORMATTED\\AVERAGE',
    'DERIVED\\PRIMARY\\AXIAL\\CT_SOM5 MPR',
    'DERIVED\\PRIMARY\\VOLUME\\RESAMPLED',
    'DERIVED\\PRIMARY\\VOLUME\\ENERGY_PROP_WT',
    'ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM7 SPI DUAL\\DET_AB\\M_0.6',
    'DERIVED\\SECONDARY\\AXIAL\\MONO_70KEV',
    'DERIVED\\SECONDARY\\AXIAL\\VMI\\70 keV',
    'DERIVED\\SECONDARY\\AXIAL\\VMI\\70',
    'ORIGINAL\\PRIMARY\\AXIAL\\CALCIUM_SCORING',
  ])('is taken as %s', (text) => {
    expect(answer(indexed(type(text)))).toBe('taken');
  });

  it.each([
    ['projection', 'DERIVED\\SECONDARY\\AXIAL\\MIP'],
    ['projection', 'DERIVED\\MIP'],
    ['projection', 'DERIVED\\SECONDARY\\AXIAL\\CT_SOM5 MIP THIN'],
    ['projection', 'DERIVED\\SECONDARY\\MPR\\MINIP'],
    ['projection', 'DERIVED\\SECONDARY\\REFORMATTED\\MIN IP'],
    ['projection', 'DERIVED\\SECONDARY\\PROJECTION IMAGE'],
    ['projection', 'DERIVED\\PRIMARY\\VOLUME\\MAXIMUM'],
    ['projection', 'DERIVED\\SECONDARY\\axial\\mip'],
    ['rendering', 'DERIVED\\SECONDARY\\AXIAL\\CT_SOM5 VRT THIN'],
    ['rendering', 'DERIVED\\SECONDARY\\SSD'],
    ['curved', 'DERIVED\\SECONDARY\\CURVED MPR'],
    ['curved', 'DERIVED\\SECONDARY\\REFORMATTED\\CPR'],
    ['subtraction', 'DERIVED\\PRIMARY\\AXIAL\\SUBTRACTION'],
    ['localizer', 'ORIGINAL\\PRIMARY\\TOPOGRAM'],
    ['material', 'DERIVED\\SECONDARY\\AXIAL\\VNC'],
    ['material', 'DERIVED\\SECONDARY\\AXIAL\\DE_VNCa'],
    ['material', 'DERIVED\\SECONDARY\\AXIAL\\VIRTUAL NON CALCIUM'],
    ['material', 'DERIVED\\SECONDARY\\AXIAL\\IODINE_MAP'],
    ['material', 'DERIVED\\SECONDARY\\AXIAL\\Z EFF'],
    ['material', 'DERIVED\\SECONDARY\\AXIAL\\RHO_Z'],
    ['material', 'DERIVED\\PRIMARY\\AXIAL\\MAT_REMOVED'],
    ['material', 'DERIVED\\PRIMARY\\AXIAL\\ELECTRON_DENSITY'],
    ['monoenergetic', 'DERIVED\\SECONDARY\\AXIAL\\MONO_40KEV'],
    ['monoenergetic', 'DERIVED\\SECONDARY\\AXIAL\\MONO_40'],
    ['monoenergetic', 'DERIVED\\SECONDARY\\AXIAL\\MONOENERGETIC'],
    ['monoenergetic', 'DERIVED\\SECONDARY\\AXIAL\\VMI\\140 keV'],
    ['bone-suppressed', 'DERIVED\\SECONDARY\\AXIAL\\BONE REMOVED'],
    ['masked', 'DERIVED\\PRIMARY\\VOLUME\\MASKED'],
    ['map', 'DERIVED\\PRIMARY\\PERFUSION\\RCBF'],
    ['map', 'DERIVED\\SECONDARY\\AXIAL\\MTT'],
    ['tomosynthesis', 'DERIVED\\PRIMARY\\TOMO'],
    ['synthetic', 'DERIVED\\SECONDARY\\SYNTHETIC CT'],
    ['screenshot', 'DERIVED\\SECONDARY\\SCREEN SAVE'],
  ])('is refused as %s: %s', (kind, text) => {
    const instance = indexed(type(text));

    expect([...claimsOf(volumeOf([instance]))]).toContain(kind);
    expect(answer(instance)).toMatch(/^By its header, the image /);
    expect(answer(instance, Object.keys(KINDS))).toBe('taken');
  });

  it.each([
    [
      'energy stated apart',
      { ...type('DERIVED\\SECONDARY\\AXIAL\\VMI'), MonoenergeticEnergyEquivalent: 50 },
      /at 50 keV/,
    ],
    ['electron density by its units', { RescaleType: 'ED' }, /other units/],
    ['modified Hounsfield units', { RescaleType: 'HU_MOD' }, /other units/],
    ['a horse by its axes', { AnatomicalOrientationType: 'QUADRUPED' }, /of an animal/],
    ['a dog', { PatientSpeciesDescription: 'Canine' }, /of an animal/],
    [
      'a cat by its code',
      { PatientSpeciesCodeSequence: [{ CodeValue: '448169003', CodingSchemeDesignator: 'SCT', CodeMeaning: 'x' }] },
      /of an animal/,
    ],
    ['colours', { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' }, /colour picture/],
    [
      'the description of its derivation',
      { ...type('DERIVED\\SECONDARY'), DerivationDescription: 'Maximum intensity projection, 10 mm' },
      /projection/,
    ],
    ['a phantom', { QualityControlImage: 'YES' }, /of a phantom/],
    ['a tube of 40 kV', { KVP: 40 }, /at 40 kV/],
    ['a megavoltage CT', { KVP: 3500 }, /at 3500 kV/],
    [
      'an average of unknown thickness',
      { ...type('DERIVED\\SECONDARY\\MPR\\AVERAGE'), SliceThickness: '' },
      /does not say how thick/,
    ],
    [
      'a projection by its derivation',
      { DerivationCodeSequence: [{ CodeValue: '113078', CodingSchemeDesignator: 'DCM', CodeMeaning: 'MIP' }] },
      /projection/,
    ],
    [
      'a map by its real-world values',
      {
        RealWorldValueMappingSequence: [
          {
            MeasurementUnitsCodeSequence: [
              { CodeValue: 'mg/mL', CodingSchemeDesignator: 'UCUM', CodeMeaning: 'mg/mL' },
            ],
          },
        ],
      },
      /other units/,
    ],
    ['the Series Description’s energy', { SeriesDescription: 'MonoE 40keV[HU]' }, /at 40 keV/],
    ['the Series Description’s material', { SeriesDescription: 'Iodine no Water[mg/ml]' }, /material/],
    ['the Series Description’s calcium', { SeriesDescription: 'LWS VNCa 1.0' }, /material/],
    ['the iodine that was removed', { SeriesDescription: 'Iodine Removed[HU*]' }, /material/],
    ['only what took up contrast', { SeriesDescription: 'Contrast-Enhanced Structures[HU*]' }, /material/],
    ['a virtual unenhanced image', { SeriesDescription: 'Virtual Unenhanced 3.0' }, /material/],
    ['calcium without its lumen', { SeriesDescription: 'PureCalcium 1.0' }, /material/],
    [
      'a derived series that is called bone marrow',
      { ...type('DERIVED\\PRIMARY\\AXIAL'), SeriesDescription: 'DE_Bone Marrow 1.5' },
      /material/,
    ],
    [
      'a derived series that was straightened',
      { ...type('DERIVED\\SECONDARY'), SeriesDescription: 'Aorta straightened' },
      /curve/,
    ],
    [
      'a derived series that is called a dose map',
      { ...type('DERIVED\\SECONDARY'), SeriesDescription: 'Dose Map' },
      /map/,
    ],
    ['the Series Description’s bone', { SeriesDescription: 'CTA Bone Removal' }, /bone removed/],
    [
      'a derived series that is called MIP',
      { ...type('DERIVED\\SECONDARY'), SeriesDescription: 'AX MIP 8MM' },
      /projection/,
    ],
  ])('is refused for %s', (_, attributes, message) => {
    expect(answer(indexed(attributes))).toMatch(message);
  });

  it.each<[string, Attributes]>([
    ['contrast agent is named', { SeriesDescription: 'Thorax with iodine contrast 350 mg' }],
    ['the protocol names MIP', { ...type('ORIGINAL\\PRIMARY\\AXIAL'), SeriesDescription: 'Thorax + MIP' }],
    [
      'bone marrow is to be biopsied',
      { ...type('ORIGINAL\\PRIMARY\\AXIAL'), SeriesDescription: 'CT bone marrow biopsy' },
    ],
    ['the kernel is for bone', { SeriesDescription: 'LWS Bone 1.0 Br64' }],
    ['the voltage is not known', { KVP: 0 }],
    ['the voltage is in volts', { KVP: 120_000 }],
    ['children are scanned at 70 kV', { KVP: 70 }],
    [
      'it was compressed with loss',
      { DerivationCodeSequence: [{ CodeValue: '113040', CodingSchemeDesignator: 'DCM', CodeMeaning: 'x' }] },
    ],
    ['the species is told', { PatientSpeciesDescription: 'Homo sapiens' }],
    ['the species is not known', { PatientSpeciesDescription: 'Unknown' }],
    ['it is a spiral CT', { ...type('DERIVED\\SECONDARY'), SeriesDescription: 'SCT Thorax MPR after CPR' }],
    ['units are spelled out', { RescaleType: 'Hounsfield' }],
  ])('is taken although %s', (_, attributes) => {
    expect(answer(indexed(attributes))).toBe('taken');
  });

  it('does not let words of its description leave the site', () => {
    const index = indexed({ SeriesDescription: 'Doe^John 40 keV', ...type('DERIVED\\SECONDARY\\Doe MIP') });

    expect(JSON.stringify(index)).not.toMatch(/doe|john/i);
    expect(index).toMatchObject({ claims: ['monoenergetic', 'projection'], MonoenergeticEnergyEquivalent: 40 });
  });
});

describe('an MR', () => {
  const mr = (attributes: Attributes): InstanceIndex => indexed({ SOPClassUID: MR, Modality: 'MR', ...attributes });

  it.each([
    'ORIGINAL\\PRIMARY\\M\\ND\\NORM',
    'ORIGINAL\\PRIMARY\\MPR',
    'ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE',
    'ORIGINAL\\PRIMARY\\OTHER',
    'ORIGINAL\\PRIMARY\\T1\\NONE',
    'DERIVED\\PRIMARY\\MPR\\NORM\\DIS2D',
    'DERIVED\\SECONDARY',
    'DERIVED\\SECONDARY\\MPR\\CSA MPR\\\\CSAPARALLEL\\M\\ND\\NORM',
    'DERIVED\\PRIMARY\\M\\WATER',
    'ORIGINAL\\PRIMARY\\M\\MEAN',
  ])('is taken as %s', (text) => {
    expect(answer(mr(type(text)))).toBe('taken');
  });

  it.each([
    ['map', 'DERIVED\\PRIMARY\\DIFFUSION\\ADC'],
    ['map', 'DERIVED\\PRIMARY\\M\\FA'],
    ['map', 'DERIVED\\PRIMARY\\T1 MAP'],
    ['map', 'DERIVED\\PRIMARY\\PERFUSION\\QUANTITY'],
    ['phase', 'ORIGINAL\\PRIMARY\\P\\ND'],
    ['phase', 'ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE'],
    ['phase', 'ORIGINAL\\PRIMARY\\REAL'],
    ['phase', 'ORIGINAL\\PRIMARY\\R_FFE\\R\\FFE'],
    ['subtraction', 'DERIVED\\PRIMARY\\M\\SUB'],
    ['projection', 'DERIVED\\SECONDARY\\PROJECTION IMAGE'],
    ['projection', 'DERIVED\\PRIMARY\\MIP_SAG'],
  ])('is refused as %s: %s', (kind, text) => {
    const instance = mr(type(text));

    expect([...claimsOf(volumeOf([instance]))]).toContain(kind);
    expect(answer(instance)).not.toBe('taken');
  });

  it('is refused where it was derived and is called synthetic', () => {
    const called = (text: string): string => answer(mr({ ...type(text), SeriesDescription: 'Synthetic T1W' }));

    expect(called('DERIVED\\PRIMARY\\M')).toMatch(/synthetic/);
    expect(called('ORIGINAL\\PRIMARY\\M')).toBe('taken');
  });
});

describe('a radiograph', () => {
  const dx = (attributes: Attributes): InstanceIndex => indexed({ SOPClassUID: DX, Modality: 'DX', ...attributes });

  it('is a projection by nature, and refused with its bones suppressed', () => {
    expect(answer(dx(type('ORIGINAL\\PRIMARY\\PROJECTION')))).toBe('taken');
    expect(answer(dx(type('DERIVED\\PRIMARY\\\\BONE_SUPPRESSED')))).toMatch(/bone/);
  });
});

describe('a header that contradicts itself', () => {
  it.each([
    ['Modality and SOP Class', { Modality: 'MR' }, /Modality is MR, and the SOP Class is that of CT/],
    [
      'two body parts',
      {
        BodyPartExamined: 'HEAD',
        AnatomicRegionSequence: [{ CodeValue: '818981001', CodingSchemeDesignator: 'SCT', CodeMeaning: 'x' }],
      },
      /Body Part Examined \(0018,0015\) is HEAD, and Anatomic Region Sequence \(0008,2218\) is ABDOMEN/,
    ],
  ])('is refused: %s', (_, attributes, message) => {
    expect(answer(indexed(attributes))).toMatch(message);
  });

  it('is none where the parts overlap', () => {
    const region = [{ CodeValue: '421060004', CodingSchemeDesignator: 'SCT', CodeMeaning: 'x' }];

    expect(answer(indexed({ BodyPartExamined: 'LSPINE', AnatomicRegionSequence: region }))).toBe('taken');
    expect(answer(indexed({ BodyPartExamined: 'SHOULDER' }))).toBe('taken');
  });
});

describe('the selection of a tool', () => {
  const selection: Selection = SelectionSchema.parse({
    image: 'volume',
    alternatives: [[{ attribute: 'Modality', in: ['CT'], reason: 'It is no CT.' }]],
    take: 'best',
    prefer: [{ attribute: 'SliceThickness', order: 'ascending' }],
  });
  const mip = volumeOf([slice(0, { ImageType: ['DERIVED', 'SECONDARY', 'AXIAL', 'MIP'] })]);

  it('begins with the claims, also those of manifests that have only Image Type', () => {
    expect(judgeImage(selection, mip)).toMatchObject({ suitable: false, reason: { code: 'not-the-scan' } });
    expect(judgeImage({ ...selection, accepts: ['projection'] }, mip)).toEqual({ suitable: true });
  });

  it('refuses another modality for its modality', () => {
    const image = volumeOf([slice(0, { SOPClassUID: MR, Modality: 'MR', ImageType: ['DERIVED', 'SECONDARY', 'ADC'] })]);

    expect(judgeImage(selection, image)).toMatchObject({ reason: { message: 'It is no CT.' } });
  });

  it('knows the kinds that it may accept', () => {
    expect(SelectionSchema.safeParse({ ...selection, accepts: ['projections'] }).success).toBe(false);
  });

  it('is given a scan without the projection that was filed with it', () => {
    const filed = slice(9, { ImageType: ['DERIVED', 'SECONDARY', 'MIP'] });
    const images = groupImages({ StudyInstanceUID: '1.2.3', instances: [slice(0), slice(1), slice(2), filed] });

    const { selected, refusals } = selectImages(selection, images);

    expect(selected.map(({ instances }) => instances.length)).toEqual([3]);
    expect(refusals.map(({ image, reason }) => [image.instances, reason.code])).toEqual([[[filed], 'not-the-scan']]);
  });

  it('takes a reformat after its source, however thin', () => {
    const source = volumeOf([slice(0, { SeriesInstanceUID: '1.1', SliceThickness: 3 })]);
    const mpr = { SeriesInstanceUID: '1.2', SliceThickness: 1, ImageType: ['DERIVED', 'SECONDARY', 'MPR'] };
    const sagittal = volumeOf([slice(0, { SeriesInstanceUID: '1.3', ImageOrientationPatient: [0, 1, 0, 0, 0, -1] })]);

    const reformat = volumeOf([slice(0, mpr)]);

    expect([reformat, sagittal, source].map(isReformat)).toEqual([true, true, false]);
    expect(selectImages(selection, [reformat, source]).selected).toEqual([source, reformat]);
  });
});
