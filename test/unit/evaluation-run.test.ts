/** Outcomes of an evaluation: storing, summarising, comparing with floors, writing the page. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ToolEntry } from '#core/tool-manifest.ts';
import type { Summary } from '../../evaluation/evaluation.ts';
import { findEvaluation } from '../../evaluation/find-evaluation.ts';
import { broken } from '../../evaluation/floors.ts';
import { withoutIntervals } from '../../evaluation/metrics.ts';
import { OutcomeFile } from '../../evaluation/outcomes.ts';
import { metricsFile, pageOf, writePage } from '../../evaluation/page.ts';
import { runCases } from '../../evaluation/processes.ts';
import type { CaseAnswer, CaseCall } from '../../evaluation/worker.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-evaluation-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('outcomes in files', () => {
  const open = (version: string, resume: boolean): OutcomeFile => new OutcomeFile(folder, 'part', { version, resume });

  it('are found again for the same version and case, and an incomplete line is ignored', () => {
    open('1', false).add({ seed: 1 }, { found: 3 });
    appendFileSync(join(folder, 'part.jsonl'), '{"version":"1","case":{"se');

    const again = open('1', true);

    expect([again.has({ seed: 1 }), again.has({ seed: 2 }), open('2', true).has({ seed: 1 })]).toEqual([
      true,
      false,
      false,
    ]);
    expect(again.outcomeOf({ seed: 1 })).toEqual({ found: 3 });
  });

  it('are removed when a run starts anew', () => {
    open('1', false).add({ seed: 1 }, { found: 3 });

    expect(open('1', false).has({ seed: 1 })).toBe(false);
  });
});

describe('floors', () => {
  const summary: Summary = { metrics: { recall: { value: 0.9, n: 20 }, error: { value: 2, n: 20 } } };

  it('are reached at the floor itself, and are reported below it', () => {
    expect(broken({ 'p.recall': { atLeast: 0.9 }, 'p.error': { atMost: 2 } }, 'p', summary)).toEqual([]);
    expect(broken({ 'p.recall': { atLeast: 0.91 }, 'p.error': { atMost: 1.9 } }, 'p', summary)).toEqual([
      'p.recall is 0.9 (n = 20), not at least 0.91',
      'p.error is 2 (n = 20), not at most 1.9',
    ]);
  });

  it('are not reached by a missing figure, and apply only to their own part', () => {
    expect(broken({ 'p.gone': { atLeast: 0 }, 'q.gone': { atLeast: 0 } }, 'p', summary)).toEqual(['p.gone is missing']);
  });
});

describe('the page', () => {
  const entry = {
    manifest: { id: 'some-tool', version: '1.2.3', label: 'Some tool' },
    models: [{ id: 'some-model', version: '2.0.0', sha256: 'ab'.repeat(32) }],
  } as unknown as ToolEntry;
  const summary: Summary = {
    metrics: {
      recall: { value: 0.876_543_21, interval: [0.8, 0.912_345_678], n: 230, goal: { atLeast: 0.9 } },
      error: { value: 1.5, n: 40, unit: 'mm', goal: { atMost: 2 } },
    },
    tables: [{ title: 'By level', header: ['level', 'found'], rows: [['L|1', '3']] }],
    figures: [{ name: 'curve', caption: 'A curve', svg: '<svg/>' }],
    pictures: [{ name: 'failures', caption: 'What went wrong', png: new Uint8Array([1, 2]) }],
    remarks: ['A remark.'],
  };
  const evaluated = {
    entry,
    command: 'npm run evaluate -- some-tool',
    parts: [{ part: { name: 'p', title: 'A part' }, cases: 24, summary }],
  };

  it('shows value, interval, n, goal and whether it is reached', () => {
    const page = pageOf(evaluated);

    expect(page).toContain('| recall | 0.877 | 0.800 to 0.912 | 230 | ≥ 0.9 | **no** |');
    expect(page).toContain('| error | 1.50 mm |  | 40 | ≤ 2 | yes |');
    expect(page).toContain('24 cases (part `p`).\nA remark.');
    expect(page).toContain('| L\\|1 | 3 |');
    expect(page).toContain('not for clinical use');
  });

  it('has the same figures for machines, with version, digests and command', () => {
    expect(metricsFile(evaluated)).toEqual({
      tool: 'some-tool',
      version: '1.2.3',
      models: [{ id: 'some-model', version: '2.0.0', sha256: 'ab'.repeat(32) }],
      command: 'npm run evaluate -- some-tool',
      parts: {
        p: {
          title: 'A part',
          cases: 24,
          metrics: {
            recall: { value: 0.876543, interval: [0.8, 0.912346], n: 230, goal: { atLeast: 0.9 }, reached: false },
            error: { value: 1.5, n: 40, unit: 'mm', goal: { atMost: 2 }, reached: true },
          },
        },
      },
    });
  });

  it('is written with its drawings, without those of an earlier run', () => {
    const out = join(folder, 'page');
    const old: Summary = { metrics: {}, figures: [{ name: 'old', caption: '', svg: '' }] };
    writePage(out, { ...evaluated, parts: evaluated.parts.map((part) => ({ ...part, summary: old })) });

    writePage(out, evaluated);

    expect(readdirSync(out).sort()).toEqual(['README.md', 'curve.svg', 'failures.png', 'metrics.json']);
    expect(readFileSync(join(out, 'curve.svg'), 'utf8')).toBe('<svg/>');
  });

  it('has no interval over variants of one patient', () => {
    expect(withoutIntervals({ a: { value: 1, interval: [0, 1], n: 3 }, b: undefined })).toEqual({
      a: { value: 1, n: 3 },
    });
  });
});

describe('cases', () => {
  it('that cannot run get an error as answer, each its own', async () => {
    const answers: [CaseCall, CaseAnswer][] = [];
    const calls = [0, 1].map((index) => ({ part: 'none', index }));

    await runCases(calls, { tool: 'no-such-tool', processes: 2 }, (call, answer) => answers.push([call, answer]));

    expect(answers.map(([{ index }]) => index).sort()).toEqual([0, 1]);
    for (const [, answer] of answers) expect(answer).toMatchObject({ error: expect.stringContaining('no-such-tool') });
  });

  it('of a tool without an evaluation are refused, with the names of tools that have one', async () => {
    await expect(findEvaluation('no-such-tool')).rejects.toThrow(/choose one of .*brain-tissue/);
  });
});
