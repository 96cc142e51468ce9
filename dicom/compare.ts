/**
 * Compares data sets element by element: values and VRs. How a file encodes them makes no difference (`canonical.ts`): its Transfer
 * Syntax, lengths of sequences and items, group lengths, padding, character set.
 */
import { canonicalValue, type Decoded, decodedOf, isEncoding, itemsOf } from './canonical.ts';
import type { Element, ElementSet } from './element.ts';

/** A data element at the top level that two data sets do not share. */
export interface Difference {
  /** Group and element, as one number. */
  readonly tag: number;
  readonly kind: 'added' | 'missing' | 'changed';
}

/** The elements in which `found` differs from `expected`, by tag; `added` are those that only `found` has. */
export function differencesOf(expected: ElementSet, found: ElementSet): readonly Difference[] {
  return differences(decodedOf(expected), decodedOf(found));
}

function differences(expected: Decoded, found: Decoded): readonly Difference[] {
  const tags = new Set([...expected.set.elements.keys(), ...found.set.elements.keys()]);
  return [...tags]
    .filter((tag) => !isEncoding(tag))
    .sort((a, b) => a - b)
    .flatMap((tag): readonly Difference[] => {
      const [a, b] = [expected.set.elements.get(tag), found.set.elements.get(tag)];
      if (a === undefined) return [{ tag, kind: 'added' }];
      if (b === undefined) return [{ tag, kind: 'missing' }];
      return isSame(a, expected, b, found) ? [] : [{ tag, kind: 'changed' }];
    });
}

function isSame(a: Element, inA: Decoded, b: Element, inB: Decoded): boolean {
  if (a.fragments !== undefined || b.fragments !== undefined) return haveSameFragments(a, b);
  const [itemsA, itemsB] = [itemsOf(a, inA), itemsOf(b, inB)];
  if (itemsA !== undefined && itemsB !== undefined) return haveSameItems(itemsA, inA, itemsB, inB);
  if (a.items !== undefined || b.items !== undefined) return false;
  const vr = commonVr(a.vr, b.vr);
  return vr !== undefined && haveSameValue(vr, a, inA, b, inB);
}

/** The Basic Offset Table, which is the first, may be there or not (PS3.5 A.4). */
function haveSameFragments(a: Element, b: Element): boolean {
  const [ofA, ofB] = [a.fragments?.slice(1), b.fragments?.slice(1)];
  if (ofA === undefined || ofB === undefined || ofA.length !== ofB.length) return false;
  return ofA.every((fragment, index) => Buffer.compare(fragment, ofB[index] ?? new Uint8Array()) === 0);
}

function haveSameItems(a: readonly ElementSet[], inA: Decoded, b: readonly ElementSet[], inB: Decoded): boolean {
  if (a.length !== b.length) return false;
  return a.every((item, index) => {
    const other = b[index];
    return other !== undefined && differences(decodedOf(item, inA), decodedOf(other, inB)).length === 0;
  });
}

/** Where the standard leaves a choice of VR, Implicit VR does not say which was taken, and a writer may say UN (PS3.5 6.2.2). */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'OB or OW': ['OB', 'OW'],
  'US or SS': ['US', 'SS'],
  'US or OW': ['US', 'OW'],
};

function commonVr(a: string, b: string): string | undefined {
  if (a === b || b === 'UN' || CHOICES[b]?.includes(a)) return a;
  return a === 'UN' || CHOICES[a]?.includes(b) ? b : undefined;
}

function haveSameValue(vr: string, a: Element, inA: Decoded, b: Element, inB: Decoded): boolean {
  const isInSameOrder = inA.set.littleEndian === inB.set.littleEndian;
  if (isInSameOrder && inA.charset === inB.charset && Buffer.compare(a.value, b.value) === 0) return true;
  return Buffer.compare(canonicalValue(vr, a, inA), canonicalValue(vr, b, inB)) === 0;
}
