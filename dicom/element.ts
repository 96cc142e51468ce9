/** The elements of a data set as they lie in a file. */

/** One data element (PS3.5 7.1): its value as a view on the file, or its items (sequences), or its fragments (encapsulated pixels). */
export interface Element {
  readonly vr: string;
  /** A new view on each access, because a million tiny elements must not hold a million views. */
  readonly value: Uint8Array;
  readonly items?: readonly ElementSet[];
  /** Encapsulated pixel data: the Basic Offset Table first, then the fragments (PS3.5 A.4). */
  readonly fragments?: readonly Uint8Array[];
}

export interface ElementSet {
  readonly elements: ReadonlyMap<number, Element>;
  readonly littleEndian: boolean;
}

/** An element that has neither items nor fragments. */
export class PlainElement implements Element {
  readonly vr: string;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(vr: string, bytes: Uint8Array, start: number, end: number) {
    this.vr = vr;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get value(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }
}

/** Whether two elements have the same VR and value. Elements with items or fragments never compare as equal. */
export function isSameElement(a: Element, b: Element): boolean {
  const arePlain = [a, b].every(({ items, fragments }) => items === undefined && fragments === undefined);
  return arePlain && a.vr === b.vr && Buffer.compare(a.value, b.value) === 0;
}
