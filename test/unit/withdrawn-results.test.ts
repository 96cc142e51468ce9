/** Results are never stored beside images that are gone, and come back with them; a PACS that will not tell is named. */
import { describe, expect, it } from 'vitest';
import { ArchiveRequestError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { DeliveryArchive } from '#pipeline/deliver.ts';
import { deliverAgain } from '#pipeline/deliver-again.ts';
import { identityKey } from '#pipeline/keys.ts';
import { createLife, IMAGES, images, RIGHT, saying } from '../fixtures/results-life.ts';
import { oneLesion } from '../fixtures/tiny-radiograph.ts';

const refused = () => Promise.reject(new ArchiveRequestError('The archive refuses the request (HTTP 400)'));
const noQido = (pacs: DeliveryArchive): DeliveryArchive => ({
  ...pacs,
  async *listInstances() {
    yield await refused();
  },
});

describe('a study that is deleted', () => {
  it('during the run gets nothing stored, and its results when its images are back', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    life.deleted();
    await life.settles();

    expect(life.pacs.storedUids).toEqual([]);
    expect(life.sets()).toMatchObject([{ state: 'withdrawn' }]);
    expect(await life.states()).toEqual(['withdrawn']);

    await life.arrives(images(2));
    await life.settles();
    expect(life.sets()).toMatchObject([{ state: 'delivered' }]);
    expect(await life.states()).toEqual(['delivered']);
    expect(life.patients()).toEqual(['PHANTOM-1']);
  });

  it('after the delivery has its results again when it is imported again', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();
    const uids = [...life.pacs.storedUids];
    life.deleted();
    await life.arrives(images(2), { back: true });
    await life.settles();

    expect(life.pacs.storedUids).toEqual([...uids, ...uids]);
    expect(life.patients()).toEqual(['PHANTOM-1']);
    expect(life.sets()).toMatchObject([{ state: 'delivered', sequence: 2 }]);
  });

  it('gets no results back that a person removed, with a late dose report', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();
    const uids = [...life.pacs.storedUids];
    life.pacs.held.delete(uids[0] ?? '');
    await life.arrives(images(2));
    await life.settles();

    expect(life.pacs.storedUids).toEqual(uids);
    expect(life.sets()).toMatchObject([{ state: 'delivered', sequence: 2 }]);
  });

  it('while its results are being stored is not brought back by them', async () => {
    const life = createLife({}, (pacs) => ({
      ...pacs,
      async store(objects, options) {
        life.deleted();
        return await pacs.store(objects, options);
      },
    }));
    await life.arrives(images(2));
    await life.settles();

    expect([...life.pacs.held.keys()]).toEqual([]);
    expect(life.sets()).toMatchObject([{ state: 'withdrawn' }]);
    expect(await life.receipts()).toEqual([]);
  });

  it('while its results are being stored is told of where the PACS deletes nothing', async () => {
    const life = createLife({}, (pacs) => ({
      ...pacs,
      deleteInstance: async () => 'unsupported',
      async store(objects, options) {
        life.deleted();
        return await pacs.store(objects, options);
      },
    }));
    await life.arrives(images(2));
    await life.settles();

    expect(life.sets()).toMatchObject([{ state: 'withdrawn' }]);
    const told = life.pipeline.logged.filter((line) => line.includes('"results-left-without-images"'));
    expect(told).toEqual([expect.stringContaining(`"objects":${life.pacs.storedUids.length}`)]);
  });

  it('but for its results keeps them, also if a person wants them stored again', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();
    const [run] = await life.runs();
    for (const file of images(2)) life.pacs.held.delete(indexInstance(file).SOPInstanceUID);

    if (run) await deliverAgain(life.pipeline, run);
    await life.settles();

    expect([...life.pacs.held.keys()]).toEqual(life.resultUids());
    expect(life.sets()).toMatchObject([{ state: 'withdrawn' }]);
  });

  it('is not taken for gone because the PACS has no search', async () => {
    const life = createLife({}, noQido);
    await life.arrives(images(2));
    await life.settles();

    expect(await life.states()).toEqual(['delivered']);
    expect(await life.receipts()).toMatchObject([{ untold: ['instances'] }]);
  });

  it('is found to be gone without a search, too', async () => {
    const life = createLife({}, noQido);
    await life.arrives(images(2));
    await life.settles('convert-live');
    life.deleted();
    await life.settles();

    expect(await life.states()).toEqual(['withdrawn']);
  });
});

