/**
 * Checks that a folder may be the home of a local environment. `local up` changes the permissions of the home, and
 * `local down --purge` removes it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';
import { DEFAULT_HOME } from './place.mjs';

/** The names that Hilum makes in a home. Names that only begin so are drafts, or files that SQLite keeps beside its own. */
const OURS =
  /^(\.cdk|aws-credentials|cdk\.out|cdk-outputs\.json|cloud|deployed-resources\.json|docker-secrets|edge|local\.json|lock\.(pid|sqlite)|logs|orthanc-password|secrets\.json|services)([.-].+)?$/;

/** Names in the home that are not Hilum's. */
const othersIn = (home: string): readonly string[] =>
  existsSync(home) ? readdirSync(home).filter((name) => !OURS.test(name)) : [];

/**
 * Refuses to turn a folder with other files into a home. The default home is Hilum's by its name.
 *
 * @throws ConfigurationError if the folder is not a home yet and holds other files
 */
export function refuseAsHome(home: string): void {
  if (home === DEFAULT_HOME || existsSync(join(home, 'secrets.json'))) return;
  refuseOthers(home, 'Set HILUM_HOME to an empty or a new folder');
}

/**
 * Refuses to remove a home that holds other files than Hilum's.
 *
 * @throws ConfigurationError if it does
 */
export function refuseToPurge(home: string): void {
  refuseOthers(home, 'Nothing was removed. Move them elsewhere first, or set HILUM_HOME to the right folder');
}

function refuseOthers(home: string, fix: string): void {
  const [first, ...more] = othersIn(home);
  if (first === undefined) return;
  const which = more.length === 0 ? first : `${first} and ${more.length} more`;
  throw new ConfigurationError(`${home} holds files that are not Hilum's (${which}). ${fix}`);
}
