/** Header values that may leave the site. They are checked, and dropped where they might say something about a patient. */
import type { Dataset } from '#dicom/read.ts';
import { isKeyUid } from '#dicom/uid.ts';
import { MODALITIES } from './modalities.ts';

/** A Code String (PS3.5 6.2) that may leave the site: one word. Other text is dropped, because it may be about a patient. */
const CODE_STRING = /^[A-Z0-9_]{1,16}$/;
/** Code Strings of several words that are Defined Terms (PS3.3 C.7.6.3.1.2, C.8.4.9.1.1, C.8.7.1.1.2) or in wide use. */
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
/** Code Values contain a digit in every scheme of PS3.16 8 that codes regions; names do not. */
const CODE_VALUE = /^(?=.*\d)[A-Z0-9.-]{1,16}$/;
/** Image Type, the longest list of codes, has four values plus a vendor's few. A list of thousands is not an Image Type. */
const MAX_CODES = 32;
const CODING_SCHEME = /^[A-Z0-9_-]{1,16}$/;
/** Defined Terms of Rescale Type (0028,1054; PS3.3 C.11.1.1.2). */
const RESCALE_TYPES = new Set(['OD', 'HU', 'US', 'MGML', 'Z_EFF', 'ED', 'EDW', 'HU_MOD', 'PCT']);
/** HU spelled out. */
const HOUNSFIELD = /^(hu|h\.u\.|hounsfield([ _-]?units?)?)$/i;
/** Replaces a text that is not a Defined Term. Unlike US, unspecified, it never means Hounsfield units. */
const OTHER_UNITS = 'OTHER';

/** Enumerated Values and Defined Terms of MR acquisition (PS3.3 C.8.3.1, C.8.13.1, C.8.13.3). Other values are dropped. */
const MR_TERMS = {
  ScanningSequence: new Set(['SE', 'IR', 'GR', 'EP', 'RM']),
  SequenceVariant: new Set(['SK', 'MTC', 'SS', 'TRSS', 'SP', 'MP', 'OSP', 'NONE']),
  MRAcquisitionType: new Set(['1D', '2D', '3D']),
  AngioFlag: new Set(['Y', 'N']),
  AcquisitionContrast: new Set(
    `DIFFUSION FLOW_ENCODED FLUID_ATTENUATED PERFUSION PROTON_DENSITY STIR TAGGING T1 T2 T2_STAR TOF MIXED UNKNOWN`.split(
      ' ',
    ),
  ),
} as const;

/** The known terms among the values. */
export function mrTerms(dataset: Dataset, keyword: keyof typeof MR_TERMS): string[] | undefined {
  const terms = dataset.texts(keyword).filter((value) => MR_TERMS[keyword].has(value));
  return terms.length === 0 || terms.length > MAX_CODES ? undefined : terms;
}

/** A Code String of one word, or a known term. */
export function code(dataset: Dataset, keyword: string): string | undefined {
  return codeString(dataset.text(keyword));
}

/** Code Strings at their places in the list, with '' for a dropped one. */
export function codes(dataset: Dataset, keyword: string): string[] | undefined {
  const values = dataset.texts(keyword).map((value) => codeString(value) ?? '');
  return values.length === 0 || values.length > MAX_CODES ? undefined : values;
}

/** A whole number. */
export function whole(dataset: Dataset, keyword: string): number | undefined {
  const value = dataset.number(keyword);
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** A whole number above zero. */
export function count(dataset: Dataset, keyword: string): number | undefined {
  const value = whole(dataset, keyword);
  return value !== undefined && value > 0 ? value : undefined;
}

export function uid(dataset: Dataset, keyword: string): string | undefined {
  const text = dataset.text(keyword);
  return text !== undefined && isKeyUid(text) ? text : undefined;
}

export function modality(dataset: Dataset): string | undefined {
  const Modality = dataset.text('Modality');
  return Modality !== undefined && MODALITIES.has(Modality) ? Modality : undefined;
}

/** Rescale Type, which people type by hand: a Defined Term, HU where it is spelled out, or OTHER. */
export function rescaleType(dataset: Dataset): string | undefined {
  const text = dataset.text('RescaleType');
  if (text === undefined || RESCALE_TYPES.has(text)) return text;
  return HOUNSFIELD.test(text) ? 'HU' : OTHER_UNITS;
}

/** The first item of Anatomic Region Sequence as `scheme:value`. */
export function anatomicRegion(dataset: Dataset): string | undefined {
  const item = dataset.items('AnatomicRegionSequence')[0];
  const value = item?.text('CodeValue') ?? '';
  const scheme = item?.text('CodingSchemeDesignator') ?? '';
  return CODE_VALUE.test(value) && CODING_SCHEME.test(scheme) ? `${scheme}:${value}` : undefined;
}

export function pair(dataset: Dataset, keyword: string): [number, number] | undefined {
  const [a, b, ...more] = dataset.numbers(keyword);
  return a === undefined || b === undefined || more.length > 0 ? undefined : [a, b];
}

export function triple(dataset: Dataset, keyword: string): [number, number, number] | undefined {
  return three(dataset.numbers(keyword));
}

export function sextuple(
  dataset: Dataset,
  keyword: string,
): [number, number, number, number, number, number] | undefined {
  const values = dataset.numbers(keyword);
  const row = three(values.slice(0, 3));
  const column = three(values.slice(3));
  return row === undefined || column === undefined ? undefined : [...row, ...column];
}

function three([a, b, c, ...more]: readonly number[]): [number, number, number] | undefined {
  return a === undefined || b === undefined || c === undefined || more.length > 0 ? undefined : [a, b, c];
}

function codeString(text: string | undefined): string | undefined {
  return text !== undefined && (CODE_STRING.test(text) || TERMS.has(text)) ? text : undefined;
}
