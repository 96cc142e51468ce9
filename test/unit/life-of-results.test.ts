/** What the PACS has of a study's results after the study changed, moved to another patient, or disappeared, at any moment. */
import { describe, expect, it } from 'vitest';
import { readDicom } from '#dicom/read.ts';
import { createLife, EACH, images, RIGHT } from '../fixtures/results-life.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

describe('a study', () => {
  it('has its results, under its patient', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();

    expect(life.sets()).toMatchObject([{ state: 'delivered', sequence: 1, replaces: [] }]);
    expect(await life.states()).toEqual(['delivered']);
    expect(life.patients()).toEqual(['PHANTOM-1']);
    expect(await life.receipts()).toMatchObject([{ proof: 'read-back' }]);
    expect((await life.receipts())[0]).not.toHaveProperty('untold');
  });
});

describe('a late half', () => {
  it('that comes before the first is delivered leaves one set', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    await life.arrives(images(4));
    await life.settles();

    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
    expect(life.pacs.storedUids).toHaveLength(EACH);
  });

  it('that is delivered first is never followed by the smaller one', async () => {
    const life = createLife();
    await life.arrives(images(2));
    const [delayed] = life.pipeline.queueNamed('intake-live').sent;
    const [message] = await life.pipeline.queueNamed('intake-live').receive();
    await life.pipeline.queueNamed('intake-live').delete(message?.receiptHandle ?? '');
    await life.arrives(images(4));
    await life.settles();
    const stored = [...life.pacs.storedUids];
    await life.pipeline.queueNamed('intake-live').send(delayed ?? '');
    await life.settles();

    expect(life.sets().map(({ state }) => state)).toEqual(['delivered']);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
    expect(life.pacs.storedUids).toEqual(stored);
  });
});

describe('images that the tool does not take any more', () => {
  const others = images(2).map((_, index) =>
    makeRadiographFile({ SOPInstanceUID: `2.25.${1003 + index}`, Modality: 'MR', grey: 7 }),
  );

  it('replace the results that are there by an object that says why', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();
    await life.arrives(others);
    await life.settles();

    expect(life.sets()).toMatchObject([
      { state: 'superseded', noted: true },
      { state: 'delivered', sequence: 2 },
    ]);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
    const run = (await life.runs()).find(({ state }) => state === 'delivered');
    expect(run).toMatchObject({ outcome: 'not-applicable', summary: 'Not a DX' });
    expect(life.pacs.deletedUids).toEqual(life.pacs.storedUids.slice(0, EACH));
    expect(life.patients()).toEqual(['PHANTOM-1']);
  });

  it.each(['intake-live', 'infer-tiny-live', 'convert-live'] as const)(
    'keep results back that are only past %s',
    async (step) => {
      const life = createLife();
      await life.arrives(images(2));
      await life.settles(step);
      await life.arrives(others);
      await life.settles();

      expect(life.pacs.storedUids).toEqual([]);
      expect(await life.states()).toEqual(['not-applicable', 'superseded']);
    },
  );

  it('keep results back whose message is delayed until after theirs', async () => {
    const life = createLife();
    await life.arrives(images(2));
    const [message] = await life.pipeline.queueNamed('intake-live').receive();
    await life.pipeline.queueNamed('intake-live').delete(message?.receiptHandle ?? '');
    await life.arrives(others);
    await life.settles();
    await life.pipeline.queueNamed('intake-live').send(message?.body ?? '');
    await life.settles();

    expect(life.pacs.storedUids).toEqual([]);
    expect(await life.states()).toEqual(['not-applicable', 'superseded']);
  });

  it.each(['intake-live', 'infer-tiny-live', 'convert-live'] as const)(
    'give way to results that are past %s once the images are as they were',
    async (step) => {
      const life = createLife();
      await life.arrives(images(2));
      await life.settles(step);
      await life.arrives(others);
      await life.settles();
      await life.arrives(images(2));
      await life.settles();

      expect(life.sets().at(-1)).toMatchObject({ state: 'delivered', sequence: 3 });
      expect(life.resultUids()).toHaveLength(EACH);
      expect(await life.states()).toEqual(['delivered', 'not-applicable']);
    },
  );

  it('give way to results again once they are as they were', async () => {
    const life = createLife();
    for (const files of [images(2), others, images(2)]) {
      await life.arrives(files);
      await life.settles();
    }

    expect(life.sets().at(-1)).toMatchObject({ state: 'delivered', sequence: 3 });
    expect(life.resultUids()).toHaveLength(3 * EACH);
    expect(life.pacs.deletedUids).toEqual(life.resultUids().slice(0, 2 * EACH));
  });
});

