/** Images that are deleted in Orthanc, which tells nobody: the edge compares what it has with what there was. */
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';
import { createManualClock } from '../fixtures/memory-ports.ts';

const TEN_MINUTES = 600_000;
const first = ctSeries({ slices: 6 });
const [{ StudyInstanceUID } = { StudyInstanceUID: '' }] = first.map(indexInstance);
const second = ctSeries({ seed: 2, attributes: { StudyInstanceUID } });

/** An edge that has forwarded a study of two series. */
async function forwarded(files: readonly Uint8Array[] = [...first, ...second]) {
  const clock = createManualClock(Date.now());
  const edge = await edgeOf({ clock });
  await edge.arrive(files);
  await edge.forwarder.runOnce();
  const later = async () => {
    clock.advance(TEN_MINUTES);
    return await edge.forwarder.runOnce();
  };
  return { edge, later };
}
const remove = (edge: EdgeUnderTest, files: readonly Uint8Array[]): void => {
  for (const { SOPInstanceUID } of files.map(indexInstance)) edge.pacs.archive.instances.delete(SOPInstanceUID);
};
const manifests = ({ bucket }: EdgeUnderTest) =>
  [...bucket.contents].flatMap(([key, bytes]) => (key.endsWith('manifest.json') ? [parseManifest(bytes)] : []));

describe('the edge', () => {
  it.each([
    ['a slice', first.slice(0, 1), 11],
    ['a series', second, 6],
  ])('finds that %s was deleted, once', async (_, gone, left) => {
    const { edge, later } = await forwarded();
    remove(edge, gone);

    expect(await later()).toMatchObject([{ state: 'uploaded', instances: left, fresh: true, sequence: 2 }]);
    expect(manifests(edge).map(({ sequence, instances }) => [sequence, instances.length])).toEqual([
      [1, 12],
      [2, left],
    ]);
    expect(await later()).toEqual([]);
    expect(edge.log.filter((line) => line.includes('images-deleted'))).toHaveLength(1);
  });

  it('leaves a study as it is that is gone as a whole', async () => {
    const { edge, later } = await forwarded();
    edge.pacs.archive.instances.clear();
    edge.pacs.archive.studies.clear();

    expect(await later()).toEqual([]);
    expect(edge.journal.study(StudyInstanceUID)).toMatchObject({ state: 'uploaded', sequence: 1 });
  });

  it('forgets the files of a deleted series that could not be read', async () => {
    const [index] = second.map(indexInstance);
    const { edge, later } = await forwarded([...first, ...second]);
    const { SeriesInstanceUID = '', sha256 = '', sizeBytes = 0 } = index ?? {};
    const refused = { SeriesInstanceUID, sha256, sizeBytes, reason: { code: 'malformed', message: 'It is broken.' } };
    const series = { SeriesInstanceUID, lastUpdate: '', listed: 6, wants: '' };
    edge.journal.closeSeries(StudyInstanceUID, series, { sha256s: new Set(), refused: [refused] });
    remove(edge, second);
    await later();

    expect(edge.journal.study(StudyInstanceUID)?.refused).toEqual([]);
  });
});
