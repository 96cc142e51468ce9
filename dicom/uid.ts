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
 * UIDs that may enter a key, a path or a URL: digits between dots, at most 64 characters, never `..`. PS3.5 9.1 also has
 * rules on roots and leading zeros; archives break them, so they are not asked for here.
 */
export const KEY_UID = /^(?=.{1,64}$)[0-9]+(\.[0-9]+)*$/;

/** Whether a UID may enter a key or a path. UIDs from outside are checked before a key is built. */
export const isKeyUid = (value: string): boolean => KEY_UID.test(value);
