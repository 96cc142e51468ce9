/** What a manifest says of the study besides its instances: whose it is, and which of its manifests it is. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isSameIdentity } from '#core/results/identity-object.ts';
import { readDicom } from '#dicom/read.ts';
import type { StudyOutcome } from '#edge/forward-study.ts';
import { openIdentityKey } from '#edge/identity-key.ts';
import { readIdentity } from '#pipeline/identities.ts';
import { type Manifest, parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';

const longer = ctSeries({ slices: 5 });
const first = longer.slice(0, 4);
const corrected = ctSeries({ slices: 5, attributes: { PatientID: 'RIGHT-1', PatientName: 'Phantom^Right' } });
const STUDY = readDicom(first[0] ?? new Uint8Array()).dataset.text('StudyInstanceUID') ?? '';

async function manifestOf({ bucket }: EdgeUnderTest, outcome: StudyOutcome | undefined): Promise<Manifest> {
  if (outcome?.state !== 'uploaded') throw new Error(`not uploaded: ${JSON.stringify(outcome)}`);
  return parseManifest((await bucket.get(outcome.manifestKey)) ?? new Uint8Array());
}

async function arrived(edge: EdgeUnderTest, files: readonly Uint8Array[]): Promise<Manifest> {
  edge.pacs.archive.instances.clear();
  // All of it happens within the second that Orthanc's times tell apart.
  edge.journal.again.forget(STUDY);
  await edge.arrive(files);
  return await manifestOf(edge, await edge.forwarder.forwardStudy(STUDY));
}

it('names the identity that the archive has, without saying it', async () => {
  const edge = await edgeOf();

  const manifest = await arrived(edge, first);
  const { dataset } = readDicom(await readIdentity(edge.bucket, manifest.identity ?? ''));

  expect(dataset.text('PatientID')).toBe(readDicom(first[0] ?? new Uint8Array()).dataset.text('PatientID'));
  expect(dataset.text('StudyInstanceUID')).toBe(STUDY);
  expect(dataset.text('Modality')).toBeUndefined();
  expect(JSON.stringify(manifest)).not.toContain(dataset.text('PatientID'));
});

it('names another identity once the patient is corrected, and the same one under another key', async () => {
  const edge = await edgeOf();
  const other = await edgeOf({ identityKey: new Uint8Array(32).fill(1) });
  const before = await arrived(edge, first);
  const after = await arrived(edge, corrected);
  const elsewhere = await arrived(other, corrected);

  const identity = (of: EdgeUnderTest, { identity = '' }: Manifest) => readIdentity(of.bucket, identity);
  expect(isSameIdentity(await identity(edge, before), await identity(edge, after))).toBe(false);
  expect(elsewhere.identity).not.toBe(after.identity);
  expect(isSameIdentity(await identity(other, elsewhere), await identity(edge, after))).toBe(true);
});

it('counts manifests, also those of a study that goes back to what it was', async () => {
  const edge = await edgeOf();

  const sequences = [];
  for (const files of [first, longer, first, first]) sequences.push((await arrived(edge, files)).sequence);

  expect(sequences).toEqual([1, 2, 3, 3]);
  expect(edge.journal.study(STUDY)?.sequence).toBe(3);
});

it('says that a study is back which had been deleted in Orthanc, once', async () => {
  const edge = await edgeOf();
  const before = await arrived(edge, first);
  const { orthancId } = edge.journal.study(STUDY) ?? { orthancId: '' };
  edge.journal.again.made([{ id: orthancId, date: '99990101T000000' }], 5);

  const after = await arrived(edge, first);

  expect(before).not.toHaveProperty('back');
  expect(after).toEqual({ ...before, sequence: 2, back: true });
  expect(edge.journal.study(STUDY)).toMatchObject({ sequence: 2, goneAt: 0 });
  expect(await arrived(edge, first)).toEqual(after);
});

it('goes on counting from the bucket if the journal is lost', async () => {
  const edge = await edgeOf();
  await arrived(edge, first);
  await arrived(edge, longer);
  edge.journal.again.forget(STUDY);
  const lost = await edgeOf();
  for (const [key, bytes] of edge.bucket.contents) await lost.bucket.put(key, bytes);

  expect((await arrived(lost, corrected)).sequence).toBe(3);
});

it('tries again if the study is deleted before its identity is read', async () => {
  const edge = await edgeOf();
  await edge.arrive(first);
  const archive = { ...edge.archive, retrieveHeader: async () => undefined };

  await edge.restarted({ archive }).runOnce();

  expect(edge.journal.study(STUDY)).toMatchObject({ state: 'seen', reason: { code: 'archive-unavailable' } });
  expect([...edge.bucket.contents.keys()].filter((key) => key.endsWith('manifest.json'))).toEqual([]);
});

it('keeps its key in its folder, and refuses what is no key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));

  const key = openIdentityKey(folder);

  expect(key).toHaveLength(32);
  expect(openIdentityKey(folder)).toEqual(key);
  expect(statSync(join(folder, 'identity.key')).mode % 0o1000).toBe(0o600);
  expect(readFileSync(join(folder, 'identity.key'), 'utf8')).toBe(`${Buffer.from(key).toString('hex')}\n`);
  writeFileSync(join(folder, 'identity.key'), 'secret');
  expect(() => openIdentityKey(folder)).toThrow(/does not hold a key\. Remove it/);
});
