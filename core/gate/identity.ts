/** Text that a tool writes for people must not identify the patient: rendered pages and pictures travel further than their objects. */
import { DicomWriteError } from '#dicom/error.ts';
import type { Attributes } from '#dicom/write.ts';
import type { ResultData } from '../results/common.ts';
import type { SourceStudy } from '../results/source-study.ts';
import { itemsOf, textOf } from './attribute-values.ts';
import { pdfText } from './pdf-text.ts';

/** Shorter values occur by chance in any text. */
const SHORTEST_IDENTITY = 5;

/**
 * Whole values are matched, as they are and with spaces for carets: names of two parts or more, and numbers with digits.
 * Single words are not matched, because `SPINE` is a name that phantoms bear. A PDF that a tool brings is searched as far as
 * `pdfText` can read it. Pixels are not searched.
 *
 * @throws DicomWriteError where a text quotes the patient's name, birth date, or a number of the patient or visit
 */
export function checkIdentity(result: ResultData, { patientAndStudy }: SourceStudy): void {
  const valuesOf = (keywords: readonly string[]) =>
    keywords.flatMap((keyword) => textOf(patientAndStudy[keyword]) ?? []);
  const secrets = [
    ...valuesOf(['PatientName', 'OtherPatientNames']).filter((name) => /\^./.test(name)),
    ...valuesOf(['PatientID', 'PatientBirthDate', 'AccessionNumber']).filter((number) => /\d/.test(number)),
  ]
    .flatMap((value) => [value, value.replace(/\^+/g, ' ').trim()])
    .filter((value) => value.length >= SHORTEST_IDENTITY);
  if (secrets.length === 0) return;
  const shown = ` ${textsOf(result).join(' ')} `;
  if (secrets.some((secret) => appearsIn(shown, secret))) {
    throw new DicomWriteError('A text of the result quotes the identity of the patient', {
      facts: { tool: result.toolName, rule: 'identity-in-text' },
    });
  }
}

/** Letters of a name, or characters of a number, below which nobody can be known by them. */
const SHORTEST_PART = 3;

/**
 * Whether a text of the source, written by hand, holds any part of an identity: one word of a name of the patient or of a physician, a number
 * of the patient or the visit, or a birth date in any order. Stricter than `checkIdentity`, since such a text can be left out.
 */
export function holdsIdentity(text: string, patientAndStudy: Attributes): boolean {
  const valuesOf = (keywords: readonly string[]) =>
    keywords.flatMap((keyword) => textOf(patientAndStudy[keyword]) ?? []);
  const parts = valuesOf(NAMES).flatMap((name) => name.split(/[\^=\s,.'’-]+/));
  const others = itemsOf(patientAndStudy['OtherPatientIDsSequence']).flatMap((item) => textOf(item['PatientID']) ?? []);
  const numbers = [...valuesOf(['PatientID', 'AccessionNumber', 'StudyID']), ...others];
  if ([...parts, ...numbers].some((part) => part.length >= SHORTEST_PART && appearsIn(text, part))) return true;
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(textOf(patientAndStudy['PatientBirthDate']) ?? '') ?? [];
  if (year === undefined) return false;
  const digits = text.replace(/\D/g, '');
  return [`${year}${month}${day}`, `${day}${month}${year}`, `${month}${day}${year}`].some((date) =>
    digits.includes(date),
  );
}

const NAMES = ['PatientName', 'OtherPatientNames', 'ReferringPhysicianName', 'PhysiciansOfRecord', 'ResponsiblePerson'];

/** Whether the text contains the value as a word of its own, regardless of case. */
function appearsIn(text: string, value: string): boolean {
  const word = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`, 'iu').test(text);
}

function textsOf({ metadata, findings, keyImages, segments, report }: ResultData): readonly string[] {
  const page =
    report?.kind === 'page'
      ? [...report.paragraphs, ...(report.table?.header ?? []), ...(report.table?.rows ?? []).flat()]
      : [];
  return [
    metadata.summary,
    metadata.reason?.message ?? '',
    ...[...(metadata.leftOut ?? []), ...(metadata.passedOver ?? [])].map(({ reason }) => reason.message),
    ...(metadata.notes ?? []).map(({ message }) => message),
    ...findings.flatMap(({ id, label = '', summary }) => [id, label, summary]),
    ...segments.map(({ label }) => label),
    ...keyImages.map(({ title }) => title),
    report?.title ?? '',
    ...page,
    ...(report?.kind === 'pdf' ? pdfText(report.bytes) : []),
  ];
}
