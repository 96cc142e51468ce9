/** All cases, by the part of docs/field.md that lists them. */
import type { FieldCase } from './case.ts';
import { CT_HEADERS } from './cases/ct-headers.ts';

export const AREAS: Readonly<Record<string, readonly FieldCase[]>> = {
  'ct-headers': CT_HEADERS,
};
