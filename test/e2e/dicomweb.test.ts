import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDicomWebClient, type DicomWebClient } from '#adapters/dicomweb/client.ts';
import { textOf } from '#adapters/dicomweb/dicom-json.ts';
import { ArchiveDeniedError, ArchiveUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { OrthancEnvironment } from '#localstack/local.ts';
import { localDown, orthancUp, startOrthanc, stopOrthanc } from '#localstack/local.ts';
import { ctSeries } from '../fixtures/edge.ts';
import { dataFolder, describeWith, skipWithout } from '../fixtures/lanes.ts';

const home = mkdtempSync(join(tmpdir(), 'hilum-dicomweb-'));
const files = ctSeries({ slices: 12 });
const indexes = files.map(indexInstance);
const objects = files.map((bytes, index) => ({ SOPInstanceUID: indexes[index]?.SOPInstanceUID ?? '', bytes }));
const [first] = indexes;
if (first === undefined) throw new Error('The phantom has no slices');
const sorted = (values: readonly (string | undefined)[]) => values.toSorted();

describeWith(['orthanc', 'postgresql'], 'our DICOMweb client and Orthanc', () => {
  let orthanc: OrthancEnvironment;
  let client: DicomWebClient;
  const clientOf = ({ dicomWebUrl, username, password }: OrthancEnvironment) =>
    createDicomWebClient({ url: dicomWebUrl, username, password, timeoutMs: 20_000 });

  beforeAll(async () => {
    orthanc = await orthancUp({ home, ports: 'free', stableAgeS: 1 });
    client = clientOf(orthanc);
    await client.store(objects);
  });
  afterAll(() => localDown({ home, purge: true }));

  it('store instances and say so of each, the second time as well', async () => {
    const stored = objects.map(({ SOPInstanceUID }) => ({ SOPInstanceUID, stored: true }));

    expect(await client.store(objects)).toEqual(stored);
    expect(
      await client.store([...objects.slice(0, 1), { SOPInstanceUID: '1.2.3', bytes: Buffer.from('no DICOM') }]),
    ).toEqual([stored[0], { SOPInstanceUID: '1.2.3', stored: false }]);
  });

  it('find studies, series and instances', async () => {
    const [study] = await Array.fromAsync(client.searchStudies({ StudyInstanceUID: first.StudyInstanceUID }));
    const none = await Array.fromAsync(client.searchStudies({ StudyInstanceUID: '1.2.3' }));
    const series = await Array.fromAsync(client.searchSeries(first, { Modality: 'CT' }));
    const instances = await Array.fromAsync(client.searchInstances(first));

    expect(study && textOf(study, '0020000D')).toBe(first.StudyInstanceUID);
    expect(none).toEqual([]);
    expect(series.map((one) => textOf(one, '0020000E'))).toEqual([first.SeriesInstanceUID]);
    expect(sorted(instances.map((one) => textOf(one, '00080018')))).toEqual(
      sorted(objects.map((object) => object.SOPInstanceUID)),
    );
  });

  it('give instances back byte for byte: a study, a series, one, none', async () => {
    const digests = (retrieved: readonly Uint8Array[]) => sorted(retrieved.map((bytes) => indexInstance(bytes).sha256));
    const expected = sorted(indexes.map((index) => index.sha256));

    expect(digests(await Array.fromAsync(client.retrieveStudy(first)))).toEqual(expected);
    expect(digests(await Array.fromAsync(client.retrieveSeries(first)))).toEqual(expected);
    const one = await client.retrieveInstance(first);
    expect(one && indexInstance(one)).toEqual(first);
    expect(await client.retrieveInstance({ ...first, SOPInstanceUID: '1.2.3' })).toBeUndefined();
  });

  it('give metadata of a series and of an instance', async () => {
    const [series, [one], none] = await Promise.all([
      client.retrieveMetadata({ StudyInstanceUID: first.StudyInstanceUID, SeriesInstanceUID: first.SeriesInstanceUID }),
      client.retrieveMetadata(first),
      client.retrieveMetadata({ ...first, SOPInstanceUID: '1.2.3' }),
    ]);

    expect(series).toHaveLength(12);
    expect(one).toMatchObject({ '00080018': { vr: 'UI', Value: [first.SOPInstanceUID] }, '00280011': { Value: [16] } });
    expect(none).toEqual([]);
  });

  it('give pictures', async () => {
    const [jpeg, png] = await Promise.all([
      client.retrieveRendered(first, 'image/jpeg'),
      client.retrieveRendered(first, 'image/png'),
    ]);

    expect(
      Buffer.from(jpeg ?? [])
        .subarray(0, 3)
        .toString('hex'),
    ).toBe('ffd8ff');
    expect(
      Buffer.from(png ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it.skipIf(skipWithout('data'))('leave compressed files of the field as they are', async () => {
    const folder = join(dataFolder(), 'ct-abdomen-20');
    const slices = readdirSync(folder)
      .filter((name) => name.endsWith('.dcm'))
      .map((name) => readFileSync(join(folder, name)));
    const real = slices.map(indexInstance);
    await client.store(slices.map((bytes, index) => ({ SOPInstanceUID: real[index]?.SOPInstanceUID ?? '', bytes })));

    const [uids] = real;
    const retrieved = uids ? await Array.fromAsync(client.retrieveSeries(uids)) : [];

    expect(sorted(retrieved.map((bytes) => indexInstance(bytes).sha256))).toEqual(
      sorted(real.map((index) => index.sha256)),
    );
    expect(new Set(real.map((index) => index.TransferSyntaxUID))).toEqual(new Set(['1.2.840.10008.1.2.4.90']));
  });

  it('part as strangers when the password is wrong', async () => {
    const stranger = clientOf({ ...orthanc, password: 'wrong' });

    await expect(Array.fromAsync(stranger.searchStudies())).rejects.toThrow(ArchiveDeniedError);
    await expect(stranger.store(objects)).rejects.toThrow(ArchiveDeniedError);
    await expect(stranger.retrieveInstance(first)).rejects.toThrow(ArchiveDeniedError);
  });

  it('know each other again after Orthanc was away', async () => {
    await stopOrthanc(home);
    await expect(client.retrieveInstance(first)).rejects.toThrow(ArchiveUnavailableError);
    await expect(client.store(objects)).rejects.toThrow(ArchiveUnavailableError);

    await startOrthanc(home);

    expect(await client.retrieveInstance(first)).toBeDefined();
  });
});
