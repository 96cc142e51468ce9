/** A study whose processing fails gets a plain reason, an object that reports it, and a dead letter, each only once. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inputDigestOf, revisionOf } from '#core/study/revision.ts';
import { encodeDicom } from '#dicom/write.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { manifestKey, objectKey, objectListKey, runIdOf } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { ctSeries } from '../fixtures/edge.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';
import { setOf } from '../fixtures/pipeline.ts';
import { withTransferSyntax } from '../fixtures/transfer-syntax.ts';

/** A failed run whose answer has reached the PACS. */
const answered = (run: RunRecord): boolean => ended(run) && (run.objects ?? []).length > 0;
/** A run that is still tried, after a failure. */
const waits = (run: RunRecord): boolean => run.failingSince !== undefined;
/** The queue of the study that waits for a person. */
const HALTED = ['infer-wrong-model-live'];
/** Tools that fail in every way, with settings for immediate and few retries. */
const CONTEXT = {
  root: 'test/fixtures/failing',
  retryBaseS: '1',
  retryCapS: '2',
  toolTimeoutS: '2',
  leaseS: '6',
  visibilityMarginS: '1',
};
/** A standard Transfer Syntax without a decoder in Hilum. */
const JPEG_XL = '1.2.840.10008.1.2.4.110';

