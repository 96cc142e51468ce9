/** Header values that may leave the site. They are checked, and dropped where they might say something about a patient. */
import type { Dataset } from '#dicom/read.ts';
import { isKeyUid } from '#dicom/uid.ts';
import { bodyPartIn } from './body-parts.ts';
import { type Notes, readNumbers } from './header-numbers.ts';
import { modalityOf, modalityOfClass } from './modalities.ts';

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
  ]
    .concat(['PROJECTION IMAGE', 'MIN IP', 'MAX IP', 'MONOCHROME1', 'MONOCHROME2', 'YES', 'NO'])
    .concat(['ORIGINAL', 'DERIVED', 'PRIMARY', 'SECONDARY', 'AXIAL', 'LOCALIZER', 'VOLUME', 'MPR', 'OTHER', 'NONE']),
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
  const terms = dataset
    .texts(keyword)
    .map((value) => value.toUpperCase())
    .filter((value) => MR_TERMS[keyword].has(value));
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

/** A number. */
export function number(dataset: Dataset, keyword: string, notes: Notes, name?: string): number | undefined {
  return readNumbers(dataset, keyword, notes, name)?.[0];
}

/** A whole number. */
export function whole(dataset: Dataset, keyword: string, notes: Notes, name?: string): number | undefined {
  const value = number(dataset, keyword, notes, name);
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** A whole number above zero. */
export function count(dataset: Dataset, keyword: string, notes: Notes): number | undefined {
  const value = whole(dataset, keyword, notes);
  return value !== undefined && value > 0 ? value : undefined;
}

/** A length of which zero says nothing: some writers have to write a number. */
export function thickness(dataset: Dataset, keyword: string, notes: Notes): number | undefined {
  const value = number(dataset, keyword, notes) ?? 0;
  if (value < 0) notes.unreadable[keyword] = 'negative';
  return value > 0 ? value : undefined;
}

export function uid(dataset: Dataset, keyword: string, notes: Notes): string | undefined {
  const text = dataset.text(keyword);
  if (text === undefined || isKeyUid(text)) return text;
  notes.unreadable[keyword] = 'not-a-uid';
  return undefined;
}

/** Modality; where it is empty against PS3.3 C.7.3.1, that of the SOP Class, which says the same. */
export function modality(dataset: Dataset): string | undefined {
  const text = dataset.text('Modality');
  return text === undefined ? modalityOfClass(dataset.text('SOPClassUID') ?? '') : modalityOf(text);
}

/** Body Part Examined as a term: `body-parts.ts` has the spellings. Other words are noted, and do not leave the site. */
export function bodyPart(dataset: Dataset, notes: Notes): string | undefined {
  const text = dataset.text('BodyPartExamined');
  if (text === undefined) return undefined;
  const part = bodyPartIn(text) ?? codeString(text);
  if (part === undefined) notes.unreadable['BodyPartExamined'] = 'unknown-words';
  return part;
}

/** Rescale Type, which people type by hand: a Defined Term, HU where it is spelled out, or OTHER. */
export function rescaleType(dataset: Dataset): string | undefined {
  const text = dataset.text('RescaleType');
  if (text === undefined) return undefined;
  const term = text.toUpperCase();
  if (RESCALE_TYPES.has(term)) return term;
  return HOUNSFIELD.test(text) ? 'HU' : OTHER_UNITS;
}

/** The first item of Anatomic Region Sequence as `scheme:value`. */
export function anatomicRegion(dataset: Dataset): string | undefined {
  const item = dataset.items('AnatomicRegionSequence')[0];
  const value = item?.text('CodeValue') ?? '';
  const scheme = item?.text('CodingSchemeDesignator') ?? '';
  return CODE_VALUE.test(value) && CODING_SCHEME.test(scheme) ? `${scheme}:${value}` : undefined;
}

export function pair(dataset: Dataset, keyword: string, notes: Notes): [number, number] | undefined {
  const [a, b] = readNumbers(dataset, keyword, notes) ?? [];
  return a === undefined || b === undefined ? undefined : [a, b];
}

export function triple(dataset: Dataset, keyword: string, notes: Notes): [number, number, number] | undefined {
  return three(readNumbers(dataset, keyword, notes) ?? []);
}

export function sextuple(
  dataset: Dataset,
  keyword: string,
  notes: Notes,
): [number, number, number, number, number, number] | undefined {
  const values = readNumbers(dataset, keyword, notes) ?? [];
  const row = three(values.slice(0, 3));
  const column = three(values.slice(3));
  return row === undefined || column === undefined ? undefined : [...row, ...column];
}

function three([a, b, c]: readonly number[]): [number, number, number] | undefined {
  return a === undefined || b === undefined || c === undefined ? undefined : [a, b, c];
}

/** A Code String has capitals only (PS3.5 6.2). Other spellings of a known term are the term; of other words, nothing. */
function codeString(text: string | undefined): string | undefined {
  if (text === undefined || CODE_STRING.test(text)) return text;
  const term = text.trim().toUpperCase();
  return TERMS.has(term) ? term : undefined;
}
