/** Text that a tool writes for people must not identify the patient: rendered pages and pictures travel further than their objects. */
import { DicomWriteError } from '#dicom/error.ts';
import type { Attributes } from '#dicom/write.ts';
import type { ResultData } from '../results/common.ts';
import type { SourceStudy } from '../results/source-study.ts';
import { allTextsOf, itemsOf, textOf } from './attribute-values.ts';
import { dayOf, mayName, signsOf, wordsOf } from './identity-words.ts';
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

/** Characters of a number below which nobody can be known by it. */
const SHORTEST_NUMBER = 3;
/** Letters from which a part of a name is looked for inside words, too. */
const TELLING_PART = 4;
/** Digits that are a number by themselves, without the letters and zeros before them. */
const TELLING_DIGITS = 5;

/**
 * Whether a text of the source, written by hand, may hold any part of an identity: one word of a name of the patient or of a physician, a
 * number of the patient or the visit, or a birth date or year, however it is spelt. Stricter than `checkIdentity`, since such a text can
 * be left out.
 */
export function holdsIdentity(text: string, patientAndStudy: Attributes): boolean {
  const valuesOf = (keywords: readonly string[]) => keywords.flatMap((keyword) => allTextsOf(patientAndStudy[keyword]));
  const [words, letters] = [new Set(wordsOf(text)), wordsOf(text).join('')];
  if (
    valuesOf(NAMES)
      .flatMap(partsOfName)
      .some((part) => words.has(part) || (isTelling(part) && letters.includes(part)))
  )
    return true;
  const born = valuesOf(['PatientBirthDate']);
  const others = itemsOf(patientAndStudy['OtherPatientIDsSequence']).flatMap((item) => allTextsOf(item['PatientID']));
  const signs = signsOf(text);
  const numbers = [...valuesOf(NUMBERS), ...others, ...born].map(signsOf);
  return (
    numbers.some((number) => number.length >= SHORTEST_NUMBER && signs.includes(number)) ||
    numbers
      .map((number) => number.replace(/\D/g, '').replace(/^0+/, ''))
      .some((digits) => digits.length >= TELLING_DIGITS && signs.includes(digits)) ||
    born.flatMap((date) => dayOf(date) ?? []).some((day) => mayName(text, day))
  );
}

/** The folded words of a name, without single letters, and without forms of address (`Mr` is in many descriptions). */
function partsOfName(name: string): readonly string[] {
  return name
    .split('=')
    .flatMap((group) => group.split('^').map((component, place) => ({ component, shortest: place > 2 ? 3 : 2 })))
    .flatMap(({ component, shortest }) => wordsOf(component).filter((word) => word.length >= shortest));
}

/** Scripts without spaces between words tell a name at any length. */
const isTelling = (part: string): boolean =>
  part.length >= TELLING_PART || /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u.test(part);

const NAMES = ['PatientName', 'OtherPatientNames', 'ReferringPhysicianName', 'PhysiciansOfRecord', 'ResponsiblePerson'];
const NUMBERS = ['PatientID', 'AccessionNumber', 'StudyID', 'ClinicalTrialSubjectID', 'ClinicalTrialSubjectReadingID'];

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
