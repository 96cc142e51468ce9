import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDicomWebClient, type DicomWebClient } from '#adapters/dicomweb/client.ts';
import { textOf } from '#adapters/dicomweb/dicom-json.ts';
import {
  ArchiveDeniedError,
  ArchiveRequestError,
  ArchiveStoreError,
  ArchiveUnavailableError,
  ConfigurationError,
} from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { ctSeries, largeCtSeries } from '../fixtures/edge.ts';

const files = ctSeries({ slices: 5 });
const objects = files.map((bytes) => ({ SOPInstanceUID: indexInstance(bytes).SOPInstanceUID, bytes }));
const [first] = files.map(indexInstance);
if (first === undefined) throw new Error('The phantom has no slices');

let pacs: DicomWebStore;
let client: DicomWebClient;
beforeAll(async () => {
  pacs = await startDicomWebStore();
  client = clientOf(pacs);
});
afterAll(() => pacs.close());
afterEach(() => pacs.misbehave(undefined));

const clientOf = ({ dicomWebUrl, username, password }: DicomWebStore, changed: object = {}): DicomWebClient =>
  createDicomWebClient({ url: dicomWebUrl, username, password, timeoutMs: 2_000, ...changed });

/** A server that answers every request with the same bytes. */
async function answering(status: number, contentType: string, body: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(status, { 'Content-Type': contentType }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('a DICOMweb archive', () => {
  it('returns stored instances byte for byte, by search, singly and by series', async () => {
    expect(await client.store(objects)).toEqual(
      objects.map(({ SOPInstanceUID }) => ({ SOPInstanceUID, stored: true })),
    );

    const studies = await Array.fromAsync(client.searchStudies({ StudyInstanceUID: first.StudyInstanceUID }));
    const series = await Array.fromAsync(client.searchSeries(first));
    const instances = await Array.fromAsync(client.searchInstances(first));
    expect(studies.map((study) => textOf(study, '0020000D'))).toEqual([first.StudyInstanceUID]);
    expect(series.map((one) => textOf(one, '00080060'))).toEqual(['CT']);
    expect(instances.map((one) => textOf(one, '00080018'))).toEqual(objects.map((object) => object.SOPInstanceUID));
    const retrieved = await Array.fromAsync(client.retrieveSeries(first));
    expect(retrieved.map((bytes) => indexInstance(bytes).sha256)).toEqual(
      files.map((bytes) => indexInstance(bytes).sha256),
    );
    expect(Buffer.from((await client.retrieveInstance(first)) ?? []).equals(files[0] ?? Buffer.of())).toBe(true);
    expect(await Array.fromAsync(client.retrieveStudy(first))).toHaveLength(5);
    expect(await client.retrieveMetadata(first)).toMatchObject([{ '00280010': { Value: [16] } }]);
  });

  it('returns undefined or nothing for what it does not have', async () => {
    const unknown = { ...first, SOPInstanceUID: '1.2.3' };

    expect(await client.retrieveInstance(unknown)).toBeUndefined();
    expect(await client.retrieveMetadata(unknown)).toEqual([]);
    expect(await Array.fromAsync(client.searchStudies({ StudyInstanceUID: '1.2.3' }))).toEqual([]);
    await expect(Array.fromAsync(client.retrieveSeries({ ...first, SeriesInstanceUID: '1.2.3' }))).rejects.toThrow(
      ArchiveRequestError,
    );
    await expect(client.retrieveRendered(first, 'image/png')).rejects.toThrow(ArchiveRequestError);
  });

  it('never lets a UID change the requested path', async () => {
    await expect(client.retrieveInstance({ ...first, SOPInstanceUID: '../../system' })).rejects.toThrow(RangeError);
  });

  it('is queried page by page', async () => {
    const study = '2.25.77';
    const many = ctSeries({ seed: 3, slices: 1_001, attributes: { StudyInstanceUID: study } });
    for (const bytes of many) pacs.archive.add(bytes);
    const [one] = many.map(indexInstance);
    const asked = pacs.requests.length;

    const found = await Array.fromAsync(
      client.searchInstances({ StudyInstanceUID: study, SeriesInstanceUID: one?.SeriesInstanceUID ?? '' }),
    );

    expect(new Set(found.map((item) => textOf(item, '00080018'))).size).toBe(1_001);
    expect(pacs.requests.length - asked).toBe(3);
  });
});

describe('storing', () => {
  it.each([
    ['refuse', objects.map(({ SOPInstanceUID }) => ({ SOPInstanceUID, stored: false, failureReason: 272 }))],
    [
      'partial',
      objects.map(({ SOPInstanceUID }, index) =>
        index % 2 === 1 ? { SOPInstanceUID, stored: false, failureReason: 272 } : { SOPInstanceUID, stored: true },
      ),
    ],
    ['conflict', objects.map(({ SOPInstanceUID }) => ({ SOPInstanceUID, stored: false, failureReason: 45_070 }))],
  ] as const)('tells what became of each instance when the archive answers with %s', async (fault, outcomes) => {
    await client.store(objects);
    pacs.misbehave(fault);

    expect(await client.store(objects)).toEqual(outcomes);
  });

  it('counts an instance that the answer does not list as not stored', async () => {
    const [valid] = objects;
    const answer = await client.store([
      ...(valid ? [valid] : []),
      { SOPInstanceUID: '1.2.3', bytes: Buffer.from('no DICOM') },
    ]);

    expect(answer).toEqual([
      { SOPInstanceUID: valid?.SOPInstanceUID, stored: true },
      { SOPInstanceUID: '1.2.3', stored: false },
    ]);
  });

  it('reads warnings, reasons that came as text, and failures under any status', async () => {
    const item = (uid: string, tag: string, reason: unknown) => ({
      '00081155': { vr: 'UI', Value: [uid] },
      [tag]: { vr: 'US', Value: [reason] },
    });
    const account = {
      '00081199': { vr: 'SQ', Value: [item('1.1', '00081196', 45_056), item('1.3', '00081196', 1)] },
      '00081198': { vr: 'SQ', Value: [item('1.2', '00081197', '42752'), item('1.3', '00081197', 43_264)] },
    };
    for (const status of [200, 202, 400, 409, 500]) {
      const { url, server } = await answering(status, 'application/dicom+json', JSON.stringify(account));

      const sent = ['1.1', '1.2', '1.3'].map((SOPInstanceUID) => ({ SOPInstanceUID, bytes: Buffer.of(0) }));
      const outcomes = await createDicomWebClient({ url }).store(sent);

      expect(outcomes, `HTTP ${status}`).toEqual([
        { SOPInstanceUID: '1.1', stored: true, warningReason: 45_056 },
        { SOPInstanceUID: '1.2', stored: false, failureReason: 42_752 },
        { SOPInstanceUID: '1.3', stored: false, failureReason: 43_264 },
      ]);
      server.close();
    }
  });

  it.each([
    [200, '', ArchiveStoreError],
    [200, '<NativeDicomModel>Phantom^Hilum</NativeDicomModel>', ArchiveStoreError],
    [202, '{"message": "Phantom^Hilum"}', ArchiveStoreError],
    [409, '', ArchiveStoreError],
    [400, 'Phantom^Hilum', ArchiveRequestError],
    [413, 'Phantom^Hilum', ArchiveRequestError],
    [429, '', ArchiveUnavailableError],
    [503, 'Phantom^Hilum', ArchiveUnavailableError],
    [403, 'Phantom^Hilum', ArchiveDeniedError],
  ])('translates HTTP %i with "%s" to the right error, without quoting the answer', async (status, body, kind) => {
    const { url, server } = await answering(status, 'text/plain', body);

    const storing = createDicomWebClient({ url }).store(objects);

    await expect(storing).rejects.toThrow(kind);
    await expect(storing).rejects.not.toThrow(/Phantom/);
    server.close();
  });

  it('sends no request without objects', async () => {
    const asked = pacs.requests.length;

    expect(await client.store([])).toEqual([]);
    expect(pacs.requests.length).toBe(asked);
  });
});

describe('an archive that fails', () => {
  const actions: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['search', () => Array.fromAsync(client.searchStudies())],
    ['retrieve', () => client.retrieveInstance(first)],
    ['store', () => client.store(objects)],
  ];

  it.each(actions)('is unavailable if it hangs up or answers 503, denied if it answers 401: %s', async (_, act) => {
    pacs.misbehave('down');
    await expect(act()).rejects.toThrow(ArchiveUnavailableError);
    pacs.misbehave('unavailable');
    await expect(act()).rejects.toThrow(ArchiveUnavailableError);
    pacs.misbehave('denied');
    await expect(act()).rejects.toThrow(ArchiveDeniedError);
  });

  it('is unavailable if it is silent for too long, before or within an answer', async () => {
    const server = createServer((request, response) => {
      if (request.url?.includes('studies?')) return;
      response.writeHead(200, { 'Content-Type': 'multipart/related; boundary=B' }).write('--B\r\n\r\nhalf');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const impatient = createDicomWebClient({ url, timeoutMs: 100 });

    await expect(Array.fromAsync(impatient.searchStudies())).rejects.toThrow(/ETIMEDOUT/);
    await expect(impatient.retrieveInstance(first)).rejects.toThrow(ArchiveUnavailableError);
    server.closeAllConnections();
    server.close();
  });

  it('is unavailable if its answer is truncated', async () => {
    await client.store(objects);
    pacs.misbehave('cut');

    await expect(Array.fromAsync(client.retrieveSeries(first))).rejects.toThrow(ArchiveUnavailableError);
  });

  it('is not kept waiting by a caller that has read enough', async () => {
    const hungUp = Promise.withResolvers<void>();
    const server = createServer((_, response) => {
      response.on('close', hungUp.resolve);
      response.writeHead(200, { 'Content-Type': 'multipart/related; boundary=B' });
      response.write('--B\r\n\r\nfirst\r\n--B\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    for await (const file of createDicomWebClient({ url }).retrieveSeries(first)) {
      expect(Buffer.from(file).toString()).toBe('first');
      break;
    }

    await hungUp.promise;
    server.close();
  });

  it('gives the header of a large instance without the rest of it', async () => {
    const [slice = new Uint8Array()] = largeCtSeries(1);
    const hungUp = Promise.withResolvers<void>();
    const server = createServer((_, response) => {
      response.on('close', hungUp.resolve);
      response.writeHead(200, { 'Content-Type': 'multipart/related; boundary=B' });
      response.write('--B\r\n\r\n');
      // The end never comes.
      response.write(slice.subarray(0, 400_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const header = await createDicomWebClient({ url, timeoutMs: 5_000 }).retrieveHeader(first);

    expect(header?.dataset.text('PatientID')).toBe('PHANTOM-LARGE');
    await hungUp.promise;
    server.close();
  });

  it('is no longer waited for when the caller aborts', async () => {
    const stop = new AbortController();
    const reading = Array.fromAsync(client.retrieveSeries(first, { signal: stop.signal }));
    stop.abort(new Error('enough'));

    await expect(reading).rejects.toThrow('enough');
  });

  it('is refused before any request if its address is wrong', () => {
    expect(() => createDicomWebClient({ url: 'orthanc:8042' })).toThrow(ConfigurationError);
    expect(() => createDicomWebClient({ url: 'http://hilum:secret@orthanc/' })).toThrow(/in their own settings/);
  });
});
