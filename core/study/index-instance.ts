import { createHash } from 'node:crypto';
import { type Dataset, readDicom } from '../dicom/read.ts';
import { isKeyUid } from '../keys.ts';
import { MODALITIES } from './modalities.ts';
import { type InstanceAttributes, type InstanceIndex, InstanceIndexSchema } from './study-index.ts';

/** A Code String (PS3.5 6.2) as it may leave the site: one word. Other text is dropped, for it may be about a patient. */
const CODE_STRING = /^[A-Z0-9_]{1,16}$/;
/** The Code Strings of several words that are known terms (PS3.3 C.7.6.3.1.2, C.8.4.9.1.1, C.8.7.1.1.2) or much used. */
const TERMS = new Set(
  [
    'PALETTE COLOR',
    'WHOLE BODY',
    'GATED TOMO',
    'RECON TOMO',
    'RECON GATED TOMO',
    'SINGLE PLANE',
    'BIPLANE A',
    'BIPLANE B',
  ].concat(['PROJECTION IMAGE', 'MIN IP', 'MAX IP', 'C SPINE', 'T SPINE', 'L SPINE', 'TL SPINE', 'LS SPINE']),
);
/** A Code Value has digits, in every scheme of PS3.16 8 that names regions; names have none. */
const CODE_VALUE = /^(?=.*\d)[A-Z0-9.-]{1,16}$/;
/** Image Type, the longest list of codes, has four values, and vendors' a few more; a list of thousands is none. */
const MAX_CODES = 32;
const CODING_SCHEME = /^[A-Z0-9_-]{1,16}$/;
/** The name by which Hilum knows its own objects, in Manufacturer (0008,0070). */
export const MANUFACTURER = 'Hilum';

/**
 * The header index of one Part 10 file: allow-listed attributes, digest and size. Values that break their VR are left out.
 *
 * @throws DicomReadError where the file cannot be taken as DICOM, missing and invalid UIDs included
 */
export function indexInstance(bytes: Uint8Array): InstanceIndex {
  const { TransferSyntaxUID, dataset } = readDicom(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const entries = Object.entries({ ...attributesOf(dataset), TransferSyntaxUID, sha256, sizeBytes: bytes.length });
  return InstanceIndexSchema.parse(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

type Candidates = { readonly [Keyword in keyof InstanceAttributes]: InstanceAttributes[Keyword] | undefined };

function attributesOf(dataset: Dataset): Omit<Candidates, 'TransferSyntaxUID'> {
  const code = (keyword: string): string | undefined => codeString(dataset.text(keyword));
  const codes = (keyword: string): string[] | undefined => {
    const values = dataset.texts(keyword).map((value) => codeString(value) ?? '');
    return values.length === 0 || values.length > MAX_CODES ? undefined : values;
  };
  const whole = (keyword: string): number | undefined => {
    const value = dataset.number(keyword);
    return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
  };
  const count = (keyword: string): number | undefined => {
    const value = whole(keyword);
    return value !== undefined && value > 0 ? value : undefined;
  };
  return {
    // Required by readDicom; the empty string would be refused by the schema.
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
    SOPClassUID: dataset.text('SOPClassUID') ?? '',
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '',
    Modality: known(dataset.text('Modality')),
    ImageType: codes('ImageType'),
    BodyPartExamined: code('BodyPartExamined'),
    AnatomicRegion: anatomicRegion(dataset),
    ViewPosition: code('ViewPosition'),
    ImageLaterality: code('ImageLaterality'),
    PatientOrientation: codes('PatientOrientation'),
    FrameOfReferenceUID: uid(dataset.text('FrameOfReferenceUID')),
    SeriesNumber: dataset.number('SeriesNumber'),
    AcquisitionNumber: dataset.number('AcquisitionNumber'),
    InstanceNumber: dataset.number('InstanceNumber'),
    Rows: count('Rows'),
    Columns: count('Columns'),
    NumberOfFrames: count('NumberOfFrames'),
    SamplesPerPixel: count('SamplesPerPixel'),
    PhotometricInterpretation: code('PhotometricInterpretation'),
    BitsAllocated: count('BitsAllocated'),
    BitsStored: count('BitsStored'),
    PixelRepresentation: whole('PixelRepresentation'),
    PixelSpacing: pair(dataset.numbers('PixelSpacing')),
    ImagerPixelSpacing: pair(dataset.numbers('ImagerPixelSpacing')),
    SliceThickness: dataset.number('SliceThickness'),
    SpacingBetweenSlices: dataset.number('SpacingBetweenSlices'),
    ImagePositionPatient: triple(dataset.numbers('ImagePositionPatient')),
    ImageOrientationPatient: sextuple(dataset.numbers('ImageOrientationPatient')),
    GantryDetectorTilt: dataset.number('GantryDetectorTilt'),
    RescaleSlope: dataset.number('RescaleSlope'),
    RescaleIntercept: dataset.number('RescaleIntercept'),
    BurnedInAnnotation: code('BurnedInAnnotation'),
    writtenByHilum: writtenByHilum(dataset) || undefined,
  };
}

/** True where the Manufacturer, or one of the Contributing Equipment items, is Hilum. */
function writtenByHilum(dataset: Dataset): boolean {
  const isOurs = (manufacturer: string | undefined): boolean => manufacturer?.startsWith(MANUFACTURER) === true;
  return (
    isOurs(dataset.text('Manufacturer')) ||
    dataset.items('ContributingEquipmentSequence').some((item) => isOurs(item.text('Manufacturer')))
  );
}

function anatomicRegion(dataset: Dataset): string | undefined {
  const item = dataset.items('AnatomicRegionSequence')[0];
  const value = item?.text('CodeValue') ?? '';
  const scheme = item?.text('CodingSchemeDesignator') ?? '';
  return CODE_VALUE.test(value) && CODING_SCHEME.test(scheme) ? `${scheme}:${value}` : undefined;
}

function codeString(text: string | undefined): string | undefined {
  return text !== undefined && (CODE_STRING.test(text) || TERMS.has(text)) ? text : undefined;
}

function known(Modality: string | undefined): string | undefined {
  return Modality !== undefined && MODALITIES.has(Modality) ? Modality : undefined;
}

function uid(text: string | undefined): string | undefined {
  return text !== undefined && isKeyUid(text) ? text : undefined;
}

function pair([a, b, ...more]: readonly number[]): [number, number] | undefined {
  return a === undefined || b === undefined || more.length > 0 ? undefined : [a, b];
}

function triple([a, b, c, ...more]: readonly number[]): [number, number, number] | undefined {
  return a === undefined || b === undefined || c === undefined || more.length > 0 ? undefined : [a, b, c];
}

function sextuple(values: readonly number[]): [number, number, number, number, number, number] | undefined {
  const row = triple(values.slice(0, 3));
  const column = triple(values.slice(3));
  return row === undefined || column === undefined ? undefined : [...row, ...column];
}
