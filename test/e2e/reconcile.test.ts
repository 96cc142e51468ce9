/** The local cloud starts the deployed reconciler on its schedule, and it sends a lost message again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { runIdOf } from '#pipeline/keys.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { ctSeries } from '../fixtures/edge.ts';
import { describeWith } from '../fixtures/lanes.ts';

describeWith(['cloud'], 'the deployed reconciler', () => {
  let pacs: DicomWebStore;
  let cloud: DeployedCloud;
  beforeAll(async () => {
    pacs = await startDicomWebStore({ stableAgeMs: 0 });
    const context = { root: 'test/fixtures/failing', retryBaseS: '1', retryCapS: '2', reconcileMinutes: '1' };
    cloud = await startDeployedCloud({ context, pacs });
  }, 400_000);
  afterAll(async () => {
    await cloud?.close();
    await pacs?.close();
  });

  it('sends the message of a run again that stopped twenty minutes ago', async () => {
    const study = await cloud.arrive(ctSeries({ seed: 201 }));
    const { inputDigest = '', tool, lane, revision, version } = await cloud.runOf(study, 'counts', ended);
    // A run of an older version, of which no message is left: inference ends it and names the run of its own version.
    const old = { inputDigest, tool, version: '0.0.1+r1' };
    const lost = { runId: runIdOf(old), StudyInstanceUID: study, revision, lane, ...old };
    const past = { now: () => Date.now() - 20 * 60_000 };
    const runs = createDynamoRunStore({ table: cloud.environment.runsTable, clock: past });
    await runs.record({ ...lost, state: 'routed' });

    const found = await cloud.runOf(study, tool, (run) => run.version === old.version && ended(run));

    expect(found).toMatchObject({ state: 'rejected', reason: { code: 'version-replaced' } });
    const others = await cloud.runOf(study, tool, (run) => run.version === version && run.state === 'delivered');
    expect(others.revisions).toEqual([revision]);
  });
});
