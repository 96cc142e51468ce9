/** CT whose header is odd, contradictory, or says that the image is not one to measure on. */
import { reencode } from '../../fuzz/tree.ts';
import type { FieldCase } from '../case.ts';
import { changed, mapped, numbersOf, pictureOf, raw, repainted } from '../edit.ts';
import { DEPARTMENTS, eachSlice, evaluated, READERS, refused, VENDORS, withHeader } from './spine-case.ts';

const UNREADABLE = ['unreadable-header'];
const OUT = ['not-suitable'];
const NOT_THE_SCAN = ['not-the-scan'];

/** Headers that are written carelessly, and say enough. */
const CARELESS: readonly FieldCase[] = [
  evaluated('a plain CT of the trunk', 'none: an ordinary study', (files) => files),
  evaluated(
    'numbers with exponents, signs and every digit of a double',
    READERS,
    withHeader({
      PixelSpacing: raw('DS', '+2.5e+00\\2.500000000000000000 '),
      ImageOrientationPatient: raw('DS', '1.0\\-0\\+0.0\\-0.0\\1.\\-0'),
    }),
  ),
  evaluated(
    'zeros as padding of codes and numbers',
    READERS,
    withHeader({
      RescaleType: raw('LO', 'HU\0\0'),
      ImageType: raw('CS', 'ORIGINAL\\PRIMARY\\AXIAL\0'),
      RescaleIntercept: raw('DS', '-1024\0\0\0'),
    }),
  ),
  evaluated('spaces as padding of UIDs', READERS, withHeader({ FrameOfReferenceUID: raw('UI', '2.25.123456700  ') })),
  evaluated(
    'numbers of series and images beyond 32 bits',
    READERS,
    eachSlice((file, slice) =>
      changed(file, {
        InstanceNumber: `9999999999${slice}`,
        SeriesNumber: '20240101123456',
        AcquisitionNumber: '1.0000',
      }),
    ),
  ),
  evaluated(
    'decimal commas that can only be that',
    READERS,
    eachSlice((file) =>
      changed(file, {
        PixelSpacing: raw('DS', '2,50\\2,50 '),
        RescaleIntercept: raw('DS', '-1024,0 '),
        ImagePositionPatient: raw(
          'DS',
          numbersOf(file, 'ImagePositionPatient')
            .map((mm) => mm.toFixed(2).replace('.', ','))
            .join('\\'),
        ),
      }),
    ),
  ),
  evaluated('zero frames in a single-frame image', READERS, withHeader({ NumberOfFrames: '0' })),
  evaluated(
    'more pixel data than pixels',
    READERS,
    eachSlice((file) => {
      const { values } = pictureOf(file);
      const longer = new Uint16Array(values.length + 512);
      longer.set(values);
      return changed(file, { PixelData: { vr: 'OW', bytes: new Uint8Array(longer.buffer) } });
    }),
  ),
  evaluated(
    'a name in Latin-1 that is declared as UTF-8',
    READERS,
    withHeader({
      SpecificCharacterSet: 'ISO_IR 192',
      PatientName: raw('PN', 'Ph\xe4ntom^Jos\xe9 '),
    }),
  ),
  evaluated(
    'a name in Shift JIS with backslashes as second bytes',
    READERS,
    withHeader({
      SpecificCharacterSet: 'ISO_IR 13',
      PatientName: raw('PN', '\x83\x5c^\x95\x5c '),
    }),
  ),
  evaluated(
    'a Patient ID with zeros, an Accession Number in two values, a Study ID that is too long',
    READERS,
    withHeader({
      PatientID: raw('LO', '12345\0\0\0'),
      AccessionNumber: raw('SH', 'A\\B '),
      StudyID: raw('SH', 'X'.repeat(30)),
    }),
  ),
  evaluated(
    'an icon with rows, columns and pixels of its own',
    READERS,
    withHeader({
      IconImageSequence: [
        {
          Rows: 64,
          Columns: 64,
          BitsAllocated: 8,
          BitsStored: 8,
          HighBit: 7,
          PixelRepresentation: 0,
          SamplesPerPixel: 1,
          PhotometricInterpretation: 'MONOCHROME2',
          PixelData: raw('OB', 'U'.repeat(4096)),
        },
      ],
    }),
  ),
  evaluated('Body Part Examined in lower case', READERS, withHeader({ BodyPartExamined: 'Chest' })),
  evaluated('an empty Body Part Examined', READERS, withHeader({ BodyPartExamined: '' })),
  evaluated('no Image Type', READERS, withHeader({ ImageType: undefined })),
  evaluated('no Rescale Type', READERS, withHeader({ RescaleType: undefined })),
  evaluated('no Slice Thickness', READERS, withHeader({ SliceThickness: undefined })),
  evaluated('no Patient Position', READERS, withHeader({ PatientPosition: undefined })),
  evaluated('slices of 4 mm every 3 mm, as scanners reconstruct them', VENDORS, withHeader({ SliceThickness: '4.0' })),
  evaluated(
    'monoenergetic at 70 keV, which looks like 120 kV',
    VENDORS,
    withHeader({ ImageType: ['DERIVED', 'PRIMARY', 'AXIAL', 'MONO_E70'] }),
  ),
  evaluated('derived by a change of format only', VENDORS, withHeader({ ImageType: ['DERIVED', 'PRIMARY', 'AXIAL'] })),
  evaluated(
    'signed and unsigned slices in one series',
    READERS,
    eachSlice((file, slice) =>
      slice % 2 === 0
        ? changed(
            mapped(file, (value) => value - 1024),
            { PixelRepresentation: 1, RescaleIntercept: '0' },
          )
        : file,
    ),
  ),
  evaluated(
    'an intercept of -32768',
    READERS,
    eachSlice((file) =>
      changed(
        mapped(file, (value) => value - 1024 + 32768),
        { RescaleIntercept: '-32768' },
      ),
    ),
  ),
  evaluated(
    'a slope of 0.5, and another in every seventh slice',
    READERS,
    eachSlice((file, slice) => {
      const slope = slice % 7 === 0 ? 0.25 : 0.5;
      return changed(
        mapped(file, (value) => Math.min(65535, Math.round(value / slope))),
        { RescaleSlope: String(slope) },
      );
    }),
  ),
  evaluated(
    'Implicit VR Little Endian',
    READERS,
    eachSlice((file) => reencode(file, '1.2.840.10008.1.2')),
  ),
  evaluated(
    'Explicit VR Big Endian, which is retired',
    READERS,
    eachSlice((file) => reencode(file, '1.2.840.10008.1.2.2')),
  ),
  evaluated(
    'a deflated data set',
    READERS,
    eachSlice((file) => reencode(file, '1.2.840.10008.1.2.1.99')),
  ),
  evaluated(
    'Pixel Padding Value outside of the circle of reconstruction',
    VENDORS,
    eachSlice((file) => {
      const { rows, columns } = pictureOf(file);
      const padded = mapped(file, (value, at) => {
        const outside = Math.hypot((at % columns) - columns / 2, Math.floor(at / columns) - rows / 2) > columns / 2;
        return outside ? 63536 : value;
      });
      return changed(padded, { PixelPaddingValue: raw('US', '\x30\xf8') });
    }),
  ),
];

