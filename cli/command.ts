/**
 * What every command shares. A command is one file in `cli/commands/` that exports
 * `add<Name>Command(program: Command): void`, which calls `program.command('<name>')`, describes it and sets its action.
 */
import { type ModelPlaces, modelsDirOf } from '#adapters/models/model-file.ts';
import { CLONE_ONLY, FETCHED_MODELS, IN_PACKAGE, ROOT } from '../localstack/place.mjs';
import { asTyped, hilumIn } from './in-this-place.ts';

/** The folder that holds `tools/` and `layers/`: the clone that this command runs from, or `dist/` of the package. */
export const root = ROOT;

/** The folders of models: those of the clone or the package, those that were fetched, and the one that HILUM_MODELS_DIR names. */
export const modelPlaces: ModelPlaces = {
  modelsDir: modelsDirOf(root),
  fetchedDir: FETCHED_MODELS,
  localFolder: process.env['HILUM_MODELS_DIR'] || undefined,
};

/** The command line that starts `hilum` in this place. */
const typed = hilumIn({ root, folder: process.cwd(), entry: process.argv[1] ?? '' });

/** Wrong usage: exit code 2. The message says what is wrong and what to type instead. */
export class UsageError extends Error {}

/** Exit code 1 without a message: the command worked, and has already printed a bad answer. */
export class Unsuccessful extends Error {}

/** Prints data for scripts. Nothing else may go to standard output. */
export function printJson(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}

/** Prints an array for scripts, one item after the other, as `printJson` would print it whole. */
export function jsonArray(): { readonly add: (item: unknown) => void; readonly end: () => void } {
  let items = 0;
  return {
    add(item) {
      const lines = JSON.stringify([item], undefined, 2).split('\n').slice(1, -1).join('\n');
      process.stdout.write(`${items === 0 ? '[\n' : ',\n'}${lines}`);
      items += 1;
    },
    end: () => void process.stdout.write(items === 0 ? '[]\n' : '\n]\n'),
  };
}

/** Prints a line for people; see `forPeople`. */
export function print(line = ''): void {
  process.stdout.write(`${forPeople(line)}\n`);
}

/** Prints a remark beside the data, to standard error; see `forPeople`. */
export function note(line: string): void {
  process.stderr.write(`${forPeople(line)}\n`);
}

/** The text that people see: `hilum …` between backquotes becomes what can be typed in this place. */
export const forPeople = (text: string): string => asTyped(inAClone(withoutControls(text)), typed);

/** A command line, such as an example, as it can be typed in this place. */
export const typedHere = (line: string): string => line.replace(/(?<=^| )hilum(?= |$)/, () => typed);

/** Replaces control characters, because names of files may hold some that steer the terminal. */
function withoutControls(line: string): string {
  return line.replace(/[^\P{Cc}\t\n]/gu, '?');
}

/** Says where to run the commands that the package does not have. */
function inAClone(line: string): string {
  if (!IN_PACKAGE) return line;
  const commands = new RegExp(`\`hilum ((?:${CLONE_ONLY.join('|')})\\b[^\`]*)\``, 'g');
  return line.replace(commands, '`bin/hilum $1` in a clone of the repository (with the same HILUM_HOME)');
}
