/** A person asks for results again, of a study that went the whole way: `hilum replay`, `deliver` and `rerun` on the deployed pipeline. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrthancArchive } from '#adapters/orthanc/archive.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';

describeWith(['cloud', 'orthanc', 'postgresql'], 'results that are wanted again', () => {
  let cloud: DeployedCloud;
  let run: RunRecord;
  beforeAll(async () => {
    cloud = await startDeployedCloud({ context: { retryBaseS: '1', retryCapS: '2' } });
    const study = await cloud.arrive(PHANTOM_STUDIES['bitewing']?.().files ?? []);
    run = await cloud.runOf(study, 'caries', ended);
    await cloud.workedOff();
  }, 300_000);
  afterAll(async () => await cloud?.close());

  const instances = async () => {
    const found: { readonly SeriesInstanceUID: string; readonly SOPInstanceUID: string }[] = [];
    for await (const one of cloud.archive.listInstances(run)) found.push(one);
    return found;
  };
  const uids = async () => (await instances()).map(({ SOPInstanceUID }) => SOPInstanceUID).sort();

  it('give the same bytes in this process as in the functions', async () => {
    const replayed = JSON.parse(await cloud.hilum('replay', run.runId, '--json'));

    expect(run.state).toBe('delivered');
    expect(replayed).toMatchObject({ runId: run.runId, identical: true, sets: [{ replay: 'same' }] });
    expect(replayed.sets[0].objects.length).toBeGreaterThan(1);
  });

  it('are stored again after somebody removed one, and are the same', async () => {
    const { url, dicomWebUrl, username, password } = cloud.environment.orthanc;
    const orthanc = createOrthancArchive({ url, dicomWebUrl, username, password });
    const before = await uids();
    const removed = (await instances()).find(({ SOPInstanceUID }) => run.objects?.includes(SOPInstanceUID));
    const place = { StudyInstanceUID: run.StudyInstanceUID, SeriesInstanceUID: '', SOPInstanceUID: '', ...removed };
    const bytes = await cloud.archive.retrieveInstance(place);
    expect(await orthanc.deleteInstance(place)).toBe('deleted');
    expect(await uids()).not.toEqual(before);

    const sent = JSON.parse(await cloud.hilum('deliver', run.runId.slice(0, 8), '--json'));
    await cloud.workedOff();

    expect(sent).toMatchObject({ deliver: 'sent', was: 'delivered', answer: 'result' });
    expect(await uids()).toEqual(before);
    expect(await cloud.archive.retrieveInstance(place)).toEqual(bytes);
    const shown = JSON.parse(await cloud.hilum('status', run.StudyInstanceUID, '--json')) as readonly RunRecord[];
    expect(shown.find(({ runId }) => runId === run.runId)).toMatchObject({
      ...{ state: 'delivered', sets: [{ state: 'delivered', current: true }] },
    });
  });

  it('stay what they are when the study is run again', async () => {
    const before = await uids();
    const done = JSON.parse(await cloud.hilum('rerun', run.StudyInstanceUID, '--json')) as readonly { tool: string }[];
    await cloud.workedOff();

    expect(done.find(({ tool }) => tool === 'caries')).toMatchObject({ rerun: 'looked-for', runId: run.runId });
    expect(await uids()).toEqual(before);
    expect(await cloud.runOf(run.StudyInstanceUID, 'caries', ended)).toMatchObject({
      runId: run.runId,
      state: 'delivered',
    });
  });
});
