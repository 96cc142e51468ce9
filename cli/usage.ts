/** How a command explains itself: examples and exit codes below its help, an example beside each error of usage. */
import type { Command } from 'commander';
import { isKeyUid } from '#dicom/uid.ts';
import { typedHere, UsageError } from './command.ts';

export interface Explanation {
  /** What can be typed, each as it stands; the first is shown beside errors too. */
  readonly examples: readonly [string, ...string[]];
  /** What exit code 1 means; 0 is success and 2 wrong usage everywhere. */
  readonly failure?: string;
  /** Success that may surprise, such as a study that no tool takes. */
  readonly success?: string;
  /** Paragraphs of what else there is to know, such as settings. */
  readonly more?: readonly string[];
}

/** Adds the explanation to a command. */
export function explain(command: Command, { examples, failure, success, more = [] }: Explanation): Command {
  const exits = [
    ['0', success ?? 'success'],
    ...(failure === undefined ? [] : [['1', failure]]),
    ['2', 'wrong usage: the command line names what does not exist or is not possible'],
  ];
  const text = [
    ['Examples:', ...examples.map((example) => `  ${typedHere(example)}`)].join('\n'),
    ...more,
    ['Exit codes:', ...exits.map(([code, meaning]) => `  ${code}  ${meaning}`)].join('\n'),
  ].join('\n\n');
  return command.addHelpText('after', `\n${text}`).showHelpAfterError(`For example: ${typedHere(examples[0])}`);
}

/**
 * The value of an option that a command cannot do without. Commander's own check of those comes before its check for
 * unknown options: `--tools` would be told that `--tool` is missing, and not that it is meant.
 *
 * @throws UsageError where it is missing or empty
 */
export function needed(value: string | undefined, flags: string, { examples: [example] }: Explanation): string {
  if (value === undefined) throw new UsageError(`${flags} is missing. For example: ${typedHere(example)}`);
  if (value.trim() === '') throw new UsageError(`${flags} is empty. For example: ${typedHere(example)}`);
  return value;
}

/**
 * A whole number of an option.
 *
 * @throws UsageError where it is none, or out of range
 */
export function wholeNumber(text: string, flag: string, { least, most, unit }: NumberRange): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${flag} takes ${unit} from ${least} to ${most} (a whole number), not ${text || "''"}`);
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** `seconds`, `a number`. */
  readonly unit: string;
}

/**
 * A UID as DICOM writes it (PS3.5 9.1): numbers with dots between them, 64 characters at the most.
 *
 * @throws UsageError where it is none
 */
export function studyUid(text: string, what: string): string {
  if (isKeyUid(text)) return text;
  const why =
    text.length > 64 ? `it has ${text.length} characters, a UID 64 at the most` : 'a UID is numbers with dots between';
  throw new UsageError(`${what} takes a StudyInstanceUID, not ${text.slice(0, 80) || "''"}: ${why}`);
}
