/** The bucket is emptied while results wait for the PACS: edge and functions put everything back, and deliver once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { makeBitewing } from '#phantoms/dental.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { describeWith } from '../fixtures/lanes.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'cli', 'hilum.ts');

describeWith(['cloud'], 'a bucket that is emptied', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-losses-'));
  let pacs: DicomWebStore;
  let cloud: DeployedCloud;
  let edge: ChildProcess;
  beforeAll(async () => {
    pacs = await startDicomWebStore({ stableAgeMs: 0 });
    const context = { retryBaseS: '1', retryCapS: '2' };
    cloud = await startDeployedCloud({ context, pacs });
    const settings = { HILUM_EDGE_FOLDER: folder, HILUM_EDGE_START: 'all', HILUM_EDGE_CHECK_MINUTES: '1' };
    const env = { ...process.env, HILUM_HOME: cloud.environment.home, ...settings };
    edge = spawn(process.execPath, [COMMAND, 'edge'], { env, stdio: 'ignore' });
  }, 400_000);
  afterAll(async () => {
    edge?.kill('SIGTERM');
    if (edge?.exitCode === null) await once(edge, 'exit');
    await cloud?.close();
    await pacs?.close();
    rmSync(folder, { recursive: true });
  });

  it('while deliveries wait, is filled again by the edge, and each result is delivered once', async () => {
    pacs.misbehave('refuse');
    const studies = [301, 302, 303].map((seed) => {
      const instances = radiographPhantomToDicom(makeBitewing({ seed }), { seed }).map((bytes) => ({
        ...indexInstance(bytes),
        bytes,
      }));
      for (const { bytes } of instances) pacs.archive.add(bytes);
      return instances[0]?.StudyInstanceUID ?? '';
    });
    for (const study of studies) await cloud.runOf(study, 'caries', (run) => run.reason !== undefined);

    const deleted = await emptyBucket(cloud.environment.bucket);
    pacs.misbehave(undefined);
    const runs = await Promise.all(studies.map((study) => cloud.runOf(study, 'caries', ended)));

    expect(deleted).toBeGreaterThan(3 * studies.length);
    expect(runs.map(({ state }) => state)).toEqual(studies.map(() => 'delivered'));
    const delivered = runs.flatMap(({ objects = [] }) => objects);
    expect(delivered.length).toBeGreaterThanOrEqual(studies.length);
    expect(delivered.map((uid) => pacs.stored.get(uid))).toEqual(delivered.map(() => 1));
  });
});

/** Deletes all objects, and returns how many there were. */
async function emptyBucket(Bucket: string): Promise<number> {
  const client = new S3Client({ forcePathStyle: true });
  let deleted = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
    const Objects = Contents.map(({ Key }) => ({ Key }));
    if (Objects.length > 0) await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    deleted += Objects.length;
  }
  return deleted;
}
