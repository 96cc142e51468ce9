/** Operators that put one value or method in the place of another. */
import type { Change, Operator } from './operator.ts';
import { child, type Node, nameOf } from './syntax.ts';

/** Larger numbers are sizes and times, for which one more or less makes no difference: they become 0. */
const SMALL = 100;

function otherNumber(node: Node): readonly Change[] {
  const { type, value, start, end } = node;
  if (type !== 'Literal' || typeof value !== 'number') return [];
  const others = Math.abs(value) <= SMALL ? [value + 1, value - 1] : [0];
  return others.map((other) => ({ start, end, text: other < 0 ? `(${other})` : String(other) }));
}

/** A string without spaces becomes another; strings with spaces are messages. */
function otherString(node: Node): readonly Change[] {
  const { type, value, start, end } = node;
  if (type !== 'Literal' || typeof value !== 'string' || value.includes(' ')) return [];
  return [{ start, end, text: JSON.stringify(`${value}~`) }];
}

function otherBoolean(node: Node): readonly Change[] {
  const { type, value, start, end } = node;
  return type === 'Literal' && typeof value === 'boolean' ? [{ start, end, text: String(!value) }] : [];
}

const PAIRS = [
  ['some', 'every'],
  ['min', 'max'],
  ['floor', 'ceil'],
  ['find', 'findLast'],
  ['findIndex', 'findLastIndex'],
  ['indexOf', 'lastIndexOf'],
  ['startsWith', 'endsWith'],
  ['push', 'unshift'],
  ['shift', 'pop'],
  ['trimStart', 'trimEnd'],
  ['toLowerCase', 'toUpperCase'],
] as const;
const METHODS: ReadonlyMap<string, string> = new Map(PAIRS.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));

function otherMethod(node: Node): readonly Change[] {
  const callee = node.type === 'CallExpression' ? child(node, 'callee') : undefined;
  const property = callee?.type === 'MemberExpression' ? child(callee, 'property') : undefined;
  const other = METHODS.get(nameOf(property));
  return property === undefined || other === undefined
    ? []
    : [{ start: property.start, end: property.end, text: other }];
}

export const VALUE_OPERATORS: readonly Operator[] = [
  { name: 'number', what: 'a number up to 100 is one more or one less, a larger one 0', changes: otherNumber },
  { name: 'string', what: 'a string without spaces is another', changes: otherString },
  { name: 'boolean', what: 'true ↔ false', changes: otherBoolean },
  { name: 'method', what: PAIRS.map((pair) => pair.join(' ↔ ')).join(', '), changes: otherMethod },
];
