/** Forwarding a whole study: which series are in its manifest, and the reason if there are none. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrthancClient, OrthancSeries } from '#adapters/orthanc/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Selection } from '#core/study/selection.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, SPINE_CATALOG, startEdge } from '../fixtures/edge.ts';
import { noFiles } from '../fixtures/edge-orthanc.ts';

const STUDY = '2.25.77';
const seriesOf = (number: number, Modality: string | undefined): OrthancSeries => ({
  ...{ SeriesInstanceUID: `${STUDY}.${number}`, Modality, Manufacturer: 'Phantom' },
  ...{ instances: 3, lastUpdate: '20260101T120000' },
});

/** An Orthanc with one study of these series. */
const orthancOf = (series: readonly OrthancSeries[], StudyInstanceUID = STUDY): OrthancClient => ({
  system: async () => ({ version: '1.12.7' }),
  lastChange: async () => undefined,
  changes: async (since) => ({ changes: [], last: since, done: true }),
  studies: async () => [],
  study: async () => undefined,
  findStudies: async () => [{ id: 'id', StudyInstanceUID, stable: true, lastUpdate: '20260101T120000', PatientID: '' }],
  series: async () => series,
  filesOf: noFiles,
});

describe('a study', () => {
  let edge: EdgeUnderTest;
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.close());

  it.each([
    { what: 'that has no series', series: [], code: 'empty-study', message: 'The study has no series.' },
    {
      what: 'of which all series are left out for one reason',
      series: [seriesOf(1, 'MR'), seriesOf(2, 'MR')],
      ...{ code: 'modality-not-wanted', message: 'No deployed tool takes images of modality MR.' },
    },
    {
      what: 'of which each series is left out for its own reason',
      series: [seriesOf(1, 'MR'), seriesOf(2, undefined), seriesOf(3, 'MR')],
      ...{
        code: 'nothing-wanted',
        message: 'No deployed tool takes images of modality MR. The series names no modality.',
      },
    },
    {
      what: 'of which the first series names no modality',
      series: [seriesOf(1, undefined), seriesOf(2, 'MR')],
      ...{
        code: 'nothing-wanted',
        message: 'The series names no modality. No deployed tool takes images of modality MR.',
      },
    },
    {
      what: 'of which a series has no UID',
      series: [{ ...seriesOf(1, 'CT'), SeriesInstanceUID: '../1' }],
      ...{
        code: 'invalid-uid',
        message: 'The Series Instance UID holds other characters than digits and dots (PS3.5 9.1).',
      },
    },
  ])('$what is skipped with a reason', async ({ series, code, message }) => {
    const outcome = await edge.restarted({ orthanc: orthancOf(series) }).forwardStudy(STUDY);

    expect(outcome).toEqual({ state: 'skipped', StudyInstanceUID: STUDY, reason: { code, message } });
    expect(edge.bucket.contents.size).toBe(0);
    expect(edge.journal.study(STUDY)).toMatchObject({ state: 'skipped', reason: { code, message } });
  });

  it('without a valid UID gets no key', async () => {
    const orthanc = orthancOf([seriesOf(1, 'CT')], '../../1');

    const outcome = await edge.restarted({ orthanc }).forwardStudy('../../1');

    expect(outcome).toMatchObject({ state: 'skipped', reason: { code: 'invalid-uid' } });
    expect(edge.bucket.contents.size).toBe(0);
  });

  it('is forwarded with all series that a tool wants, and without the others', async () => {
    const first = ctSeries({ seed: 1, slices: 4 });
    const { StudyInstanceUID } = indexInstance(first[0] ?? new Uint8Array());
    await edge.arrive(first);
    await edge.arrive(ctSeries({ seed: 2, slices: 5, attributes: { StudyInstanceUID } }));
    await edge.arrive(ctSeries({ seed: 3, slices: 1, attributes: { StudyInstanceUID, Modality: 'MR' } }));

    const outcome = await edge.forwarder.forwardStudy(StudyInstanceUID);

    const chunks = [...edge.bucket.contents].filter(([key]) => key.startsWith('chunks/'));
    const storedBytes = chunks.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(outcome).toMatchObject({ state: 'uploaded', StudyInstanceUID, instances: 4 + 5, storedBytes, fresh: true });
    const key = outcome.state === 'uploaded' ? outcome.manifestKey : '';
    const { instances, ...manifest } = parseManifest(edge.bucket.contents.get(key) ?? new Uint8Array());
    const revision = outcome.state === 'uploaded' ? outcome.revision : '';
    const complete = 'stable';
    const digest: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    const facts = { identity: digest, patient: digest, sequence: 1 };
    expect(manifest).toEqual({
      ...facts,
      format: 'hilum.manifest/1',
      StudyInstanceUID,
      revision,
      lane: 'live',
      complete,
    });
    expect(new Set(instances.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).size).toBe(2);
    expect(edge.bucket.contentTypes.get(key)).toBe('application/json');
  });

  it.each([
    { what: 'keeps an existing manifest', change: (text: string) => `${text} `, kept: true },
    {
      what: 'keeps one of a newer version',
      change: (text: string) => text.replace('manifest/1', 'manifest/2'),
      kept: true,
    },
    { what: 'replaces one that names a chunk which is gone', change: otherChunk, kept: false },
    { what: 'replaces one that is damaged', change: (text: string) => text.slice(1), kept: false },
  ])('$what', async ({ change, kept }) => {
    const files = ctSeries();
    const { StudyInstanceUID } = indexInstance(files[0] ?? new Uint8Array());
    await edge.arrive(files);
    const first = await edge.forwarder.forwardStudy(StudyInstanceUID);
    const key = first.state === 'uploaded' ? first.manifestKey : '';
    const own = edge.bucket.contents.get(key) ?? new Uint8Array();
    const bytes = Buffer.from(change(Buffer.from(own).toString()));
    edge.bucket.contents.set(key, bytes);

    expect(await edge.forwarder.forwardStudy(StudyInstanceUID)).toMatchObject({ fresh: !kept, manifestKey: key });

    expect(Buffer.from(edge.bucket.contents.get(key) ?? [])).toEqual(kept ? bytes : Buffer.from(own));
  });

  it('is indexed again by a newer version, without another upload', async () => {
    const files = ctSeries({ seed: 1, slices: 4 });
    const { StudyInstanceUID, SeriesInstanceUID } = indexInstance(files[0] ?? new Uint8Array());
    await edge.arrive(files);
    await edge.forwarder.forwardStudy(StudyInstanceUID);
    const indexed = edge.journal.instances(StudyInstanceUID, SeriesInstanceUID);
    const older = [...indexed.values()].map(({ RescaleSlope: _, ...entry }) => entry);
    edge.journal.uploaded(StudyInstanceUID, SeriesInstanceUID, older);
    const stored = edge.bucket.contents.size;

    const catalog = SPINE_CATALOG.map(({ manifest, models }): ToolEntry => {
      const selection: Selection = { ...manifest.selection, accepts: ['map'] };
      return { manifest: { ...manifest, selection }, models };
    });
    await edge.restarted({ catalog }).forwardStudy(StudyInstanceUID);

    expect(edge.journal.instances(StudyInstanceUID, SeriesInstanceUID)).toEqual(indexed);
    expect(edge.bucket.contents.size).toBe(stored);
  });

  it('is not started if the edge is stopping', async () => {
    const stop = new AbortController();
    stop.abort();
    const orthanc = orthancOf([seriesOf(1, 'MR')]);

    await expect(edge.restarted({ orthanc }).forwardStudy(STUDY, stop.signal)).rejects.toThrow('aborted');

    expect(edge.journal.study(STUDY)).toMatchObject({ state: 'seen' });
  });
});

/** The manifest, with another name for its first chunk. */
function otherChunk(manifest: string): string {
  return manifest.replace(/("chunk":")[0-9a-f]{64}/, `$1${'0'.repeat(64)}`);
}
