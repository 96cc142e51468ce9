/** What the bench does with what it measured. */
import { describe, expect, it } from 'vitest';
import type { DecodeTimes } from '../../bench/dicom/decode-hilum.ts';
import { sameSamples } from '../../bench/dicom/same-answers.ts';
import type { BenchSyntax } from '../../bench/dicom/syntaxes.ts';
import type { StartTimes } from '../../bench/imports/measurements.ts';
import { describeImports } from '../../bench/imports/report.ts';
import { withSection } from '../../bench/page.ts';
import { median, spread } from '../../bench/statistics.ts';

describe('the page', () => {
  const page = withSection(withSection('', '## A\n\nold\n\n### Part\n\n1\n'), '## B\n\nkept\n');

  it('takes a section in the place of the one with the same heading', () => {
    const renewed = withSection(page, '## A\n\nnew\n');

    expect(renewed).toContain('## A\n\nnew\n\n## B\n\nkept\n');
    expect(renewed).not.toContain('old');
    expect(renewed).not.toContain('### Part');
  });

  it('takes a section that it does not have at its end', () => {
    expect(withSection(page, '## C\n\nlast\n')).toMatch(/## A\n.*## B\n.*## C\n\nlast\n$/s);
  });

  it('stays as it is where the section does', () => {
    expect(withSection(page, '## B\n\nkept\n')).toBe(page);
  });
});

describe('several measurements', () => {
  it('have a median, which lies between the middle two where they are even', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });

  it('are shown as median, least and most', () => {
    expect([spread([3, 1, 2]), spread([1.25], 1), spread([])]).toEqual(['2.00 (1.00–3.00)', '1.3', '–']);
  });
});

describe('readers of the same files', () => {
  const syntax: BenchSyntax = { TransferSyntaxUID: '1.2', name: 'Any', lossless: true, plugins: ['gdcm'] };
  const ours: DecodeTimes = { readMs: 1, decodeMs: 1, bytes: 10, sha256: 'a', mean: 100 };
  const compare = (of: BenchSyntax, theirs: Partial<DecodeTimes>) => () =>
    sameSamples(
      of,
      new Map([
        ['hilum', ours],
        ['gdcm', { ...ours, ...theirs }],
      ]),
    );

  it('must agree to the bit in a lossless syntax', () => {
    expect(compare(syntax, {})).not.toThrow();
    expect(compare(syntax, { sha256: 'b' })).toThrow('Any: gdcm reads other samples than Hilum');
  });

  it('must agree in the mean in a lossy one', () => {
    const lossy = { ...syntax, lossless: false };

    expect(compare(lossy, { sha256: 'b', mean: 100.2 })).not.toThrow();
    expect(compare(lossy, { mean: 101 })).toThrow('reads other samples');
    expect(compare(lossy, { bytes: 20 })).toThrow('reads other samples');
  });
});

describe('how functions start', () => {
  const taking = (...importMs: readonly number[]): readonly StartTimes[] =>
    importMs.map((ms) => ({ importMs: ms, wallMs: ms / 2, processMs: ms + 30 }));
  const section = describeImports({
    functions: [
      { name: 'route', codeBytes: 1_240_000, goalMs: 150, times: taking(110, 90, 130) },
      { name: 'convert', codeBytes: 2_000_000, times: taking(100) },
    ],
    references: [{ name: 'an empty module', times: taking(1) }],
    repetitions: 3,
    leftOut: ['brain-tissue'],
  });

  it('is told by median and spread, beside what is wanted where something is', () => {
    expect(section).toContain('| route | 1.2 | 110 (90–130) | ≤ 150 | 55 (45–65) | 140 (120–160) |\n');
    expect(section).toContain('| convert | 2.0 | 100 |  | 50 | 130 |\n');
    expect(section).toContain('| an empty module |  | 1 |  | 1 | 31 |\n');
    expect(section).toContain('\nNot measured, since their models are not here: brain-tissue.\n');
  });

  it('is one section of the page', () => {
    expect(withSection('', section)).toContain('3 repetitions');
    expect(section.match(/^## /gm)).toHaveLength(1);
  });
});
