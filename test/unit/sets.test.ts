/** Which set of results is current, whatever comes before, after or at once. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SetTable } from '#pipeline/ports.ts';
import { beginStoring, endStoring, noteRouted, pinSet, setIdOf, type Wanted, withdrawSet } from '#pipeline/sets.ts';
import { createMemorySetTable } from '../fixtures/memory-ports.ts';

const place = { StudyInstanceUID: '2.25.1', tool: 'tiny' };
const [HALF, WHOLE] = ['1'.repeat(32), '2'.repeat(32)] as const;
const revision = 'e'.repeat(64);
const now = '2026-01-01T00:00:00.000Z';
/** Digests of two keys for one identity begin with the same letter. */
const isSame = async (a = '', b = ''): Promise<boolean> => a.charAt(0) === b.charAt(0);
const wanted = (change: Partial<Wanted> = {}): Wanted => ({
  ...{ runId: HALF, answer: 'result', inputDigest: 'f'.repeat(64), identity: 'a1', sequence: 1 },
  ...change,
});

let table: ReturnType<typeof createMemorySetTable>;
beforeEach(() => {
  table = createMemorySetTable();
});
const pin = async (change: Partial<Wanted> = {}, from: SetTable = table) => {
  const pinning = await pinSet(from, place, wanted(change), { isSame, now });
  return pinning.kind === 'pinned' ? pinning.set : undefined;
};
const pinnedId = async (change: Partial<Wanted> = {}): Promise<string> => (await pin(change))?.setId ?? 'superseded';
const begin = (setId: string) => beginStoring(table, place, setId);
async function deliver(change: Partial<Wanted> = {}): Promise<string> {
  const setId = await pinnedId(change);
  expect(await begin(setId)).toBe('storing');
  await endStoring(table, place, setId);
  return setId;
}
const states = () => table.of(place).sets.map(({ setId, state }) => [setId, state]);
/** The sets whose objects may be in the PACS and of which no note says that they are replaced. */
const visible = () =>
  table
    .of(place)
    .sets.filter(({ stored, noted }) => stored && !noted)
    .map(({ setId }) => setId);

describe('a set', () => {
  it('is pinned once: a retry, also with the identity under another key, gets the same', async () => {
    const first = await pin();
    const retries = [await pin(), await pin({ identity: 'a2', sequence: 2 })];

    expect(first).toEqual({
      ...{ setId: setIdOf(wanted(), []), runId: HALF, answer: 'result', inputDigest: 'f'.repeat(64), identity: 'a1' },
      ...{ sequence: 1, replaces: [], createdAt: now, state: 'converted' },
    });
    expect(retries.map((set) => set?.setId)).toEqual([first?.setId, first?.setId]);
    expect(table.of(place).sets).toEqual([{ ...first, sequence: 2 }]);
  });

  it('is stored and delivered, and begun again it needs nothing more', async () => {
    const setId = await deliver();

    expect(states()).toEqual([[setId, 'delivered']]);
    expect(await begin(setId)).toBe('delivered');
  });

  it('is unknown to a table that has lost it', async () => {
    expect(await begin('0'.repeat(32))).toBe('unknown');
    await endStoring(table, place, '0'.repeat(32));
    expect(states()).toEqual([]);
  });

  it('is one, whoever of two functions at once is first', async () => {
    const [a, b] = await Promise.all([pin(), pin()]);

    expect(a?.setId).toBe(b?.setId);
    expect(table.of(place).sets).toHaveLength(1);
  });
});

