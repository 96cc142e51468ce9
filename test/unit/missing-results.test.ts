/** Results that were delivered, and what the PACS has of them later: whoever removes them is told of, not overruled. */
import { describe, expect, it } from 'vitest';
import { ArchiveUnavailableError } from '#core/errors.ts';
import { makeHandler as makeDeadLetter } from '#functions/dead-letter/handler.ts';
import type { DeliveryArchive, OpenArchive } from '#pipeline/deliver.ts';
import { checkWork } from '#pipeline/work.ts';
import { minuteLeft, nothingFailed, sqsEvent } from '../fixtures/pipeline.ts';
import { createReconciler, DAY_S } from '../fixtures/reconciler.ts';
import { createLife, images, RIGHT } from '../fixtures/results-life.ts';
import { entry } from '../fixtures/tiny-radiograph.ts';

const SIX_HOURS_S = 6 * 3600;
const CHECKS = { step: 'return', lane: 'backfill' } as const;

/** A delivered study, and what happens until the reconciler has looked at it. */
async function delivered(change: Partial<OpenArchive> = {}, archiveOf?: (pacs: DeliveryArchive) => DeliveryArchive) {
  const life = createLife(change, archiveOf);
  const reconciler = createReconciler(life.pipeline);
  await life.arrives(images(2));
  await life.settles();
  /** Some hours pass, and the look that is due is taken. */
  const looked = async (seconds = SIX_HOURS_S): Promise<void> => {
    await reconciler.pass(seconds);
    await life.work('return-backfill');
    await life.settles();
  };
  /** The second look, which a first one asks for that missed something. */
  const lookedAgain = async (): Promise<void> => {
    life.pipeline.clock.advance(600_000);
    await life.work('return-backfill');
    await life.settles();
  };
  const uids = [...life.pacs.storedUids];
  const [uid = ''] = uids;
  const [image = new Uint8Array(), other = new Uint8Array()] = images(2);
  return { life, reconciler, looked, lookedAgain, uids, uid, images: [image, other] };
}

describe('results that a person removed', () => {
  it('are missing after a second look, are told, and stay away', async () => {
    const { life, looked, lookedAgain, uids, uid } = await delivered();
    life.pacs.held.delete(uid);

    await looked();
    expect(life.sets()).toMatchObject([{ state: 'delivered', missedAt: expect.stringMatching(/^2026/) }]);
    expect(await life.states()).toEqual(['delivered']);

    await lookedAgain();
    expect(life.sets()).toMatchObject([{ state: 'missing' }]);
    expect(await life.states()).toEqual(['missing']);
    expect(life.pipeline.counted.filter((name) => name === 'Missing')).toHaveLength(1);
    expect(life.pipeline.logged.filter((line) => line.includes('"event":"missing"'))).toHaveLength(1);

    // The study is uploaded once more, with a late dose report.
    await life.arrives(images(2));
    await life.settles();
    expect(await life.states()).toEqual(['missing']);
    expect(life.pacs.storedUids).toEqual(uids);
  });

  it('are delivered again as soon as the PACS has them again', async () => {
    const { life, looked, lookedAgain, uid } = await delivered();
    const bytes = life.pacs.held.get(uid) ?? new Uint8Array();
    life.pacs.held.delete(uid);
    await looked();
    await lookedAgain();
    life.pacs.held.set(uid, bytes);
    await looked();

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(life.sets()[0]).not.toHaveProperty('missedAt');
    expect(await life.states()).toEqual(['delivered']);
  });

  it('are stored again by themselves under the setting', async () => {
    const { life, looked, lookedAgain, uids, uid } = await delivered({ restoresMissing: true });
    life.pacs.held.delete(uid);
    await looked();
    expect(life.pacs.held.has(uid)).toBe(false);
    await lookedAgain();

    expect(life.pacs.storedUids).toEqual([...uids, uid]);
    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(await life.states()).toEqual(['delivered']);
  });

  it('come back with a study that was deleted after that, and imported again', async () => {
    const { life, looked, lookedAgain, uids, uid } = await delivered();
    life.pacs.held.delete(uid);
    await looked();
    await lookedAgain();
    await life.arrives(images(2), { back: true });
    await life.settles();

    expect(life.pacs.storedUids).toEqual([...uids, uid]);
    expect(await life.states()).toEqual(['delivered']);
  });

  it('are replaced like others when other images come', async () => {
    const { life, looked, lookedAgain, uid } = await delivered();
    life.pacs.held.delete(uid);
    await looked();
    await lookedAgain();
    await life.arrives(images(3));
    await life.settles();

    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
  });
});

