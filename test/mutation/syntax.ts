/** The syntax tree of a source file, from vitest's own parser. Offsets refer to the original text, including types. */
import { parseAst } from 'vitest/node';

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** @throws Error where the text is no TypeScript */
export const parse = (text: string): Node => ({ ...parseAst(text, { lang: 'ts', sourceType: 'module' }) });

/** Whether a text can be read as a module at all. */
export function isSyntax(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

/** The node under a key, where there is one. */
export function child(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

/** The nodes of a list under a key. */
export function children(node: Node, key: string): readonly Node[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The name of an identifier, of the member that is asked of an object, or of what a call calls. */
export function nameOf(node: Node | undefined): string {
  if (node === undefined) return '';
  if (node.type === 'MemberExpression') return nameOf(child(node, 'property'));
  if (node.type === 'CallExpression' || node.type === 'NewExpression') return nameOf(child(node, 'callee'));
  return typeof node['name'] === 'string' ? node['name'] : '';
}
