import type { FieldCase } from '../case.ts';
import { changed, pictureOf, raw, repainted } from '../edit.ts';
import { DEPARTMENTS, eachSlice, READERS, refused, VENDORS, withHeader } from './spine-case.ts';

const UNREADABLE = ['unreadable-header'];
const OUT = ['not-suitable'];
const NOT_THE_SCAN = ['not-the-scan'];

/** Headers of which a part cannot be read, or that contradict themselves. */
const UNREAD: readonly FieldCase[] = [
  refused(
    'Rescale Intercept with a comma that may separate thousands',
    READERS,
    withHeader({ RescaleIntercept: raw('DS', '-1,024') }),
    UNREADABLE,
    /Rescale Intercept.*cannot be read.*comma/,
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
  ...['Iodine Removed[HU*]', 'Contrast-Enhanced Structures[HU*]', 'PureCalcium 1.0', 'Virtual Unenhanced 3.0'].map(
    (SeriesDescription) =>
      refused(
        `a derived series that is called ${SeriesDescription}`,
        VENDORS,
        withHeader({ ImageType: ['DERIVED', 'SECONDARY', 'AXIAL', 'SPECTRAL'], SeriesDescription }),
        NOT_THE_SCAN,
        /material/,
      ),
  ),
  refused(
    'ten Bits Stored where the values have twelve',
    READERS,
    withHeader({ BitsStored: 10, HighBit: 9 }),
    ['unsupported-pixel-format'],
    /more than the 10 bits/,
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
    NOT_THE_SCAN,
    /colour/,
  ),
];

export const CT_CLAIMS: readonly FieldCase[] = [...UNREAD, ...OTHER];
