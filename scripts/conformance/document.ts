/** Generated parts of a Markdown file: the text between `<!-- generated: NAME -->` and `<!-- end: NAME -->`. */

const begin = (name: string): string => `<!-- generated: ${name} -->`;
const end = (name: string): string => `<!-- end: ${name} -->`;

/** @throws Error where the text lacks the part, or has it more than once */
function span(text: string, name: string): readonly [from: number, to: number] {
  const from = text.indexOf(begin(name)) + begin(name).length;
  const to = text.indexOf(end(name));
  if (from < begin(name).length || to < from || text.indexOf(begin(name), from) >= 0) {
    throw new Error(`The document needs the part ${name} exactly once, with a begin and an end mark`);
  }
  return [from, to];
}

/** The names of a text's generated parts, in order. */
export function partNames(text: string): readonly string[] {
  return [...text.matchAll(/<!-- generated: (\S+) -->/g)].map(([, name = '']) => name);
}

/** The current text of a part. @throws Error where it is missing */
export function partOf(text: string, name: string): string {
  const [from, to] = span(text, name);
  return text.slice(from, to).trim();
}

/** The text with these parts replaced. @throws Error where one of them is missing */
export function withParts(text: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((document, [name, content]) => {
    const [from, to] = span(document, name);
    return `${document.slice(0, from)}\n${content.trim()}\n${document.slice(to)}`;
  }, text);
}

/** Links to the sections of the first two levels. */
export function contents(text: string): string {
  return [...text.matchAll(/^(##|###) (.+)$/gm)]
    .map(([, level, title = '']) => `${level === '###' ? '  ' : ''}- [${title}](#${anchor(title)})`)
    .join('\n');
}

const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
