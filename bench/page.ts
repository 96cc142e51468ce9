/** docs/benchmarks.md: one section per part of the bench, so that each part can be measured again on its own. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

export const PAGE = join(import.meta.dirname, '..', 'docs', 'benchmarks.md');

const HEAD = `# Benchmarks

\`npm run bench\` measures everything and writes this page. \`npm run bench -- pipeline\`, \`npm run bench -- dicom\`, \`npm run bench -- models\`,
\`npm run bench -- imports\`, \`npm run bench -- status\` and \`npm run bench -- viewer\` measure and write one section each.
`;

/**
 * Replaces the section with the same heading (a line that begins with \`## \`), or appends the section.
 *
 * @param section Markdown that begins with its heading and holds no other heading of that level
 */
export function withSection(page: string, section: string): string {
  const heading = (text: string): string => text.slice(0, text.indexOf('\n'));
  const sections = page
    .split(/^(?=## )/m)
    .slice(1)
    .map((text) => `${text.trimEnd()}\n`);
  const place = sections.findIndex((text) => heading(text) === heading(section));
  const all = place < 0 ? [...sections, section] : sections.with(place, section);
  return [HEAD, ...all].join('\n');
}

/** Puts a section into the page at `path`. */
export function writeSection(path: string, section: string): void {
  writeFileSync(path, withSection(existsSync(path) ? readFileSync(path, 'utf8') : '', section));
}

/** The machine of the measurements, as a table. */
export const machine = (): string => `| | |
|---|---|
| processor | ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} logical |
| memory | ${(totalmem() / 2 ** 30).toFixed(0)} GiB |
| system | Linux ${release()}, Node ${process.versions.node} |`;