describe('results that are there', () => {
  it('are left as they are, also without the notes and the results that they replace', async () => {
    const { life, looked, lookedAgain } = await delivered();
    await life.arrives(images(3));
    await life.settles();
    for (const [uid] of life.pacs.held) if (life.notes().length > 0 && isNoteOf(life, uid)) life.pacs.held.delete(uid);
    expect(life.notes()).toEqual([]);
    const before = life.sets();
    await looked();
    await lookedAgain();

    expect(life.pipeline.sentTo(CHECKS)).toHaveLength(1);
    expect(life.sets()).toEqual(before);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
  });

  it.each([
    ['a search that leaves them out', (uid: string, ours: string) => uid !== ours],
    ['a search that leaves out everything', () => false],
  ])('are not missing because of %s', async (_, isListed) => {
    const lag = { of: '' };
    const { life, looked, lookedAgain, uid } = await delivered({}, (pacs) => ({
      ...pacs,
      async *listInstances(study, options) {
        for await (const one of pacs.listInstances(study, options))
          if (lag.of === '' || isListed(one.SOPInstanceUID, lag.of)) yield one;
      },
    }));
    lag.of = uid;
    await looked();
    await lookedAgain();

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(life.sets()[0]).not.toHaveProperty('missedAt');
  });

  it('are not missing because the PACS had lost them for a moment', async () => {
    const { life, looked, lookedAgain, uid } = await delivered();
    const bytes = life.pacs.held.get(uid) ?? new Uint8Array();
    life.pacs.held.delete(uid);
    await looked();
    life.pacs.held.set(uid, bytes);
    await lookedAgain();

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(life.sets()[0]).not.toHaveProperty('missedAt');
    expect(life.pipeline.counted).not.toContain('Missing');
  });
});

describe('a study', () => {
  it('whose images are gone is withdrawn after a second look, and its results stay where they are', async () => {
    const { life, looked, lookedAgain, uid } = await delivered();
    for (const key of [...life.pacs.held.keys()]) if (key !== uid) life.pacs.held.delete(key);
    await looked();
    expect(await life.states()).toEqual(['delivered']);
    await lookedAgain();

    expect(life.sets()).toMatchObject([{ state: 'withdrawn' }]);
    expect(await life.states()).toEqual(['withdrawn']);
    expect([...life.pacs.held.keys()]).toEqual([uid]);
    expect(life.pacs.deletedUids).toEqual([]);
  });

  it.each([
    ['with its results', true],
    ['without them', false],
  ])('that the PACS had lost for hours is delivered as soon as it is back %s', async (_, withResults) => {
    const { life, looked, lookedAgain, uids } = await delivered();
    const held = [...life.pacs.held];
    life.deleted();
    await looked();
    await lookedAgain();
    expect(await life.states()).toEqual(['withdrawn']);
    await looked();
    expect(await life.states()).toEqual(['withdrawn']);
    for (const [key, bytes] of held) if (withResults || !uids.includes(key)) life.pacs.held.set(key, bytes);
    await looked();

    expect([...life.pacs.held.keys()].sort()).toEqual(held.map(([key]) => key).sort());
    expect(life.pacs.storedUids).toEqual(withResults ? uids : [...uids, ...uids]);
    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(life.sets()[0]).not.toHaveProperty('missedAt');
    expect(await life.states()).toEqual(['delivered']);
  });

  it('whose images came back after the run found none has its results at last', async () => {
    const life = createLife();
    const reconciler = createReconciler(life.pipeline);
    await life.arrives(images(2));
    await life.settles('convert-live');
    life.deleted();
    await life.settles();
    life.pacs.add(...images(2));
    await reconciler.pass(SIX_HOURS_S);
    await life.work('return-backfill');
    await life.settles();

    expect(await life.states()).toEqual(['delivered']);
    expect(life.patients()).toEqual(['PHANTOM-1']);
  });

  it('that is back while it is looked for keeps what delivery says', async () => {
    const { life, looked } = await delivered();
    life.deleted();
    await looked();
    await life.arrives(images(2), { back: true });
    await life.settles();
    life.pipeline.clock.advance(600_000);
    await life.work('return-backfill');

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(await life.states()).toEqual(['delivered']);
  });

  it('whose patient was corrected, which no upload has told, has its results made again for the right one', async () => {
    const { life, looked } = await delivered();
    life.pacs.add(...images(2, RIGHT));
    await looked();

    expect(life.sets()).toMatchObject([{ state: 'superseded' }, { state: 'delivered' }]);
    expect(life.patients()).toEqual(['RIGHT-1']);
    expect(await life.states()).toEqual(['delivered']);
  });

  it('whose identity the bucket has lost is not taken for another', async () => {
    const { life, looked, uids } = await delivered();
    for (const key of life.pipeline.objects.contents.keys())
      if (key.startsWith('identities/')) life.pipeline.objects.contents.delete(key);
    await looked();

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(life.pacs.storedUids).toEqual(uids);
  });

  it('of which the bucket has lost everything is left alone', async () => {
    const { life, looked, lookedAgain, uid } = await delivered();
    life.pipeline.objects.contents.clear();
    life.pacs.held.delete(uid);
    await looked();
    await lookedAgain();

    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
  });
});

