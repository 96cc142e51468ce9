/** Reads and writes the values in the journal's rows. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Row } from '#adapters/sqlite/database.ts';
import type { Reason } from '#core/errors.ts';
import type { ManifestInstance } from './spool.ts';

export const packed = (entry: ManifestInstance): Uint8Array => deflateRawSync(JSON.stringify(entry));

/** The journal's own data, which `packed` wrote, needs no validation. */
export const unpacked = (entry: Row[string] | undefined): ManifestInstance =>
  JSON.parse(inflateRawSync(entry instanceof Uint8Array ? entry : new Uint8Array()).toString()) as ManifestInstance;

export const text = (row: Row, column: string): string | undefined => {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
};

export const number = (row: Row, column: string): number | undefined => {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
};

export function reasonIn(row: Row): Reason | undefined {
  const [code, message] = [text(row, 'code'), text(row, 'message')];
  return code === undefined || message === undefined ? undefined : { code, message };
}
