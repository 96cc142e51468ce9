/** CT whose header is odd, contradictory, or says that the image is not one to measure on. */
import { reencode } from '../../fuzz/tree.ts';
import type { FieldCase } from '../case.ts';
import { changed, type File, mapped, numbersOf, pictureOf, raw } from '../edit.ts';
import { eachSlice, evaluated, READERS, VENDORS, withHeader } from './spine-case.ts';

/** Headers that are written carelessly, and say enough. */
export const CT_CARELESS: readonly FieldCase[] = [
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
  evaluated('Pixel Spacing as unlimited text', READERS, withHeader({ PixelSpacing: raw('UT', '2.5\\2.5 ') })),
  evaluated('a backslash at the end of Pixel Spacing', READERS, withHeader({ PixelSpacing: raw('DS', '2.5\\2.5\\') })),
  evaluated('an empty Modality', READERS, withHeader({ Modality: '' })),
  evaluated(
    'bone marrow in a description that means a biopsy',
    VENDORS,
    withHeader({ ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'], SeriesDescription: 'CT bone marrow biopsy' }),
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
    'a Patient ID in Latin-1 that is declared as UTF-8',
    READERS,
    withHeader({ SpecificCharacterSet: 'ISO_IR 192', PatientID: raw('LO', 'M\xfc\xdf123') }),
  ),
  evaluated(
    'a Patient ID in Latin-1 without a Specific Character Set',
    READERS,
    withHeader({ PatientID: raw('LO', 'M\xfc\xdf124') }),
  ),
  evaluated(
    'air slices at the ends in 8 bits, all others in 16',
    READERS,
    eachSlice((file, slice) => (slice < 3 || slice > 108 ? inEightBits(file) : file)),
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

/** Steps of 16 Hounsfield units. */
function inEightBits(file: File): File {
  const bytes = Uint8Array.from(pictureOf(file).values, (value) => Math.min(255, Math.floor(value / 16)));
  return changed(file, {
    ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, RescaleSlope: '16' },
    PixelData: { vr: 'OB', bytes },
  });
}
