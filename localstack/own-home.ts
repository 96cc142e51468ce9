/** Whether a folder may be a local environment's home: its permissions are changed there, and at last it is removed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';

/** What is put into a home, also under names that begin so: drafts, and files that SQLite makes beside its own. */
const OURS =
  /^(\.cdk|aws-credentials|cdk\.out|cdk-outputs\.json|cloud|deployed-resources\.json|docker-secrets|edge|local\.json|lock\.(pid|sqlite)|logs|orthanc-password|secrets\.json|services)([.-].+)?$/;

/** Names in the home that are not Hilum's. */
const othersIn = (home: string): readonly string[] =>
  existsSync(home) ? readdirSync(home).filter((name) => !OURS.test(name)) : [];

/**
 * Refuses to make a folder a home that was none before and holds something.
 *
 * @throws ConfigurationError where it does
 */
export function refuseAsHome(home: string): void {
  if (existsSync(join(home, 'secrets.json'))) return;
  refuseOthers(home, 'Name an empty or a new folder in HILUM_HOME');
}

/**
 * Refuses to remove a home with what Hilum did not put there.
 *
 * @throws ConfigurationError where it holds such
 */
export function refuseToPurge(home: string): void {
  refuseOthers(home, 'Nothing was removed: move them elsewhere first, or name the right folder in HILUM_HOME');
}

function refuseOthers(home: string, mend: string): void {
  const [first, ...more] = othersIn(home);
  if (first === undefined) return;
  const which = more.length === 0 ? first : `${first} and ${more.length} more`;
  throw new ConfigurationError(`${home} holds what is not Hilum's (${which}). ${mend}`);
}