describe('a late half', () => {
  it('replaces the first, whose objects its own name', async () => {
    const half = await deliver();
    const whole = await pin({ runId: WHOLE, sequence: 2 });

    expect(whole?.replaces).toEqual([half]);
    expect(states()).toEqual([
      [half, 'delivered'],
      [whole?.setId, 'converted'],
    ]);
    expect(await begin(whole?.setId ?? '')).toBe('storing');
    expect(states()).toEqual([
      [half, 'superseded'],
      [whole?.setId, 'storing'],
    ]);
    await endStoring(table, place, whole?.setId ?? '');
    expect(visible()).toEqual([whole?.setId]);
  });

  it('replaces nothing if the first was not stored yet, and that one is not stored any more', async () => {
    const half = await pinnedId();
    const whole = await pin({ runId: WHOLE, sequence: 2 });

    expect(whole?.replaces).toEqual([]);
    expect(await begin(half)).toBe('superseded');
    expect(states()).toEqual([
      [half, 'superseded'],
      [whole?.setId, 'converted'],
    ]);
  });

  it('replaces a first one that failed while it was being stored', async () => {
    const half = await pinnedId();
    await begin(half);

    expect((await pin({ runId: WHOLE, sequence: 2 }))?.replaces).toEqual([half]);
  });

  it('is followed by a third that replaces both, if the second was not noted yet', async () => {
    const half = await deliver();
    const second = await pinnedId({ runId: WHOLE, sequence: 2 });
    await begin(second);
    const third = await pin({ runId: '3'.repeat(32), sequence: 3 });

    expect(third?.replaces).toEqual([half, second]);
    // The second ends after the third was pinned.
    await endStoring(table, place, second);
    await begin(third?.setId ?? '');
    await endStoring(table, place, third?.setId ?? '');
    expect(visible()).toEqual([third?.setId]);
  });

  it('keeps a delayed smaller upload from ever being current, delivered or not', async () => {
    const whole = await deliver({ runId: WHOLE, sequence: 2 });

    expect(await pin()).toBeUndefined();
    expect(states()).toEqual([[whole, 'delivered']]);
  });

  it('keeps it from being stored as soon as the larger is routed', async () => {
    const half = await pinnedId();
    await noteRouted(table, place, { sequence: 2, runId: WHOLE, revision });
    await noteRouted(table, place, { sequence: 1, runId: HALF, revision });

    expect(await begin(half)).toBe('superseded');
    expect(await pin({ runId: '3'.repeat(32) })).toBeUndefined();
    expect(states()).toEqual([[half, 'superseded']]);
  });
});

describe('a further upload of the same images', () => {
  it('gives no new set: a late dose report, another encoding', async () => {
    const setId = await deliver();
    await noteRouted(table, place, { sequence: 2, runId: HALF, revision });

    expect((await pin({ sequence: 2 }))?.setId).toBe(setId);
    expect(await begin(setId)).toBe('delivered');
  });

  it('does not stop the first from being stored', async () => {
    const setId = await pinnedId();
    await noteRouted(table, place, { sequence: 2, runId: HALF, revision });

    expect(await begin(setId)).toBe('storing');
  });
});

describe('a corrected identity', () => {
  it('before the results are stored gives a set that replaces nothing', async () => {
    const wrong = await pinnedId();
    const right = await pin({ identity: 'b1', from: wrong });

    expect(right?.replaces).toEqual([]);
    expect(await begin(wrong)).toBe('superseded');
    // Duplicates of the message with the wrong identity.
    expect(await pin()).toBeUndefined();
    expect(await begin(right?.setId ?? '')).toBe('storing');
  });

  it.each(['during', 'after'])('%s the delivery gives one that replaces the wrong', async (when) => {
    const wrong = when === 'after' ? await deliver() : await pinnedId();
    if (when === 'during') await begin(wrong);

    const right = await pin(when === 'after' ? { identity: 'b1', sequence: 2 } : { identity: 'b1', from: wrong });

    expect(right?.replaces).toEqual([wrong]);
  });

  it('that the upload tells, too, gives no further set', async () => {
    const wrong = await deliver();
    const right = await deliver({ identity: 'b1', from: wrong });

    expect(await pinnedId({ identity: 'b2', sequence: 2 })).toBe(right);
  });

  it('and corrected back gives sets of other ids, or the first again if it was never replaced', async () => {
    const first = await pinnedId();
    const second = await pinnedId({ identity: 'b1', from: first });
    expect(await pinnedId({ identity: 'a1', from: second })).toBe(first);
    expect(await begin(first)).toBe('storing');
    await endStoring(table, place, first);
    const third = await deliver({ identity: 'b1', from: first });
    const fourth = await pin({ identity: 'a1', from: third });

    expect(new Set([first, second, third, fourth?.setId]).size).toBe(4);
    expect(fourth?.replaces).toEqual([third]);
  });
});

