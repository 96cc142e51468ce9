/** UIDs derived from the things that they name: a repeated run gives the same names. */
import { v5 } from 'uuid';

/** Hilum's own namespace for UUIDs of version 5 (RFC 9562 5.5). Changing it renames every result. */
const NAMESPACE = '3f0c1c3e-6f0b-4a53-9a0e-0b6d9a2c7e51';

/**
 * `2.25.` and a version 5 UUID over the parts in decimal (PS3.5 B.2): at most 44 characters, and the same for the same parts
 * in the same order.
 */
export function resultUid(...parts: readonly string[]): string {
  const uuid = v5(JSON.stringify(parts), NAMESPACE);
  return `2.25.${BigInt(`0x${uuid.replaceAll('-', '')}`)}`;
}

/** Whether a text is a UID by PS3.5 9.1: components without leading zeros, at most 64 characters. */
export function isUid(text: string): boolean {
  return text.length <= 64 && /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(text);
}

/**
 * UIDs that may enter a key, a path or a URL, and to which results may refer: digits and dots, at most 64 characters, and at least one
 * digit, so neither `.` nor `..`. PS3.5 9.1 also has rules on roots, empty components and leading zeros; devices break them and
 * archives store such UIDs, so they are not asked for here. UIDs that Hilum makes itself obey PS3.5 (`isUid`).
 */
export const KEY_UID = /^(?=.{1,64}$)\.*[0-9][0-9.]*$/;

/** Whether a UID may enter a key or a path. UIDs from outside are checked before a key is built. */
export const isKeyUid = (value: string): boolean => KEY_UID.test(value);

/** The most characters of a UID (PS3.5 9.1). */
const MOST = 64;

/** Why a UID is not one by `KEY_UID`, to follow its name in a sentence. The answer never quotes the text. */
export function uidProblem(value: string): string | undefined {
  if (isKeyUid(value)) return undefined;
  if (value === '') return 'is empty';
  if (!/^[0-9.]+$/.test(value)) return 'holds other characters than digits and dots (PS3.5 9.1)';
  if (value.length <= MOST) return 'holds no digit';
  return `has ${value.length} characters; the standard allows ${MOST} (PS3.5 9.1), and no result could refer to it`;
}
