/** The JSON file of `--config`: an object of settings by the names of their environment variables. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { systemRefusal } from '#adapters/system-refusal.ts';
import { ConfigurationError, SystemRefusalError } from '#core/errors.ts';
import { letterEdits } from '#pipeline/letter-edits.ts';

/** Values by the names of environment variables. */
export type Settings = Readonly<Record<string, string | undefined>>;

const FileSchema = z.record(z.string(), z.unknown());
const ValueSchema = z.union([z.string(), z.number()]).transform(String);

/** AWS credentials do not belong in this file: the SDK finds them in places of their own. */
const CREDENTIALS = /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/;

/**
 * @param names every setting that there is
 * @throws ConfigurationError that names each wrong entry, with the setting that was probably meant
 */
export function settingsIn(file: string, names: readonly string[]): Settings {
  const parsed = FileSchema.safeParse(jsonIn(file));
  if (!parsed.success)
    throw new ConfigurationError(`${file} holds no settings: it must be a JSON object such as ${EXAMPLE}`);
  const entries = Object.entries(parsed.data).map(([name, value]) => ({ name, value: ValueSchema.safeParse(value) }));
  const faults = entries.flatMap(({ name, value }) => {
    if (CREDENTIALS.test(name))
      return `${name} does not belong in it: name a profile (AWS_PROFILE), or set it in the environment`;
    if (!names.includes(name)) return unknownName(name, names);
    return value.success ? [] : `${name} must be a string or a number`;
  });
  if (faults.length > 0)
    throw new ConfigurationError(`${file} cannot be used: ${faults.join('. ').replace(/(?<!\?)$/, '.')}`);
  return Object.fromEntries(entries.map(({ name, value }) => [name, value.data]));
}

const EXAMPLE = '{"HILUM_ORTHANC_URL": "http://127.0.0.1:8042"}';

function unknownName(name: string, names: readonly string[]): string {
  const editsTo = (setting: string): number => letterEdits(name.toUpperCase(), setting);
  const [nearest = ''] = names.toSorted((a, b) => editsTo(a) - editsTo(b));
  // If more than a third of the letters differ, another name was meant.
  return editsTo(nearest) <= nearest.length / 3
    ? `there is no setting ${name} (did you mean ${nearest}?)`
    : `there is no setting ${name}; the settings are ${names.join(', ')}`;
}

function jsonIn(file: string): unknown {
  const text = readText(file, '--config');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigurationError(`${file} is not JSON`, { cause });
  }
}

/**
 * A file that a setting names.
 *
 * @throws ConfigurationError if it cannot be read
 */
export function readText(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const refusal = systemRefusal(cause, 'it');
    const why = refusal instanceof SystemRefusalError ? refusal.message : 'it cannot be read';
    throw new ConfigurationError(`${setting} names ${file || "''"}, but ${why}`, { cause });
  }
}
