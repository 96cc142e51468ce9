/** The mutation operators: each returns its possible changes at one node of the tree. */
import type { Change, Operator } from './operator.ts';
import { STATEMENT_OPERATORS } from './operators-statement.ts';
import { VALUE_OPERATORS } from './operators-value.ts';
import { child, type Node } from './syntax.ts';

const textOf = (node: Node, source: string): string => source.slice(node.start, node.end);
const replaced = ({ start, end }: Node, text: string): Change => ({ start, end, text });

/** Changes of the operator between the two sides of an expression. */
function operatorSwap(type: string, swaps: Readonly<Record<string, string>>) {
  return (node: Node, source: string): readonly Change[] => {
    const [left, right] = [child(node, 'left'), child(node, 'right')];
    const swap = typeof node['operator'] === 'string' ? swaps[node['operator']] : undefined;
    if (node.type !== type || swap === undefined || left === undefined || right === undefined) return [];
    // What joins texts is no arithmetic.
    if ([left, right].some(isText)) return [];
    const between = source.slice(left.end, right.start);
    return [{ start: left.end, end: right.start, text: between.replace(String(node['operator']), swap) }];
  };
}

const isText = (node: Node): boolean =>
  node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node['value'] === 'string');

const CONDITIONAL = ['IfStatement', 'ConditionalExpression'];

/** The text of a condition, where the node asks one. */
function conditionOf(node: Node): Node | undefined {
  return CONDITIONAL.includes(node.type) ? child(node, 'test') : undefined;
}

const conditionBecomes =
  (text: (condition: string) => string) =>
  (node: Node, source: string): readonly Change[] => {
    const condition = conditionOf(node);
    return condition === undefined ? [] : [replaced(condition, text(textOf(condition, source)))];
  };

/** One of the two sides of a logical expression stands for both. */
function sides(operators: readonly string[], node: Node, source: string): readonly Change[] {
  const [left, right] = [child(node, 'left'), child(node, 'right')];
  if (node.type !== 'LogicalExpression' || left === undefined || right === undefined) return [];
  if (!operators.includes(String(node['operator']))) return [];
  return [left, right].map((side) => replaced(node, textOf(side, source)));
}

const COMPARISONS = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const EQUALITIES = { '===': '!==', '!==': '===' };
const ARITHMETIC = { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '<<': '>>', '>>': '<<', '>>>': '<<' };

export const OPERATORS: readonly Operator[] = [
  { name: 'condition-negated', what: 'a condition says the contrary', changes: conditionBecomes((it) => `!(${it})`) },
  { name: 'condition-never', what: 'what a condition guards never happens', changes: conditionBecomes(() => 'false') },
  { name: 'condition-always', what: 'what a condition guards always happens', changes: conditionBecomes(() => 'true') },
  { name: 'clause-removed', what: 'a && b, a || b: one of both', changes: (node, s) => sides(['&&', '||'], node, s) },
  { name: 'logic', what: '&& ↔ ||', changes: operatorSwap('LogicalExpression', { '&&': '||', '||': '&&' }) },
  { name: 'default', what: 'a ?? b: one of both', changes: (node, source) => sides(['??'], node, source) },
  { name: 'boundary', what: '< ↔ <=, > ↔ >=', changes: operatorSwap('BinaryExpression', COMPARISONS) },
  { name: 'equality', what: '=== ↔ !==', changes: operatorSwap('BinaryExpression', EQUALITIES) },
  { name: 'arithmetic', what: '+ ↔ -, * ↔ /, % → *, << ↔ >>', changes: operatorSwap('BinaryExpression', ARITHMETIC) },
  { name: 'sum', what: '+= ↔ -=', changes: operatorSwap('AssignmentExpression', { '+=': '-=', '-=': '+=' }) },
  ...STATEMENT_OPERATORS,
  ...VALUE_OPERATORS,
];
