/** What becomes of a study when something fails: a plain reason, an object that says so, a dead letter; never twice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manifestKey, runIdOf } from '#core/keys.ts';
import type { RunMessage } from '#core/messages.ts';
import type { RunRecord } from '#core/ports.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inputDigestOf, revisionOf } from '#core/study/revision.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { ctSeries } from '../fixtures/edge.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';
import { withTransferSyntax } from '../fixtures/transfer-syntax.ts';

/** A failed run whose answer has reached the PACS. */
const answered = (run: RunRecord): boolean => ended(run) && (run.objects ?? []).length > 0;
/** Tools that fail in every way; everything happens at once, and nothing is tried for long. */
const CONTEXT = {
  root: 'test/fixtures/failing',
  maxReceiveCount: '2',
  returnMaxReceiveCount: '30',
  retryBaseS: '1',
  retryCapS: '2',
  toolTimeoutS: '2',
  visibilityMarginS: '1',
};
const HTJ2K = '1.2.840.10008.1.2.4.201';

describeWith(['cloud', 'orthanc', 'postgresql'], 'the deployed pipeline, when something fails', () => {
  let pacs: DicomWebStore;
  let cloud: DeployedCloud;
  beforeAll(async () => {
    pacs = await startDicomWebStore({ stableAgeMs: 0 });
    cloud = await startDeployedCloud({ context: CONTEXT, pacs });
  }, 180_000);
  afterAll(async () => {
    await cloud?.close();
    await pacs?.close();
  });
  /** What Hilum wrote into a study in the PACS. */
  const written = (StudyInstanceUID: string): readonly string[] =>
    pacs.archive
      .of({ StudyInstanceUID })
      .map(({ bytes }) => indexInstance(bytes))
      .filter(({ writtenByHilum }) => writtenByHilum === true)
      .map(({ SOPInstanceUID }) => SOPInstanceUID);

  it('gives every tool of a study its own answer, and a failed one a reason, an object and a dead letter', async () => {
    const study = await cloud.arrive(ctSeries({ seed: 100 }));

    const [counts, throws, dawdles, wrongModel, crashes] = await Promise.all(
      ['counts', 'throws', 'dawdles', 'wrong-model', 'crashes'].map((tool) => cloud.runOf(study, tool, answered)),
    );

    expect(counts).toMatchObject({ state: 'delivered', outcome: 'result', summary: '6 slices.' });
    expect(throws).toMatchObject({ state: 'failed', reason: { code: 'tool-failed' } });
    expect(dawdles).toMatchObject({ state: 'failed', reason: { code: 'tool-timeout' } });
    expect(wrongModel).toMatchObject({ state: 'failed', reason: { code: 'model-digest-mismatch' } });
    expect(crashes).toMatchObject({ state: 'failed' });
    const words = await cloud.hilum('status', study);
    for (const run of [throws, dawdles, wrongModel, crashes]) {
      expect(run?.reason?.message).toMatch(/^[A-Z].+\.?$/);
      expect(words).toContain(run?.reason?.message);
      expect(run?.objects?.every((uid) => pacs.archive.instances.has(uid))).toBe(true);
    }
  });

  it('answers slices that are missing, and a syntax that it cannot read, with the reason', async () => {
    const gap = ctSeries({ seed: 101, slices: 8 }).filter((_, slice) => slice !== 3);
    const unreadable = ctSeries({ seed: 102 }).map((file) => withTransferSyntax(file, HTJ2K));

    const studies = [await cloud.arrive(gap), await cloud.arrive(unreadable)];
    const [missing, unsupported] = await Promise.all(studies.map((study) => cloud.runOf(study, 'counts', ended)));

    expect(missing).toMatchObject({
      state: 'delivered',
      outcome: 'not-evaluable',
      reason: { code: 'missing-slices' },
    });
    expect(unsupported).toMatchObject({
      state: 'delivered',
      outcome: 'not-evaluable',
      reason: { code: 'unsupported-transfer-syntax' },
    });
  });

  it('says of a study that no tool takes why it was left alone', async () => {
    const study = await cloud.arrive(PHANTOM_STUDIES['bitewing']?.().files ?? []);

    expect(await cloud.hilum('status', study)).toMatch(/[Nn]o tool takes/);
    expect(written(study)).toEqual([]);
  });

  it.each([
    ['is down', 'down', 'archive-unavailable'],
    ['is not well', 'unavailable', 'archive-unavailable'],
    ['denies access', 'denied', 'archive-denied'],
    ['refuses every object', 'refuse', 'archive-store-failed'],
    ['takes only some of the objects, with status 202', 'partial', 'archive-store-failed'],
  ] as const)('delivers once after all where the PACS %s', async (_, fault, code) => {
    const seed = 110 + ['down', 'unavailable', 'denied', 'refuse', 'partial'].indexOf(fault);
    const study = await cloud.arrive(ctSeries({ seed }));
    pacs.misbehave(fault);

    const waiting = await cloud.runOf(study, 'counts', (run) => run.reason !== undefined || ended(run));
    pacs.misbehave(undefined);
    const delivered = await cloud.runOf(study, 'counts', ended);

    if (fault !== 'partial') expect(waiting).toMatchObject({ state: 'converted', reason: { code } });
    expect(delivered.state).toBe('delivered');
    expect(delivered.reason).toBeUndefined();
    expect(written(study)).toEqual(expect.arrayContaining([...(delivered.objects ?? [])]));
  });

  it('does nothing twice, however often and in whatever order events come', async () => {
    const files = ctSeries({ seed: 120 });
    const study = await cloud.arrive(files);
    const run = await cloud.runOf(study, 'counts', ended);
    for (const tool of ['throws', 'dawdles', 'wrong-model', 'crashes']) await cloud.runOf(study, tool, answered);
    const before = written(study);
    const { runId, tool, version, lane } = run;
    const revision = revisionOf(files.map(indexInstance));
    const key = manifestKey(lane, study, revision);
    const message: RunMessage = {
      ...{ format: 'hilum.run/1', runId, StudyInstanceUID: study, revision, tool, version, lane },
      ...{ inputDigest: inputDigestOf(imagesOf(study, files)), manifestKey: key, answer: 'result' },
    };
    expect(runIdOf(message)).toBe(runId);

    await cloud.send({ step: 'return', lane }, JSON.stringify(message));
    await cloud.send({ step: 'convert', lane }, JSON.stringify(message));
    await cloud.send({ step: 'infer', tool, lane }, JSON.stringify(message));
    await cloud.send({ step: 'intake', lane }, JSON.stringify({ Records: [{ s3: { object: { key } } }] }));
    const later = await cloud.arrive(ctSeries({ seed: 121 }));
    await cloud.runOf(later, 'counts', ended);

    expect(await cloud.runs.get(runId)).toEqual(run);
    expect(written(study)).toEqual(before);
    expect(before).toHaveLength(new Set(before).size);
  });
});

const imagesOf = (StudyInstanceUID: string, files: readonly Uint8Array[]) =>
  groupImages({ StudyInstanceUID, instances: files.map(indexInstance) });
