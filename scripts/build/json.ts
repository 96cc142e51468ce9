import { readFileSync, writeFileSync } from 'node:fs';

/** A JSON file that is an object, such as a package.json. */
export const readJson = (path: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;

export function writeJson(path: string, data: unknown): void {
  writeFileSync(path, `${JSON.stringify(data, undefined, 2)}\n`);
}