describeWith(['cloud', 'orthanc', 'postgresql'], 'the deployed pipeline, when something fails', () => {
  let pacs: DicomWebStore;
  let cloud: DeployedCloud;
  /** A study that all tools take; the ones that end their process take no other. */
  let neck: string;
  beforeAll(async () => {
    pacs = await startDicomWebStore({ stableAgeMs: 0 });
    cloud = await startDeployedCloud({ context: CONTEXT, pacs });
    // A function that dies without an answer is retried only after its timeout, which passes during the other tests.
    neck = await cloud.arrive(ctSeries({ seed: 100, attributes: { BodyPartExamined: 'NECK' } }));
  }, 180_000);
  afterEach(() => pacs.misbehave(undefined));
  afterAll(async () => {
    await cloud?.close();
    await pacs?.close();
  });
  /** The objects that Hilum wrote into a study in the PACS. */
  const written = (StudyInstanceUID: string): readonly string[] =>
    pacs.archive
      .of({ StudyInstanceUID })
      .map(({ bytes }) => indexInstance(bytes))
      .filter(({ writtenByHilum }) => writtenByHilum === true)
      .map(({ SOPInstanceUID }) => SOPInstanceUID);

  it('runs every step in separate processes, which the local cloud starts', async () => {
    await cloud.runOf(neck, 'counts', ended);

    const functions = cloud.functionProcesses().join('\n');

    for (const step of ['RouteFunction', 'ToolcountsInferFunction', 'ConvertFunction', 'ReturnFunction'])
      expect(functions).toMatch(new RegExp(`node .*ministack-lambda-hilum-${step}`));
  });

  it('reports the reason for missing slices and for an unsupported Transfer Syntax', async () => {
    const gap = ctSeries({ seed: 101, slices: 8 }).filter((_, slice) => slice !== 3);
    const unreadable = ctSeries({ seed: 102 }).map((file) => withTransferSyntax(file, JPEG_XL));

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

  it('records why no tool takes a study', async () => {
    const study = await cloud.arrive(PHANTOM_STUDIES['bitewing']?.().files ?? []);

    expect(await cloud.hilum('status', study)).toMatch(/No deployed tool takes/);
    expect(written(study)).toEqual([]);
  });

  it.each([
    ['is down', 'down', 'archive-unavailable'],
    ['is not well', 'unavailable', 'archive-unavailable'],
    ['denies access', 'denied', 'archive-denied'],
    ['refuses every object', 'refuse', 'archive-store-failed'],
    ['takes only some of the objects, with status 202', 'partial', 'archive-store-failed'],
    ['is gone between storing and reading back', 'mute', 'archive-unavailable'],
  ] as const)('delivers once after all where the PACS %s', async (_, fault, code) => {
    const seed = 110 + ['down', 'unavailable', 'denied', 'refuse', 'partial', 'mute'].indexOf(fault);
    const study = await cloud.arrive(ctSeries({ seed }));
    pacs.misbehave(fault);

    const waiting = await cloud.runOf(study, 'counts', (run) => run.reason !== undefined || ended(run));
    const storedMeanwhile = storedBy(await listed(waiting));
    pacs.misbehave(undefined);
    const delivered = await cloud.runOf(study, 'counts', ended);

    expect(waiting).toMatchObject({ state: 'converted', reason: { code } });
    expect([...new Set(storedMeanwhile)].sort()).toEqual({ partial: [0, 1], mute: [1] }[fault as string] ?? [0]);
    expect(delivered.state).toBe('delivered');
    expect(delivered.reason).toBeUndefined();
    expect(written(study)).toEqual(expect.arrayContaining([...(delivered.objects ?? [])]));
    expect(new Set(storedBy(delivered.objects ?? []))).toEqual(new Set([1]));
  });

  it('does not overwrite an object of the same UID with different content, and delivers once that is deleted', async () => {
    const study = await cloud.arrive(ctSeries({ seed: 118 }));
    pacs.misbehave('refuse');
    const run = await cloud.runOf(study, 'counts', ({ reason }) => reason !== undefined);
    const [uid = ''] = await listed(run);
    const ours = await cloud.objects.get(objectKey(setOf(run), uid));
    const { SOPClassUID, SeriesInstanceUID } = indexInstance(ours ?? new Uint8Array());
    const others = encodeDicom({
      ...{ SOPClassUID, SOPInstanceUID: uid, StudyInstanceUID: study, SeriesInstanceUID },
      ...{ Modality: 'OT', Manufacturer: 'Somebody else', PatientName: 'Phantom^Other', PatientID: 'PHANTOM-OTHER' },
    });

    pacs.archive.add(others);
    pacs.misbehave('conflict');
    const waiting = await cloud.runOf(study, 'counts', ({ reason }) => reason?.code === 'content-conflict');
    const kept = pacs.archive.instances.get(uid)?.bytes;
    pacs.archive.instances.delete(uid);
    const delivered = await cloud.runOf(study, 'counts', ended);
    pacs.misbehave(undefined);

    expect(waiting.state).toBe('converted');
    expect(kept).toEqual(others);
    expect(delivered.state).toBe('delivered');
    expect(new Set(storedBy(delivered.objects ?? []))).toEqual(new Set([1]));
  });

  it('gives each tool of a study its own answer, and each failed tool a reason, an object and a dead letter', async () => {
    const tools = ['counts', 'throws', 'dawdles', 'wrong-model', 'crashes', 'stalls'];

    const [counts, throws, dawdles, wrongModel, crashes, stalls] = await Promise.all(
      tools.map((tool) => cloud.runOf(neck, tool, tool === 'wrong-model' ? waits : answered)),
    );

    expect(counts).toMatchObject({ state: 'delivered', outcome: 'result', summary: '6 slices.' });
    expect(throws).toMatchObject({ state: 'failed', reason: { code: 'tool-failed' } });
    expect(dawdles).toMatchObject({ state: 'failed', reason: { code: 'tool-timeout' } });
    // A person has to bring the right model; the study waits for it.
    expect(wrongModel).toMatchObject({ state: 'routed', reason: { code: 'model-digest-mismatch' } });
    expect(crashes).toMatchObject({ state: 'failed', reason: { code: 'died' } });
    expect(stalls).toMatchObject({ state: 'failed', reason: { code: 'died' } });
    const words = await cloud.hilum('status', neck);
    expect(words).toContain(wrongModel?.reason?.message);
    for (const run of [throws, dawdles, crashes, stalls]) {
      expect(run?.reason?.message).toMatch(/^[A-Z].+\.?$/);
      expect(words).toContain(run?.reason?.message);
      expect(run?.objects?.every((uid) => pacs.archive.instances.has(uid))).toBe(true);
    }
  });

  it('does nothing twice, for any number and order of events', async () => {
    const files = ctSeries({ seed: 120 });
    const study = await cloud.arrive(files);
    await cloud.runOf(study, 'counts', ended);
    await cloud.workedOff(HALTED);
    const before = await allRuns(cloud.runs, { StudyInstanceUID: study });
    const run = before.find(({ tool }) => tool === 'counts');
    const { runId = '', tool = '', version = '', lane = 'live', identity, sequence, set } = run ?? {};
    const revision = revisionOf(files.map(indexInstance));
    const key = manifestKey(lane, study, revision);
    const message: RunMessage = {
      ...{ format: 'hilum.run/1', runId, StudyInstanceUID: study, revision, tool, version, lane },
      ...{ inputDigest: inputDigestOf(imagesOf(study, files)), manifestKey: key, answer: 'result' },
      ...{ identity, sequence },
    };
    expect(runIdOf(message)).toBe(runId);

    await cloud.send({ step: 'return', lane }, JSON.stringify({ ...message, set }));
    await cloud.send({ step: 'convert', lane }, JSON.stringify(message));
    await cloud.send({ step: 'infer', tool, lane }, JSON.stringify(message));
    await cloud.send({ step: 'intake', lane }, JSON.stringify({ Records: [{ s3: { object: { key } } }] }));
    await cloud.workedOff(HALTED);

    expect(await cloud.runs.get(runId)).toEqual(run);
    expect(written(study).toSorted()).toEqual(before.flatMap(({ objects = [] }) => objects).sort());
    for (const { SOPInstanceUID } of pacs.archive.of({ StudyInstanceUID: study })) {
      expect(pacs.stored.get(SOPInstanceUID), SOPInstanceUID).toBe(1);
    }
  });

  /** The objects that a run was converted to. */
  async function listed(run: RunRecord): Promise<readonly string[]> {
    const list = await cloud.objects.get(objectListKey(setOf(run)));
    return parseObjectList(list ?? new Uint8Array()).objects.map(({ SOPInstanceUID }) => SOPInstanceUID);
  }

  /** How often each object was stored over STOW-RS. */
  const storedBy = (uids: readonly string[]): number[] => uids.map((uid) => pacs.stored.get(uid) ?? 0);
});

const imagesOf = (StudyInstanceUID: string, files: readonly Uint8Array[]) =>
  groupImages({ StudyInstanceUID, instances: files.map(indexInstance) });
