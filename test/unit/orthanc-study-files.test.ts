/** Files of one of two studies that have the same UIDs, by Orthanc's own identifiers. */
import { expect, it, onTestFinished } from 'vitest';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { ArchiveUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { ctSeries } from '../fixtures/edge.ts';

const FIRST = ctSeries({ slices: 3 });
const SECOND = ctSeries({ slices: 3, attributes: { PatientID: 'SECOND' } });
const uids = indexInstance(SECOND[0] ?? new Uint8Array());

async function secondStudy() {
  const pacs = await startDicomWebStore();
  onTestFinished(() => pacs.close());
  for (const file of [...FIRST, ...SECOND]) pacs.archive.add(file);
  const { url, username, password } = pacs;
  const orthanc = createOrthancClient({ url, username, password, timeoutMs: 2_000 });
  const found = await orthanc.findStudies(uids.StudyInstanceUID);
  const { id = '' } = found.find(({ PatientID }) => PatientID === 'SECOND') ?? {};
  return { pacs, files: orthanc.filesOf(id) };
}

it('are those of its patient, each as it is stored', async () => {
  const { files } = await secondStudy();

  const read = await Array.fromAsync(files.retrieveSeries(uids));
  const header = await files.retrieveHeader(uids);

  expect(read.map((bytes) => Buffer.from(bytes))).toEqual(SECOND.map((bytes) => Buffer.from(bytes)));
  expect(header?.dataset.text('PatientID')).toBe('SECOND');
  expect(await files.retrieveHeader({ ...uids, SOPInstanceUID: '2.25.1' })).toBeUndefined();
  expect(await Array.fromAsync(files.retrieveSeries({ ...uids, SeriesInstanceUID: '2.25.1' }))).toEqual([]);
});

it('go to whoever keeps them if they are large, whole', async () => {
  const { files } = await secondStudy();
  const kept: Uint8Array[] = [];
  const keep = async (file: AsyncIterable<Uint8Array>) => void kept.push(Buffer.concat(await Array.fromAsync(file)));

  expect(await Array.fromAsync(files.retrieveSeries(uids, { large: { over: 100, keep } }))).toEqual([]);
  expect(kept).toEqual(SECOND.map((bytes) => Buffer.from(bytes)));
});

it('end with the deadline and with the signal, and when Orthanc goes', async () => {
  const { pacs, files } = await secondStudy();
  const read = (options: object) => Array.fromAsync(files.retrieveSeries(uids, options));

  await expect(read({ deadlineMs: Date.now() - 1 })).rejects.toBeInstanceOf(ArchiveUnavailableError);
  await expect(read({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  pacs.misbehave('unavailable');
  await expect(read({})).rejects.toBeInstanceOf(ArchiveUnavailableError);
});
