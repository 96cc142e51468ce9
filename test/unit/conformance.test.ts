import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { contents, partNames, partOf, withParts } from '../../scripts/conformance/document.ts';
import { registryParts } from '../../scripts/conformance/parts.ts';

const document = readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8');
const parts = registryParts(document);

describe('the conformance statement', () => {
  it.each(Object.keys(parts))('agrees with the code about %s (else: npm run conformance)', (name) => {
    expect(partOf(document, name)).toBe(parts[name]?.trim());
  });

  it('has a generator for each generated part', () => {
    expect(partNames(document).toSorted()).toEqual([...Object.keys(parts), 'test-data'].toSorted());
  });

  it('has the sections of PS3.2 Annex N', () => {
    const sections = [...document.matchAll(/^## (\d|Annex [A-E]) /gm)].map(([, number]) => number);

    expect(sections).toEqual([...'12345678', ...[...'ABCDE'].map((letter) => `Annex ${letter}`)]);
  });
});

describe('generated parts', () => {
  const text = 'Before\n<!-- generated: a -->\nold\n<!-- end: a -->\nAfter\n';

  it('are replaced, and the text around them stays', () => {
    expect(withParts(text, { a: 'new' })).toBe(text.replace('old', 'new'));
  });

  it.each([
    ['that is missing', 'Before\n'],
    ['that does not end', '<!-- generated: a -->\n'],
    ['that occurs twice', text + text],
  ])('are refused for a part %s', (_, broken) => {
    expect(() => withParts(broken, { a: 'new' })).toThrow(/needs the part a exactly once/);
  });

  it('link to the page’s headings', () => {
    expect(contents('# Title\n## 1 Overview\n### 1.1 Content, and more\n#### Deep\n')).toBe(
      '- [1 Overview](#1-overview)\n  - [1.1 Content, and more](#11-content-and-more)',
    );
  });
});
