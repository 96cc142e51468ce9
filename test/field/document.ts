/** The generated parts of docs/field.md: a row for each case, with what Hilum said of it. */
import { inputSentences } from '#core/results/remarks.ts';
import { table } from '../../scripts/conformance/document.ts';
import type { FieldCase, Said } from './case.ts';

/** The row of a case as it stands in the page. */
export function rowOf({ name, source, made, tool }: FieldCase, said: Said): string {
  return `| ${[name, source, made, tool, wordsOf(said)].map(cell).join(' | ')} |`;
}

/** The table of an area. */
export function tableOf(rows: readonly string[]): string {
  return [table(['case', 'source', 'made of', 'asked', 'Hilum says'], []), ...rows].join('\n');
}

/** The row of a case in a part of the page, if it is there. */
export const committedRow = (part: string, { name }: FieldCase): string | undefined =>
  part.split('\n').find((line) => line.startsWith(`| ${cell(name)} | `));

function wordsOf(said: Said): string {
  if ('unread' in said) return `*unread, ${said.unread.code}*: ${said.unread.message}`;
  const { outcome, reason, summary = '' } = said.report;
  const isAnswer = reason === undefined || outcome === 'result';
  const answer = isAnswer ? `*${outcome}*: ${summary}` : `*${outcome}, ${reason.code}*: ${reason.message}`;
  return [answer, ...inputSentences(said.report)].join(' ');
}

/** Text for a cell. UIDs are shortened: they say nothing to people. */
const cell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\b(2\.25\.\d{4})\d{12,}/g, '$1…')
    .trim();