/** Headers of which a part cannot be read, or that contradict themselves. */
const UNREAD: readonly FieldCase[] = [
  refused(
    'Pixel Spacing with commas that may separate thousands',
    READERS,
    withHeader({ PixelSpacing: raw('DS', '2,500\\2,500 ') }),
    UNREADABLE,
    /Pixel Spacing.*cannot be read.*comma/,
  ),
  refused(
    'Pixel Spacing with a comma between its values',
    READERS,
    withHeader({ PixelSpacing: raw('DS', '2.50,2.50 ') }),
    UNREADABLE,
    /Pixel Spacing.*cannot be read/,
  ),
  refused(
    'Pixel Spacing in one value',
    READERS,
    withHeader({ PixelSpacing: raw('DS', '2.50') }),
    UNREADABLE,
    /Pixel Spacing.*cannot be read/,
  ),
  refused(
    'Pixel Spacing in words',
    READERS,
    withHeader({ PixelSpacing: raw('UT', 'two and a half') }),
    UNREADABLE,
    /Pixel Spacing.*cannot be read/,
  ),
  refused(
    'no Pixel Spacing',
    READERS,
    withHeader({ PixelSpacing: undefined }),
    ['pixel-spacing-unknown'],
    /gives no Pixel Spacing/,
  ),
  refused(
    'Pixel Spacing of zero',
    READERS,
    withHeader({ PixelSpacing: '0\\0' }),
    ['pixel-spacing-unknown', 'unreadable-header'],
    /Pixel Spacing/,
  ),
  refused(
    'Image Orientation (Patient) with five values',
    READERS,
    withHeader({ ImageOrientationPatient: '1\\0\\0\\0\\1' }),
    UNREADABLE,
    /Image Orientation.*cannot be read/,
  ),
  refused(
    'Rescale Intercept in words',
    READERS,
    withHeader({ RescaleIntercept: raw('DS', 'minus 1024') }),
    UNREADABLE,
    /Rescale Intercept.*cannot be read/,
  ),
  refused(
    'Rescale Slope that is not a number',
    READERS,
    withHeader({ RescaleSlope: raw('DS', 'NaN ') }),
    UNREADABLE,
    /Rescale Slope.*cannot be read/,
  ),
  refused(
    'a Rescale Slope of zero',
    READERS,
    withHeader({ RescaleSlope: '0' }),
    ['malformed'],
    /Rescale Slope is zero/,
  ),
  refused(
    'neither position nor orientation',
    READERS,
    withHeader({ ImagePositionPatient: undefined, ImageOrientationPatient: undefined }),
    ['missing-geometry'],
    /gives no Image Position/,
  ),
  refused(
    'a row and a column of Image Orientation (Patient) that are no right angle',
    READERS,
    withHeader({ ImageOrientationPatient: '1\\0\\0\\0.7\\0.7\\0' }),
    ['missing-geometry'],
    /right angle/,
  ),
];

