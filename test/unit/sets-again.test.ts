/** Sets that are missing in the PACS, and those that a person wants stored again. */
import { beforeEach, describe, expect, it } from 'vitest';
import { beginStoring, endStoring, noteRouted, pinSet, type Wanted, withdrawSet, withSet } from '#pipeline/sets.ts';
import { storeAgain } from '#pipeline/store-again.ts';
import { createMemorySetTable } from '../fixtures/memory-ports.ts';

const place = { StudyInstanceUID: '2.25.1', tool: 'tiny' };
const [HALF, WHOLE] = ['1'.repeat(32), '2'.repeat(32)] as const;
const revision = 'e'.repeat(64);
const now = '2026-01-01T00:00:00.000Z';
const wanted = (change: Partial<Wanted>): Wanted => ({
  ...{ runId: HALF, answer: 'result', inputDigest: 'f'.repeat(64), identity: 'a1', sequence: 1 },
  ...change,
});

let table: ReturnType<typeof createMemorySetTable>;
beforeEach(() => {
  table = createMemorySetTable();
});
async function pinnedId(change: Partial<Wanted> = {}): Promise<string> {
  const pinning = await pinSet(table, place, wanted(change), { isSame: async (a, b) => a === b, now });
  return pinning.kind === 'pinned' ? pinning.set.setId : 'superseded';
}
const begin = (setId: string) => beginStoring(table, place, setId);
async function deliver(change: Partial<Wanted> = {}): Promise<string> {
  const setId = await pinnedId(change);
  expect(await begin(setId)).toBe('storing');
  await endStoring(table, place, setId);
  return setId;
}
const states = () => table.of(place).sets.map(({ setId, state }) => [setId, state]);

describe('a set that is missing in the PACS', () => {
  beforeEach(async () => {
    const setId = await deliver();
    const { study, mark } = await table.get(place);
    await table.replace(place, withSet(study, setId, { state: 'missing', missedAt: now }), mark);
  });

  it('stays away with a further upload, and comes back with the whole study', async () => {
    const setId = await pinnedId({ sequence: 2 });

    expect(states()).toEqual([[setId, 'missing']]);
    expect(await begin(setId)).toBe('missing');
    expect(await pinnedId({ sequence: 3, back: true })).toBe(setId);
    expect(await begin(setId)).toBe('storing');
    await endStoring(table, place, setId);
    expect(table.of(place).sets[0]).not.toHaveProperty('missedAt');
  });

  it('is stored again if a person wants it, and as often as that', async () => {
    const setId = await pinnedId();
    for (const was of ['missing', 'delivered']) {
      expect(await storeAgain(table, place, HALF)).toMatchObject({ kind: 'again', was, set: { setId } });
      expect(await storeAgain(table, place, HALF)).toMatchObject({ kind: 'again', was: 'converted' });
      expect(await begin(setId)).toBe('storing');
      await endStoring(table, place, setId);
    }
  });
});

describe('a run whose set a person wants stored again', () => {
  const again = async (runId: string) => await storeAgain(table, place, runId);

  it('has none', async () => {
    expect(await again(HALF)).toEqual({ kind: 'none' });
    await deliver({ runId: WHOLE });
    expect(await again(HALF)).toEqual({ kind: 'none' });
  });

  it('has one that newer results replace, or whose images are gone', async () => {
    await deliver();
    const newer = await pinnedId({ runId: WHOLE, sequence: 2 });
    await begin(newer);
    const before = states();

    expect(await again(HALF)).toMatchObject({ kind: 'superseded', by: { setId: newer, runId: WHOLE } });
    expect(states()).toEqual(before);
    await withdrawSet(table, place, newer);
    expect(await again(WHOLE)).toEqual({ kind: 'withdrawn' });
  });

  it('has one, and a newer upload is on its way', async () => {
    await deliver();
    const routed = { sequence: 2, runId: WHOLE, revision };
    await noteRouted(table, place, routed);
    const before = states();

    expect(await again(HALF)).toEqual({ kind: 'outrun', by: routed });
    expect(states()).toEqual(before);
  });
});