describe('a study that goes back to what it was', () => {
  it('gets a set of its own that replaces the last', async () => {
    const first = await deliver();
    const more = await deliver({ runId: WHOLE, sequence: 2 });
    const again = await pin({ sequence: 3 });

    expect(again?.setId).not.toBe(first);
    expect(again?.replaces).toEqual([more]);
  });
});

describe('a failure', () => {
  const failure = { answer: 'failure' } as const;

  it('is replaced by the result of a redrive', async () => {
    const told = await deliver(failure);

    expect((await pin())?.replaces).toEqual([told]);
    expect(await pin(failure)).toBeUndefined();
  });

  it('takes the place of a result that the gate refused, and gives way to it', async () => {
    const refused = await pinnedId();
    const told = await pinnedId(failure);

    expect(await begin(refused)).toBe('superseded');
    // The message about the result comes again, and the gate refuses it again.
    expect(await pinnedId()).toBe(refused);
    expect(await pinnedId({ ...failure, from: refused })).toBe(told);
    expect(await pinnedId()).toBe(refused);
    expect(await begin(told)).toBe('superseded');
  });

  it('never replaces a result of the same run that was stored', async () => {
    await deliver();

    expect(await pin(failure)).toBeUndefined();
  });

  it('of a newer upload replaces results of other images', async () => {
    const half = await deliver();

    expect((await pin({ ...failure, runId: WHOLE, inputDigest: 'd'.repeat(64), sequence: 2 }))?.replaces).toEqual([
      half,
    ]);
  });

  it('of another version of the tool leaves the results of the same images', async () => {
    const told = await deliver();

    expect(await pin({ ...failure, runId: WHOLE, sequence: 2 })).toBeUndefined();
    expect(states()).toEqual([[told, 'delivered']]);
  });
});

describe('a set that was withdrawn', () => {
  it('is delivered again when its images are back', async () => {
    const setId = await pinnedId();
    await begin(setId);

    expect(await withdrawSet(table, place, setId)).toBe('withdrawn');
    expect(states()).toEqual([[setId, 'withdrawn']]);
    expect(await pinnedId({ sequence: 2 })).toBe(setId);
    expect(await begin(setId)).toBe('storing');
  });

  it('is not one that was delivered or superseded meanwhile', async () => {
    const setId = await deliver();
    expect(await withdrawSet(table, place, setId)).toBe('delivered');
    await begin(await pinnedId({ runId: 'c'.repeat(32), sequence: 2 }));

    expect(await withdrawSet(table, place, setId)).toBe('superseded');
    expect(states()[0]).toEqual([setId, 'superseded']);
  });
});

describe('a set whose study was deleted after the delivery, and is back', () => {
  it('is delivered again, once', async () => {
    const setId = await deliver();
    const back = { back: true, sequence: 2 } as const;

    expect(await pinnedId(back)).toBe(setId);
    expect(await begin(setId)).toBe('storing');
    await endStoring(table, place, setId);
    // A duplicate of the message.
    expect(await pinnedId(back)).toBe(setId);
    expect(await begin(setId)).toBe('delivered');
  });
});

describe('another version of the tool', () => {
  it('replaces the older, which a late message does not bring back', async () => {
    const old = await deliver();
    const updated = await deliver({ runId: WHOLE });

    expect(states()).toEqual([
      [old, 'superseded'],
      [updated, 'delivered'],
    ]);
    expect(await pin()).toBeUndefined();
  });
});

it('gives up if the table is changed at every attempt', async () => {
  const contended: SetTable = { ...table, replace: async () => false };

  await expect(pin({}, contended)).rejects.toMatchObject({ code: 'service-unavailable' });
});

it('forgets the oldest sets, but none that may still be in the PACS', async () => {
  const stuck = await pinnedId();
  await begin(stuck);
  for (let sequence = 2; sequence < 150; sequence++) await pin({ runId: String(sequence).padStart(32, '0'), sequence });

  const { sets } = table.of(place);
  expect(sets).toHaveLength(101);
  expect(sets[0]?.setId).toBe(stuck);
  expect(sets.at(-1)?.replaces).toEqual([stuck]);
});