/** Images that are made from a CT, and say so. */
const MATERIALS = {
  'virtual non-calcium': ['DERIVED', 'PRIMARY', 'AXIAL', 'VNCA'],
  'an iodine map': ['DERIVED', 'PRIMARY', 'AXIAL', 'IODINE'],
  'monoenergetic at 40 keV': ['DERIVED', 'PRIMARY', 'AXIAL', 'MONO_40'],
  'monoenergetic at 140 keV': ['DERIVED', 'PRIMARY', 'AXIAL', 'MONO_E140'],
  'effective atomic number': ['DERIVED', 'PRIMARY', 'AXIAL', 'Z_EFFECTIVE'],
} as const;
const PROJECTIONS = {
  'axial slabs of maximum intensity': ['DERIVED', 'SECONDARY', 'AXIAL', 'MIP'],
  'slabs of minimum intensity': ['DERIVED', 'SECONDARY', 'AXIAL', 'MINIP'],
  'a projection by its own word': ['DERIVED', 'SECONDARY', 'PROJECTION IMAGE'],
} as const;

const OTHER: readonly FieldCase[] = [
  ...Object.entries(PROJECTIONS).map(([name, type]) =>
    refused(name, VENDORS, withHeader({ ImageType: type }), NOT_THE_SCAN, /projection/i),
  ),
  ...Object.entries(MATERIALS).map(([name, type]) =>
    refused(
      name,
      VENDORS,
      withHeader({ ImageType: type }),
      NOT_THE_SCAN,
      /material|monoenergetic|energ|calcium|iodine|atomic/i,
    ),
  ),
  refused(
    'a scout only',
    VENDORS,
    withHeader({ ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }),
    ['no-image', 'not-suitable', 'localizer'],
    /localizer/i,
  ),
  refused(
    'values that are not Hounsfield units by their Rescale Type',
    VENDORS,
    withHeader({ RescaleType: 'Z_EFF' }),
    NOT_THE_SCAN,
    /other units than Hounsfield/,
  ),
  refused(
    'a trunk under the protocol of the head',
    DEPARTMENTS,
    withHeader({ BodyPartExamined: 'HEAD' }),
    OUT,
    /body part examined is not the trunk/i,
  ),
  refused(
    'Head in another case',
    READERS,
    withHeader({ BodyPartExamined: 'Head' }),
    OUT,
    /body part examined is not the trunk/i,
  ),
  refused('slices of 6 mm every 3 mm', VENDORS, withHeader({ SliceThickness: '6.0' }), OUT, /over 5 mm/),
  refused(
    'a transfer syntax of one vendor',
    READERS,
    eachSlice((file) => ({ ...file, TransferSyntaxUID: '1.2.840.113619.5.2' })),
    ['unsupported-transfer-syntax'],
    /Transfer Syntax/i,
  ),
  refused(
    'slices in colour',
    READERS,
    eachSlice((file) => {
      const { rows, columns } = pictureOf(file);
      return changed(repainted(file, { rows, columns, values: new Uint16Array(1.5 * rows * columns) }), {
        SamplesPerPixel: 3,
        PhotometricInterpretation: 'RGB',
        PlanarConfiguration: 0,
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
      });
    }),
    ['not-suitable', 'unsupported-pixel-format'],
    /colou?r|grey/i,
  ),
];

export const CT_HEADERS: readonly FieldCase[] = [...CARELESS, ...UNREAD, ...OTHER];
