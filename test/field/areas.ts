/** All cases, by the part of docs/field.md that lists them. */
import type { FieldCase } from './case.ts';
import { BYTES } from './cases/bytes.ts';
import { CT_CLAIMS } from './cases/ct-claims.ts';
import { CT_GEOMETRY } from './cases/ct-geometry.ts';
import { CT_CARELESS } from './cases/ct-headers.ts';
import { CT_ORDER } from './cases/ct-order.ts';
import { CT_PICTURE } from './cases/ct-picture.ts';
import { CT_SCAN } from './cases/ct-scan.ts';
import { CT_SPINE } from './cases/ct-spine.ts';
import { DENTAL } from './cases/dental.ts';
import { DENTAL_REFUSED } from './cases/dental-refused.ts';
import { MR } from './cases/mr.ts';

export const AREAS: Readonly<Record<string, readonly FieldCase[]>> = {
  'ct-headers': [...CT_CARELESS, ...CT_CLAIMS],
  'ct-geometry': CT_GEOMETRY,
  'ct-scan': CT_SCAN,
  'ct-picture': [...CT_PICTURE, ...CT_ORDER],
  'ct-spine': CT_SPINE,
  dental: [...DENTAL, ...DENTAL_REFUSED],
  mr: MR,
  bytes: BYTES,
};