describe('a look', () => {
  it('is taken once in six hours, for three days', async () => {
    const { life, reconciler } = await delivered();
    for (let hours = 0; hours < 24; hours++) await reconciler.pass(3600);
    expect(life.pipeline.sentTo(CHECKS)).toHaveLength(4);
    for (let hours = 24; hours < 24 * 5; hours++) await reconciler.pass(3600);
    expect(life.pipeline.sentTo(CHECKS)).toHaveLength(11);
    await reconciler.pass(30 * DAY_S);
    expect(life.pipeline.sentTo(CHECKS)).toHaveLength(11);
  });

  it('that fails is no failure of the run, however often', async () => {
    const away = () => Promise.reject(new ArchiveUnavailableError('The archive does not answer'));
    const state = { isAway: false };
    const { life, looked } = await delivered({}, (pacs) => ({
      ...pacs,
      async *listInstances(study, options) {
        if (state.isAway) await away();
        yield* pacs.listInstances(study, options);
      },
    }));
    const [run] = await life.runs();
    state.isAway = true;
    for (let times = 0; times < 8; times++) await looked();

    expect(await life.runs()).toEqual([run]);
    expect(life.pipeline.logged.filter((line) => line.includes('not-checked'))).toHaveLength(8);
    expect(life.pipeline.ledger.entries.size).toBe(0);
    expect(life.pipeline.queueNamed('return-backfill-dead').sent).toEqual([]);
  });

  it('whose process died too often is given up, and nothing else is', async () => {
    const { life, reconciler } = await delivered();
    const [run] = await life.runs();
    await reconciler.pass(SIX_HOURS_S);
    const [asked] = life.pipeline.sentTo(CHECKS);
    for (let times = 0; times < 3; times++)
      await life.pipeline.ledger.begin(checkWork(asked ?? { runId: '', answer: 'result' }));
    await life.work('return-backfill');
    const [letter = ''] = life.pipeline.queueNamed('return-backfill-dead').sent;
    const handle = makeDeadLetter({ ...life.pipeline, catalog: [entry] });
    expect(await handle(sqsEvent('return-backfill-dead', [letter]), minuteLeft)).toEqual(nothingFailed);

    expect(JSON.parse(letter)).toEqual(asked);
    expect(await life.runs()).toEqual([run]);
    expect(life.pipeline.ledger.entries.size).toBe(0);
    expect(life.pipeline.queueNamed('convert-live').sent).toHaveLength(1);
    expect([...life.pipeline.objects.contents.keys()].filter((key) => key.startsWith('dead-letters/'))).toEqual([]);
  });

  it('of a message that came late is not taken', async () => {
    const { life, reconciler, uid } = await delivered();
    await reconciler.pass(SIX_HOURS_S);
    await life.arrives(images(3));
    await life.settles();
    const before = life.sets();
    expect(life.pacs.held.has(uid)).toBe(false);
    await life.work('return-backfill');

    expect(life.sets()).toEqual(before);
    expect(life.pipeline.sentTo(CHECKS)).toHaveLength(1);
  });
});

function isNoteOf(life: ReturnType<typeof createLife>, uid: string): boolean {
  return life.pacs.storedUids.includes(uid) && !life.resultUids().includes(uid);
}
