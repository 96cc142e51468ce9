/** All mutations that the operators can make of a source. */
import type { Change } from './operator.ts';
import { OPERATORS } from './operators.ts';
import { child, isNode, type Node, nameOf, parse } from './syntax.ts';

export interface Mutant {
  /** Path from the repository's root. */
  readonly file: string;
  readonly operator: string;
  readonly line: number;
  /** The lines that change, before and after, each with its white space made one space. */
  readonly was: string;
  readonly becomes: string;
  /** The whole file with the change. */
  readonly text: string;
}

/**
 * Every mutation of a file. Log lines, messages, imports and types are not changed. The caller checks whether the result is
 * still a valid module (`isSyntax`), because parsing thousands of files takes time.
 */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const found = new Map<string, Mutant>();
  visit(parse(source), (node) => {
    for (const { name, changes } of OPERATORS) {
      for (const change of changes(node, source)) {
        const mutant = mutantOf(file, source, name, change);
        if (mutant.was !== mutant.becomes) found.set(mutant.text, found.get(mutant.text) ?? mutant);
      }
    }
  });
  return [...found.values()];
}

export function mutantOf(file: string, source: string, operator: string, { start, end, text }: Change): Mutant {
  const from = source.lastIndexOf('\n', start - 1) + 1;
  const newline = source.indexOf('\n', Math.max(start, end - 1));
  const to = newline === -1 ? source.length : newline;
  const oneLine = (lines: string): string => lines.replaceAll(/\s+/g, ' ').trim();
  return {
    file,
    operator,
    line: source.slice(0, start).split('\n').length,
    was: oneLine(source.slice(from, to)),
    becomes: oneLine(source.slice(from, start) + text + source.slice(end, to)),
    text: source.slice(0, start) + text + source.slice(end),
  };
}

/** Calls `see` for every node that is executed, except log lines and messages. */
function visit(node: Node, see: (node: Node) => void): void {
  if (isLeftAlone(node)) return;
  see(node);
  for (const [key, value] of Object.entries(node)) {
    if (node.type === 'NewExpression' && isError(node) && key === 'arguments') continue;
    if (node.type === 'Property' && key === 'key' && node['computed'] !== true) continue;
    for (const part of Array.isArray(value) ? value : [value]) if (isNode(part)) visit(part, see);
  }
}

const IMPORTS = ['ImportDeclaration', 'ImportExpression', 'ExportAllDeclaration'];
/** TypeScript's nodes that stand around an expression that is run. */
const WRAPPERS = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'];
const LOG_METHODS = ['log', 'debug', 'info', 'warn', 'error'];
const LOGS = ['log', 'logger', 'observer', 'console'];

function isLeftAlone(node: Node): boolean {
  if (IMPORTS.includes(node.type)) return true;
  if (node.type === 'ExportNamedDeclaration' && isNode(node['source'])) return true;
  if (node.type.startsWith('TS') && !WRAPPERS.includes(node.type)) return true;
  if (node.type === 'Property' && nameOf(child(node, 'key')) === 'message') return true;
  return isLogLine(node);
}

function isLogLine(node: Node): boolean {
  const call = node.type === 'ExpressionStatement' ? child(node, 'expression') : node;
  const callee = call?.type === 'CallExpression' ? child(call, 'callee') : undefined;
  if (callee?.type !== 'MemberExpression' || !LOG_METHODS.includes(nameOf(callee))) return false;
  return LOGS.includes(nameOf(child(callee, 'object')));
}

const isError = (node: Node): boolean => nameOf(node).endsWith('Error');