describe('a bucket', () => {
  it('that has lost the identity gets it from the PACS', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    for (const key of life.pipeline.objects.contents.keys())
      if (key.startsWith('identities/')) life.pipeline.objects.contents.delete(key);
    await life.settles();

    expect(await life.states()).toEqual(['delivered']);
    expect(life.pacs.storedUids).toEqual((await life.runs())[0]?.objects);
  });

  it('that has lost a corrected identity before the conversion gets it from the PACS', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    life.pacs.add(...images(2, RIGHT));
    await life.work('return-live');
    const { contents } = life.pipeline.objects;
    const { identity } = JSON.parse(life.pipeline.queueNamed('convert-live').sent.at(-1) ?? '');
    expect(contents.delete(identityKey(identity))).toBe(true);
    await life.settles();

    expect(await life.states()).toEqual(['delivered']);
    expect(life.patients()).toEqual(['RIGHT-1']);
  });

  it.each(['objects.json', 'result.json'])('that has lost %s and one object, too, keeps the others', async (part) => {
    const life = createLife({}, undefined, saying(oneLesion(IMAGES[0])));
    await life.arrives(images(2));
    await life.settles('convert-live');
    const { contents } = life.pipeline.objects;
    const isObject = (key: string) => key.includes('/objects/');
    const before = new Map([...contents].filter(([key]) => isObject(key)));
    const [lost = ''] = before.keys();
    for (const key of contents.keys()) if (key === lost || key.endsWith(`/${part}`)) contents.delete(key);
    life.pipeline.clock.advance(60_000);
    await life.settles();

    expect(await life.states()).toEqual(['delivered']);
    const after = new Map([...contents].filter(([key]) => isObject(key)));
    expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
    for (const [key, bytes] of before) if (key !== lost) expect(after.get(key)).toEqual(bytes);
  });
});

describe('a bucket and a table', () => {
  it('that are lost after the delivery make the same objects at another moment, which the PACS has', async () => {
    const life = createLife({}, undefined, saying(oneLesion(IMAGES[0])));
    await life.arrives(images(2));
    await life.settles();
    const before = new Map(life.pacs.held);
    life.pipeline.objects.contents.clear();
    life.pipeline.sets.items.clear();
    life.pipeline.runs.records.clear();
    life.pipeline.clock.advance(86_400_000);
    await life.arrives(images(2));
    await life.settles();

    expect(await life.states()).toEqual(['delivered']);
    expect(life.pacs.storedUids).toHaveLength(4);
    expect(life.pacs.held).toEqual(before);
    const [receipt] = (await life.receipts()) as readonly { readonly coerced?: Record<string, readonly string[]> }[];
    const named = life.pacs.storedUids.map((uid) => receipt?.coerced?.[uid]?.toSorted());
    const moments = ['Content', 'InstanceCreation', 'Series'].flatMap((of) => [`${of}Date`, `${of}Time`]);
    expect(named).toEqual(life.pacs.storedUids.map(() => moments));
  });
});

describe('a PACS', () => {
  it.each([
    ['does not send headers', refused],
    ['sends headers that nobody can read', () => Promise.reject(new DicomReadError('malformed', 'It is broken.'))],
  ])('that %s is named in the receipt', async (_, retrieveHeader) => {
    const life = createLife({}, (pacs) => ({ ...pacs, retrieveHeader }));
    await life.arrives(images(2));
    await life.settles();

    expect(await life.receipts()).toMatchObject([{ untold: ['identity'] }]);
  });

  it('that puts results into another study has not delivered them', async () => {
    const life = createLife({}, (pacs) => ({
      ...pacs,
      async *listInstances(study, options) {
        for await (const one of pacs.listInstances(study, options))
          if (!life.pacs.storedUids.includes(one.SOPInstanceUID)) yield one;
      },
    }));
    await life.arrives(images(2));
    await life.settles('convert-live');
    await life.work('return-live');

    expect(await life.runs()).toMatchObject([
      { state: 'converted', reason: { message: expect.stringMatching(/does not list them in the study/) } },
    ]);
    expect(await life.receipts()).toEqual([]);
  });

  it('that lists images and does not send them is asked again', async () => {
    const life = createLife({}, (pacs) => ({ ...pacs, retrieveHeader: async () => undefined }));
    await life.arrives(images(2));
    await life.settles('convert-live');
    await life.work('return-live');

    expect(await life.runs()).toMatchObject([{ state: 'converted', reason: { code: 'archive-unavailable' } }]);
    expect(life.pacs.storedUids).toEqual([]);
  });
});
