/** Two patients under one Study Instance UID: each has results of their own, and nothing is ever under the other. */
import { describe, expect, it } from 'vitest';
import { readDicom } from '#dicom/read.ts';
import type { Manifest } from '#pipeline/manifest.ts';
import { createMemoryPacs, type MemoryPacs } from '../fixtures/memory-archive.ts';
import { createLife, images, RIGHT } from '../fixtures/results-life.ts';
import { archiveOfBoth } from '../fixtures/two-patients.ts';

const [FIRST, SECOND] = ['a'.repeat(64), 'b'.repeat(64)] as const;
const firstBeside: Partial<Manifest> = { patient: FIRST, others: [SECOND] };
const secondBeside: Partial<Manifest> = { patient: SECOND, others: [FIRST] };
/** Images of their own, and the first patient's under the same UIDs. */
const OTHERS = [
  ['other images', images(2, RIGHT, 7)],
  ['the same images', images(2, RIGHT)],
] as const;

function createBoth(namesPatients = true) {
  const second = createMemoryPacs();
  const life = createLife({}, (first) => archiveOfBoth({ 'PHANTOM-1': first, 'RIGHT-1': second }, namesPatients));
  return { life, second };
}

/** Our results in a PACS, by their Structured Reports, of which each set has one: whose they say that they are, and their UIDs. */
const resultsIn = ({ held, storedUids }: MemoryPacs) =>
  storedUids
    .flatMap((uid) => held.get(uid) ?? [])
    .map((bytes) => readDicom(bytes).dataset)
    .filter((dataset) => dataset.text('Modality') === 'SR')
    .map((dataset) => [dataset.text('PatientID'), dataset.text('SOPInstanceUID')] as const);
const patientsIn = (pacs: MemoryPacs) => resultsIn(pacs).map(([patient]) => patient);

describe.each(OTHERS)('a second patient with %s', (_, files) => {
  it('has results, and the first keeps theirs', async () => {
    const { life, second } = createBoth();
    await life.arrives(images(2), { patient: FIRST });
    await life.settles();
    await life.arrives(files, secondBeside, second);
    await life.settles();

    expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
    expect(patientsIn(second)).toEqual(['RIGHT-1']);
    expect(life.sets()).toMatchObject([
      { state: 'delivered', replaces: [] },
      { state: 'delivered', replaces: [] },
    ]);
    expect(resultsIn(life.pacs)[0]?.[1]).not.toBe(resultsIn(second)[0]?.[1]);
  });

  it('that comes at once has results, whichever is delivered first', async () => {
    for (const order of [0, 1]) {
      const { life, second } = createBoth();
      const arrivals = [() => life.arrives(images(2), firstBeside), () => life.arrives(files, secondBeside, second)];
      await arrivals[order]?.();
      await arrivals[1 - order]?.();
      await life.settles();

      expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
      expect(patientsIn(second)).toEqual(['RIGHT-1']);
      expect(life.sets().map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    }
  });

  it('that comes during the run of the first hinders it not', async () => {
    const { life, second } = createBoth();
    await life.arrives(images(2), { patient: FIRST });
    await life.settles('infer-tiny-live');
    await life.arrives(files, secondBeside, second);
    await life.settles();

    expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
    expect(patientsIn(second)).toEqual(['RIGHT-1']);
  });

  it('and late slices of the first: only the first has newer results', async () => {
    const { life, second } = createBoth();
    await life.arrives(images(2), firstBeside);
    await life.arrives(files, secondBeside, second);
    await life.settles();
    const before = resultsIn(second);
    await life.arrives(images(4), firstBeside);
    await life.settles();

    expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
    expect(resultsIn(second)).toEqual(before);
    expect(life.sets().map(({ state }) => state)).toEqual(['delivered', 'superseded', 'delivered']);
    expect(life.notes()).toEqual(['113001 PHANTOM-1']);
  });

  it('whose study is deleted during the run gets nothing, and the first does', async () => {
    const { life, second } = createBoth();
    await life.arrives(images(2), firstBeside);
    await life.arrives(files, secondBeside, second);
    second.held.clear();
    await life.settles();

    expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
    expect(second.storedUids).toEqual([]);
    expect(
      life
        .sets()
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['delivered', 'withdrawn']);
  });

  it('who is merged into the first leaves one current set, and none of the wrong patient', async () => {
    const { life, second } = createBoth();
    await life.arrives(images(2), firstBeside);
    await life.arrives(files, secondBeside, second);
    await life.settles();
    for (const uid of ['2.25.1003', '2.25.1004']) second.held.delete(uid);
    await life.arrives(images(4), { patient: FIRST });
    await life.settles();

    expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
    expect(patientsIn(second)).toEqual([]);
    expect(life.sets().filter(({ state }) => state === 'delivered')).toHaveLength(1);
  });
});

it('a first patient who is gone when results come leaves the results of the same images to the other', async () => {
  const { life, second } = createBoth();
  await life.arrives(images(2), { patient: FIRST });
  await life.settles('convert-live');
  await life.arrives(images(2, RIGHT), secondBeside, second);
  life.pacs.held.clear();
  await life.settles();

  expect(life.pacs.storedUids).toEqual([]);
  expect(patientsIn(second)).toEqual(['RIGHT-1']);
  expect(life.sets().map(({ state }) => state)).toEqual(['withdrawn', 'delivered']);
});

it('a patient who is corrected beside another takes their results along, and not the other ones', async () => {
  const { life, second } = createBoth();
  await life.arrives(images(2, undefined, 9), firstBeside);
  await life.arrives(images(2, RIGHT, 7), secondBeside, second);
  await life.settles();
  const before = resultsIn(second);
  const named = { PatientName: 'Phantom^New', PatientID: 'PHANTOM-1' };
  await life.arrives(images(2, named, 9), { patient: 'c'.repeat(64), others: [SECOND] });
  await life.settles();

  expect(resultsIn(second)).toEqual(before);
  expect(life.sets().map(({ state }) => state)).toEqual(['delivered', 'superseded', 'delivered']);
  expect(patientsIn(life.pacs)).toEqual(['PHANTOM-1']);
});

it('the same images: a PACS that can name neither patient says so, and nothing is stored', async () => {
  const { life, second } = createBoth(false);
  await life.arrives(images(2), firstBeside);
  await life.arrives(images(2, RIGHT), secondBeside, second);
  await life.settles('convert-live');
  await life.work('return-live');

  expect([...life.pacs.storedUids, ...second.storedUids]).toEqual([]);
  expect((await life.runs()).map(({ reason }) => reason?.message)).toEqual([
    expect.stringContaining('for several patients'),
  ]);
});