describe('a corrected patient', () => {
  it.each(['before the upload is routed', 'during the run', 'before the delivery'] as const)(
    '%s: nothing is stored under the wrong one',
    async (when) => {
      const life = createLife();
      await life.arrives(images(2));
      const until = { 'before the upload is routed': undefined, 'during the run': 'infer-tiny-live' } as const;
      if (when === 'during the run') await life.settles(until[when]);
      if (when === 'before the delivery') await life.settles('convert-live');
      life.pacs.add(...images(2, RIGHT));
      await life.settles();

      expect(life.patients()).toEqual(['RIGHT-1']);
      expect(life.pacs.storedUids).toHaveLength(EACH);
      expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
      expect(await life.states()).toEqual(['delivered']);
    },
  );

  it('that the next upload tells, too, gives no further set', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    life.pacs.add(...images(2, RIGHT));
    await life.settles();
    await life.arrives(images(2, RIGHT));
    await life.settles();

    expect(life.sets()).toMatchObject([{ state: 'superseded' }, { state: 'delivered', sequence: 2 }]);
    expect(life.pacs.storedUids).toHaveLength(EACH);
  });
});

describe('a corrected patient, once storing has begun', () => {
  /** The patient is corrected while the PACS stores: the read-back still finds the objects. */
  const correctedMeanwhile = () => {
    let times = 0;
    const life = createLife({}, (pacs) => ({
      ...pacs,
      async store(objects, options) {
        times += 1;
        const outcomes = await pacs.store(objects, options);
        if (times === 1) life.pacs.add(...images(2, RIGHT));
        return outcomes;
      },
    }));
    return life;
  };

  it.each(['between storing and reading back', 'after the delivery'])(
    '%s: the wrong ones are deleted',
    async (when) => {
      const life = when === 'after the delivery' ? createLife() : correctedMeanwhile();
      await life.arrives(images(2));
      await life.settles();
      if (when === 'after the delivery') {
        await life.arrives(images(2, RIGHT));
        await life.settles();
      }

      const [wrong, right] = life.sets();
      expect(life.sets()).toMatchObject([
        { state: 'superseded', noted: true },
        { state: 'delivered', replaces: [wrong?.setId] },
      ]);
      expect(life.patients()).toEqual(['RIGHT-1']);
      expect(new Set(life.resultUids()).size).toBe(2 * EACH);
      expect(life.pacs.deletedUids).toEqual(life.pacs.storedUids.slice(0, EACH));
      expect(await life.states()).toEqual(['delivered']);
      expect(await life.receipts()).toContainEqual(
        expect.objectContaining({ setId: right?.setId, replaced: { deleted: EACH, remaining: 0 } }),
      );
    },
  );

  it('leaves the wrong ones, named by the right ones, if the PACS cannot delete', async () => {
    const life = createLife({}, (pacs) => ({ ...pacs, deleteInstance: async () => 'unsupported' }));
    await life.arrives(images(2));
    await life.settles();
    await life.arrives(images(2, RIGHT));
    await life.settles();

    expect(life.patients()).toEqual(['PHANTOM-1', 'RIGHT-1']);
    const [wrong, right] = [life.resultUids()[0], life.resultUids()[EACH]];
    expect(life.notes()).toEqual(['113038 PHANTOM-1']);
    const { dataset } = readDicom(life.pacs.held.get(right ?? '') ?? new Uint8Array());
    const named = dataset
      .items('PredecessorDocumentsSequence')
      .flatMap((study) => study.items('ReferencedSeriesSequence'))
      .flatMap((series) => series.items('ReferencedSOPSequence'));
    expect(named.map((item) => item.text('ReferencedSOPInstanceUID'))).toEqual([wrong]);
    expect(await life.receipts()).toContainEqual(
      expect.objectContaining({ replaced: { deleted: 0, remaining: EACH } }),
    );
  });

  it('leaves the older ones with a note of their own where the PACS has corrected them with the images', async () => {
    const life = createLife({ deletesReplaced: false });
    await life.arrives(images(2));
    await life.settles();
    for (const uid of life.pacs.storedUids) {
      const moved = Buffer.from(life.pacs.held.get(uid) ?? []).toString('latin1');
      life.pacs.held.set(uid, Buffer.from(moved.replaceAll('PHANTOM-1', 'RIGHT-1  '), 'latin1'));
    }
    await life.arrives(images(2, RIGHT));
    await life.settles();

    expect(life.patients()).toEqual(['RIGHT-1', 'RIGHT-1']);
    expect(life.notes()).toEqual(['113001 RIGHT-1']);
  });

  it('deletes nothing under the setting, and nothing that is not ours', async () => {
    const kept = createLife({ deletesReplaced: false });
    const taken = createLife();
    for (const life of [kept, taken]) {
      await life.arrives(images(2));
      await life.settles();
    }
    // Somebody else's objects have the UIDs of ours.
    for (const uid of taken.pacs.storedUids) taken.pacs.held.set(uid, images(1)[0] ?? new Uint8Array());
    for (const life of [kept, taken]) {
      await life.arrives(images(2, RIGHT));
      await life.settles();
      expect(life.pacs.deletedUids).toEqual([]);
      expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
    }
  });

  it('and corrected back: the third set is the only one', async () => {
    const life = createLife();
    for (const patient of [undefined, RIGHT, undefined]) {
      await life.arrives(images(2, patient));
      await life.settles();
    }

    expect(life.patients()).toEqual(['PHANTOM-1']);
    expect(new Set(life.resultUids()).size).toBe(3 * EACH);
    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'superseded', 'delivered']);
  });
});

