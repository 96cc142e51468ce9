/**
 * Patient Orientation (0020,0020): where the rows and the columns of a projection run to (PS3.3 C.7.6.1.1.1). Each is one to
 * three letters, the main direction first: A, P, R, L, H (head) and F (feet). Letters are read in any case, and so are the words, and
 * two values that are set apart by another sign than a backslash.
 */
import type { Dataset } from '#dicom/read.ts';
import type { InstanceAttributes } from './study-index.ts';

/** The three axes of a person, by the letters at their two ends. */
const AXES = ['AP', 'RL', 'HF'] as const;

/** Directions in full, as some writers give them. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ...(['ANTERIOR', 'POSTERIOR', 'RIGHT', 'LEFT', 'HEAD'] as const).map((word) => [word, word.charAt(0)] as const),
  ['FOOT', 'F'],
  ['FEET', 'F'],
]);

/** `unreadable` says in words what is wrong. */
export type PatientOrientation =
  | { readonly state: 'said'; readonly row: string; readonly column: string }
  | { readonly state: 'unsaid' }
  | { readonly state: 'unreadable'; readonly why: string };

/** For the header index: the two directions, with '' for one that is none. Undefined where the attribute is absent or empty. */
export function orientationValues(dataset: Dataset): string[] | undefined {
  const values = dataset
    .texts('PatientOrientation')
    .flatMap((value, _, { length }) => (length === 1 ? value.trim().split(/[\s,;/]+/) : [value]))
    .map((value) => value.trim().toUpperCase())
    .map((value) => WORDS.get(value) ?? value);
  if (values.every((value) => value === '')) return undefined;
  return values.slice(0, 3).map((value) => (isDirection(value) ? value : ''));
}

/** What the header of an instance says. The directions of an animal on four legs (PS3.3 C.7.6.1.1.1) are no person's. */
export function patientOrientation({
  PatientOrientation: values = [],
  AnatomicalOrientationType,
}: Pick<InstanceAttributes, 'PatientOrientation' | 'AnatomicalOrientationType'>): PatientOrientation {
  if (AnatomicalOrientationType === 'QUADRUPED') {
    return { state: 'unreadable', why: 'Anatomical Orientation Type (0010,2210) is QUADRUPED, an animal’s' };
  }
  if (values.length === 0) return { state: 'unsaid' };
  const [row = '', column = ''] = values;
  if (values.length !== 2) return unreadable(`it has ${values.length === 1 ? 'one value' : 'more than two values'}`);
  const wrong = [row, column].flatMap((value, index) => (isDirection(value) ? [] : [index === 0 ? 'first' : 'second']));
  if (wrong.length > 0) {
    return unreadable(
      `${wrong.length === 2 ? 'neither value is' : `the ${wrong[0]} value is not`} a direction of A, P, R, L, H and F`,
    );
  }
  if (axisOf(row[0]) === axisOf(column[0]))
    return unreadable(`rows and columns both run along one axis, ${row}\\${column}`);
  return { state: 'said', row, column };
}

function unreadable(why: string): PatientOrientation {
  return { state: 'unreadable', why: `Patient Orientation (0020,0020) cannot be read: ${why}` };
}

/** Whether a value is one to three letters of different axes. */
function isDirection(value: string): boolean {
  const axes = [...value].map(axisOf);
  return value.length >= 1 && !axes.includes(undefined) && new Set(axes).size === axes.length;
}

function axisOf(letter: string | undefined): string | undefined {
  return letter === undefined ? undefined : AXES.find((axis) => axis.includes(letter));
}
