/** Operators that take something away: a call, a throw, a function's work, a property. */
import type { Change, Operator } from './operator.ts';
import { child, children, type Node, nameOf } from './syntax.ts';

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

/** `await f(x);` as a statement. Removing it removes its effect. */
function removedCall(node: Node): readonly Change[] {
  if (node.type !== 'ExpressionStatement') return [];
  const expression = child(node, 'expression');
  const called = expression?.type === 'AwaitExpression' ? child(expression, 'argument') : expression;
  return called?.type === 'CallExpression' ? [{ start: node.start, end: node.end, text: ';' }] : [];
}

function emptied(node: Node): readonly Change[] {
  const body = child(node, 'body');
  if (!FUNCTIONS.includes(node.type) || body?.type !== 'BlockStatement') return [];
  const start = body.start + 1;
  return children(body, 'body').length === 0 ? [] : [{ start, end: start, text: ' return undefined;' }];
}

/** Each member of a literal, taken out with the comma beside it. */
function without(members: readonly Node[]): readonly Change[] {
  return members.map((member, index) => {
    const [before, after] = [members[index - 1], members[index + 1]];
    if (after !== undefined) return { start: member.start, end: after.start, text: '' };
    return { start: before?.end ?? member.start, end: member.end, text: '' };
  });
}

function droppedMember(node: Node): readonly Change[] {
  if (node.type === 'ObjectExpression') {
    const properties = children(node, 'properties');
    // Messages are not behaviour.
    return without(properties).filter((_, index) => nameOf(child(properties[index] ?? node, 'key')) !== 'message');
  }
  if (node.type !== 'ArrayExpression') return [];
  const elements = children(node, 'elements');
  return without(elements).filter((_, index) => elements[index]?.type === 'SpreadElement');
}

const removedThrow = (node: Node): readonly Change[] =>
  node.type === 'ThrowStatement' ? [{ start: node.start, end: node.end, text: ';' }] : [];

export const STATEMENT_OPERATORS: readonly Operator[] = [
  { name: 'call-removed', what: 'a call whose answer nobody reads, awaited or not, is gone', changes: removedCall },
  { name: 'throw-removed', what: 'a throw is gone', changes: removedThrow },
  { name: 'return-early', what: 'a function returns before its first line', changes: emptied },
  { name: 'member-dropped', what: 'an object lacks a property or a spread, a list a spread', changes: droppedMember },
];
