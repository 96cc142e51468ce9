/**
 * What every command shares. A command is one file in `cli/commands/` that exports
 * `add<Name>Command(program: Command): void`, which calls `program.command('<name>')`, describes it and sets its action.
 */
import { fileURLToPath } from 'node:url';
import { type ModelPlaces, modelsDirOf } from '#adapters/models/model-file.ts';
import { asTyped, hilumIn } from './in-this-place.ts';

/** The checkout (or package) this command runs from: the folder that holds `tools/` and `layers/`. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Where this checkout's models are, and the folder that may have those that are fetched (HILUM_MODELS_DIR). */
export const modelPlaces: ModelPlaces = {
  modelsDir: modelsDirOf(root),
  localFolder: process.env['HILUM_MODELS_DIR'] || undefined,
};

/** What starts this command where its reader is. */
const typed = hilumIn({ root, folder: process.cwd(), entry: process.argv[1] ?? '' });

/** Wrong usage: exit code 2. The message says what is wrong and what to type instead. */
export class UsageError extends Error {}

/** The command did its work and the answer is bad news, already printed: exit code 1, nothing more is said. */
export class Unsuccessful extends Error {}

/** Prints data for scripts, as the only thing on standard output. */
export function printJson(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}

/** Prints a line for people; see `forPeople`. */
export function print(line = ''): void {
  process.stdout.write(`${forPeople(line)}\n`);
}

/** Prints a remark beside the data, to standard error; see `forPeople`. */
export function note(line: string): void {
  process.stderr.write(`${forPeople(line)}\n`);
}

/** A text as people get to see it: `hilum …` between backquotes becomes what can be typed in this place. */
export const forPeople = (text: string): string => asTyped(withoutControls(text), typed);

/** Names of files come from outside; what steers a terminal is not printed to it. */
function withoutControls(line: string): string {
  return line.replace(/[^\P{Cc}\t\n]/gu, '?');
}
