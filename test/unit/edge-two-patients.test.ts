/** Two patients under one Study Instance UID, which Orthanc keeps as two studies: the edge forwards each by itself. */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { readDicom } from '#dicom/read.ts';
import { Journal } from '#edge/journal.ts';
import { MIGRATIONS } from '#edge/journal-schema.ts';
import { readIdentity } from '#pipeline/identities.ts';
import { type Manifest, parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';
import { tmpFile } from '../fixtures/tmp-file.ts';

const FIRST = ctSeries({ slices: 4 });
const { StudyInstanceUID: STUDY } = indexInstance(FIRST[0] ?? new Uint8Array());
const SECOND = { PatientID: 'SECOND', PatientName: 'Phantom^Two' };
const SECONDS = [
  ['other images', ctSeries({ seed: 2, slices: 5, attributes: { ...SECOND, StudyInstanceUID: STUDY } })],
  ['the same images', ctSeries({ slices: 4, attributes: SECOND })],
] as const;

const manifestsIn = ({ bucket }: EdgeUnderTest): readonly Manifest[] =>
  [...bucket.contents]
    .filter(([key]) => key.endsWith('/manifest.json'))
    .map(([, bytes]) => parseManifest(bytes))
    .toSorted((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));

const patientOf = async ({ bucket }: EdgeUnderTest, { identity = '' }: Manifest) =>
  readDicom(await readIdentity(bucket, identity)).dataset.text('PatientID');

/** The patients of the files that a manifest names. */
const patientsIn = ({ bucket }: EdgeUnderTest, { instances }: Manifest) =>
  new Set(
    instances.map(({ chunk, offset, length }) => {
      const bytes = bucket.contents.get(`chunks/${chunk}`) ?? new Uint8Array();
      return readDicom(bytes.subarray(offset, offset + length)).dataset.text('PatientID');
    }),
  );

describe.each(SECONDS)('a second patient with %s', (_, files) => {
  it('gets a manifest, and so does the first, each with files of their own', async () => {
    const edge = await edgeOf();
    await edge.arrive(FIRST);
    await edge.arrive(files);
    const outcomes = await edge.forwarder.runOnce();

    expect(outcomes).toMatchObject([{ state: 'uploaded' }, { state: 'uploaded' }]);
    const manifests = manifestsIn(edge);
    expect(manifests.map(({ sequence, instances }) => [sequence, instances.length])).toEqual([
      [1, FIRST.length],
      [2, files.length],
    ]);
    expect(await Promise.all(manifests.map((one) => patientOf(edge, one)))).toEqual(['PHANTOM', 'SECOND']);
    expect(manifests.map((one) => [...patientsIn(edge, one)])).toEqual([['PHANTOM'], ['SECOND']]);
    const [first, second] = manifests;
    expect([first?.others, second?.others]).toEqual([[second?.patient], [first?.patient]]);
    expect(JSON.stringify(manifests)).not.toMatch(/SECOND|PHANTOM/);
  });

  it('that comes later leaves the first as they are', async () => {
    const edge = await edgeOf();
    await edge.arrive(FIRST);
    await edge.forwarder.runOnce();
    const [alone] = manifestsIn(edge);
    await edge.arrive(files);
    expect(await edge.forwarder.runOnce()).toHaveLength(1);

    const [first, second] = manifestsIn(edge);
    expect(first).toEqual(alone);
    expect(first?.others).toBeUndefined();
    expect(second?.others).toEqual([first?.patient]);
    expect(edge.journal.of(STUDY).map(({ state }) => state)).toEqual(['uploaded', 'uploaded']);
    // Nothing is read twice.
    const before = edge.pacs.requests.length;
    expect(await edge.restarted().runOnce()).toEqual([]);
    expect(edge.pacs.requests.slice(before).filter((one) => /\/file$|\/series\//.test(one))).toEqual([]);
  });

  it('is sent again with the first when a person asks for the UID, also if the journal is new', async () => {
    const edge = await edgeOf({ start: 'now' });
    await edge.arrive(FIRST);
    await edge.arrive(files);
    await edge.forwarder.runOnce();
    expect(manifestsIn(edge)).toEqual([]);
    edge.journal.again.resend([STUDY], Date.now());
    await edge.forwarder.runOnce();
    await edge.forwarder.runOnce();

    expect(manifestsIn(edge)).toHaveLength(2);
  });
});

it('a study that has only our results is nobody else', async () => {
  const edge = await edgeOf();
  await edge.arrive(FIRST);
  await edge.arrive(
    ctSeries({ seed: 9, slices: 1, attributes: { ...SECOND, StudyInstanceUID: STUDY, Manufacturer: 'Hilum' } }),
  );
  const outcomes = await edge.forwarder.runOnce();

  expect(outcomes.map(({ state }) => state)).toEqual(['uploaded', 'skipped']);
  const [manifest] = manifestsIn(edge);
  expect(manifest?.others).toBeUndefined();
  expect(manifest?.instances).toHaveLength(FIRST.length);
});

it('a patient who comes while the first is read is no reason to refuse a series', async () => {
  const edge = await edgeOf();
  await edge.arrive(FIRST);
  let times = 0;
  const archive = {
    ...edge.archive,
    retrieveSeries: (...asked: Parameters<typeof edge.archive.retrieveSeries>) => {
      times += 1;
      if (times === 1) for (const file of SECONDS[1][1]) edge.pacs.archive.add(file);
      return edge.archive.retrieveSeries(...asked);
    },
  };
  await edge.restarted({ archive }).runOnce();
  expect(edge.journal.study(STUDY)).toMatchObject({ state: 'seen', refusedSeries: [] });
});

describe('a journal', () => {
  it('of the version before is brought up to date, and a study that was left out for two patients is tried again', () => {
    const file = tmpFile('journal.sqlite');
    const database = new DatabaseSync(file);
    for (const statements of MIGRATIONS.slice(0, -1)) database.exec(statements);
    database.exec(`
      PRAGMA user_version = ${MIGRATIONS.length - 1};
      INSERT INTO studies (StudyInstanceUID, orthancId, state, seenAt, settledAt, revision, sequence)
        VALUES ('2.25.1', 'a', 'uploaded', 1, 1, '${'f'.repeat(64)}', 3);
      INSERT INTO studies (StudyInstanceUID, orthancId, state, seenAt, settledAt, code, message)
        VALUES ('2.25.2', 'b', 'skipped', 1, 1, 'ambiguous-study', 'Two patients.');
      INSERT INTO series VALUES ('2.25.1', '2.25.9', 't', 4, 'w', NULL, NULL);
    `);
    database.close();

    const journal = new Journal(file);

    expect(journal.study('2.25.1')).toMatchObject({ key: '2.25.1', StudyInstanceUID: '2.25.1', sequence: 3 });
    expect(journal.series('2.25.1', '2.25.9')).toMatchObject({ listed: 4 });
    expect(journal.study('2.25.2')).toMatchObject({ state: 'seen' });
    const keys = journal.notice(
      ['a', 'other'].map((orthancId) => ({ StudyInstanceUID: '2.25.1', orthancId })),
      5,
    );
    expect(keys).toEqual(['2.25.1', '2.25.1/other']);
    journal.settle('2.25.1/other', { state: 'uploaded', revision: 'r', sequence: 4 }, 6);
    expect(journal.of('2.25.1').map(({ state, sequence }) => [state, sequence])).toEqual([
      ['seen', 3],
      ['uploaded', 4],
    ]);
    journal.close();
  });

  it('takes a corrected patient for the same study once the older one is gone', () => {
    const journal = new Journal(tmpFile('journal.sqlite'));
    journal.notice([{ StudyInstanceUID: '2.25.1', orthancId: 'a' }], 1);

    expect(journal.notice([{ StudyInstanceUID: '2.25.1', orthancId: 'c', gone: ['a'] }], 3)).toEqual(['2.25.1']);
    expect(journal.of('2.25.1')).toMatchObject([{ orthancId: 'c' }]);
    journal.close();
  });
});