describe('other images', () => {
  it.each([
    ['a late half', images(4)],
    ['overwritten pixels', images(2, undefined, 7)],
    ['a deleted slice', images(1)],
  ])('%s: the older results are gone, and the run says so', async (_, later) => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();
    await life.arrives(later);
    await life.settles();

    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'delivered']);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
    expect(life.pacs.deletedUids).toEqual(life.resultUids().slice(0, EACH));
    expect(life.patients()).toHaveLength(1);
    expect(life.notes()).toEqual(['113001 PHANTOM-1']);
  });

  it('three pauses leave one set', async () => {
    const life = createLife();
    for (const count of [1, 2, 3, 4]) {
      await life.arrives(images(count));
      await life.settles();
    }

    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'superseded', 'superseded', 'delivered']);
    expect(life.patients()).toHaveLength(1);
    // Each set has Series Numbers of its own, and each note those of what it rejects.
    const held = [...life.pacs.held.values()].map((bytes) => readDicom(bytes).dataset.text('SeriesNumber'));
    expect(held.filter((number) => Number(number) > 9000).sort()).toEqual([
      '10010',
      '10110',
      '10210',
      '10306',
      '10307',
      '10308',
    ]);
  });

  it('and back: the results of the first are there again, as new objects', async () => {
    const life = createLife();
    for (const count of [2, 3, 2]) {
      await life.arrives(images(count));
      await life.settles();
    }

    expect(life.sets().map(({ state }) => state)).toEqual(['superseded', 'superseded', 'delivered']);
    expect(new Set(life.resultUids()).size).toBe(3 * EACH);
    expect(await life.states()).toEqual(['delivered', 'superseded']);
  });
});

it('a delivery that was interrupted stores the same objects', async () => {
  let times = 0;
  const life = createLife({}, (pacs) => ({
    ...pacs,
    async store(objects, options) {
      const outcomes = await pacs.store(objects, options);
      times += 1;
      if (times === 1) throw new Error('killed');
      return outcomes;
    },
  }));
  await life.arrives(images(2));
  await life.settles();
  life.pipeline.clock.advance(3_600_000);
  await life.settles();

  expect(life.pacs.storedUids).toHaveLength(EACH);
  expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
});
