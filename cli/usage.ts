/** The explanation of a command: examples and exit codes below its help, and an example after each usage error. */
import type { Command } from 'commander';
import { isKeyUid } from '#dicom/uid.ts';
import { typedHere, UsageError } from './command.ts';

export interface Explanation {
  /** Command lines that work as they stand. The first is also shown after usage errors. */
  readonly examples: readonly [string, ...string[]];
  /** The meaning of exit code 1. In every command, 0 is success and 2 is wrong usage. */
  readonly failure?: string;
  /** The meaning of exit code 0 if it may surprise: a study that no tool takes is a success. */
  readonly success?: string;
  /** More paragraphs, for example on settings. */
  readonly more?: readonly string[];
}

/** Adds the explanation to a command. */
export function explain(command: Command, { examples, failure, success, more = [] }: Explanation): Command {
  const exits = [
    ['0', success ?? 'success'],
    ...(failure === undefined ? [] : [['1', failure]]),
    ['2', 'wrong usage: an unknown option, a name that does not exist, or an impossible value'],
  ];
  const text = [
    ['Examples:', ...examples.map((example) => `  ${typedHere(example)}`)].join('\n'),
    ...more,
    ['Exit codes:', ...exits.map(([code, meaning]) => `  ${code}  ${meaning}`)].join('\n'),
  ].join('\n\n');
  return command.addHelpText('after', `\n${text}`).showHelpAfterError(`For example: ${typedHere(examples[0])}`);
}

/**
 * The value of a required option. Commander checks required options before unknown ones: for `--tools` it would only say that
 * `--tool` is missing, and not suggest it.
 *
 * @throws UsageError if it is missing or empty
 */
export function needed(value: string | undefined, flags: string, { examples: [example] }: Explanation): string {
  if (value === undefined) throw new UsageError(`${flags} is missing. For example: ${typedHere(example)}`);
  if (value.trim() === '') throw new UsageError(`${flags} is empty. For example: ${typedHere(example)}`);
  return value;
}

/**
 * Reads an option's value as a whole number.
 *
 * @throws UsageError if it is not a whole number or is out of range
 */
export function wholeNumber(text: string, flag: string, { least, most, unit }: NumberRange): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(
    `${flag} takes a whole number${unit === undefined ? '' : ` of ${unit}`} from ${least} to ${most}, not ${text || "''"}`,
  );
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly unit?: 'seconds';
}

/**
 * Checks a UID: digits and dots, at most 64 characters (`KEY_UID`).
 *
 * @throws UsageError if it is not a UID
 */
export function studyUid(text: string, what: string): string {
  if (isKeyUid(text)) return text;
  const why =
    text.length > 64 ? `it has ${text.length} characters, and a UID at most 64` : 'a UID consists of digits and dots';
  throw new UsageError(`${what} takes a StudyInstanceUID, not ${text.slice(0, 80) || "''"}: ${why}`);
}

/**
 * Reads a point in time: ISO 8601, of this machine's time zone if it names none. Returns milliseconds since the epoch.
 *
 * @throws UsageError if it is no such time, or lies in the future
 */
export function pointInTime(text: string, flag: string): number {
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?))?$/.exec(text) ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time ?? '00:00'}`);
  if (at <= Date.now()) return at;
  const why = Number.isNaN(at) ? `not ${text.slice(0, 80) || "''"}` : `and ${text} lies in the future`;
  throw new UsageError(`${flag} takes a time such as 2026-01-31 or 2026-01-31T18:00Z, ${why}`);
}
