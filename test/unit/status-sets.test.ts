/** The sets of a study in words: which one is current, and what became of the others. */
import { expect, it } from 'vitest';
import type { PinnedSet, RunRecord, StudySets } from '#pipeline/ports.ts';
import { createSetsLookup, setInWords } from '../../cli/status/sets.ts';

const run = { runId: 'a'.repeat(32), StudyInstanceUID: '1.2', tool: 'tiny' } as RunRecord;
const set = (digit: string, change: Partial<PinnedSet> = {}): PinnedSet => ({
  ...{ setId: digit.repeat(32), runId: run.runId, answer: 'result', inputDigest: 'f', sequence: 1 },
  ...{ replaces: [], createdAt: '2026-01-01T00:00:00.000Z', state: 'delivered', stored: true },
  ...change,
});
const replaced = { state: 'superseded', noted: true } as const;
const newest = (change: Partial<PinnedSet>): PinnedSet => set('2', { replaces: ['1'.repeat(32)], ...change });

it.each<[string, readonly PinnedSet[], readonly string[]]>([
  ['one', [set('1')], ['delivered, the current one: its objects are in the PACS']],
  [
    'a newer one',
    [set('1', replaced), newest({})],
    ['superseded by set 22222222', 'delivered, the current one: its objects are in the PACS'],
  ],
  [
    'a newer one that is being stored',
    [set('1', { ...replaced, noted: false }), newest({ state: 'storing' })],
    ['superseded by set 22222222, which is being stored', 'being stored in the PACS'],
  ],
  [
    'a newer one that waits',
    [set('1'), newest({ state: 'converted', stored: false })],
    ['delivered, the current one: its objects are in the PACS', 'converted, on its way to the PACS'],
  ],
  [
    'one that never came so far',
    [set('1', { state: 'superseded', stored: false }), set('2')],
    ['superseded before it was stored', 'delivered, the current one: its objects are in the PACS'],
  ],
  [
    'a newer one without images',
    [set('1', replaced), newest({ state: 'withdrawn' })],
    ['superseded by set 22222222', 'withdrawn: the PACS does not have its images any more'],
  ],
  [
    'one that somebody removed',
    [set('1', replaced), newest({ state: 'missing' })],
    [
      'superseded by set 22222222',
      'missing: the PACS has its images, and not all of its objects; `hilum deliver aaaaaaaa` stores them again',
    ],
  ],
])('%s', async (_, sets, words) => {
  const study: StudySets = { sets };
  const shown = await createSetsLookup({ get: async () => ({ study, mark: 1 }) })(run);

  expect(shown.map(setInWords)).toEqual(words);
  expect(shown.filter(({ current }) => current).length).toBeLessThanOrEqual(1);
});
