/** Manifests that were never routed, or not to the end, are routed; all others are left alone. */
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { encodeDicom } from '#dicom/write.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import type { Lane } from '#pipeline/keys.ts';
import { beginStoring, endStoring, noteRouted, withdrawSet } from '#pipeline/sets.ts';
import { intakeWork } from '#pipeline/work.ts';
import {
  converted,
  createPipeline,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  s3Event,
  sqsEvent,
  upload,
  uploadFiles,
} from '../fixtures/pipeline.ts';
import { createReconciler, DAY_S, MINUTE_S } from '../fixtures/reconciler.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();

/** A report of the study, which no tool takes. */
const report = encodeDicom({
  ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11', SOPInstanceUID: '2.25.77', Modality: 'SR' },
  ...{ StudyInstanceUID: indexInstance(file).StudyInstanceUID, SeriesInstanceUID: '2.25.78' },
});

const routed = async (pipeline: Pipeline, key: string): Promise<void> => {
  const answer = await route({ ...pipeline, catalog: [entry] })(sqsEvent('intake-live', [s3Event(key)]), minuteLeft);
  expect(answer).toEqual(nothingFailed);
};

async function uploaded(lane: Lane = 'live') {
  const pipeline = createPipeline();
  const study = await upload(pipeline, file, lane);
  const intake = pipeline.queueNamed(`intake-${lane}`);
  return { pipeline, study, intake, ...createReconciler(pipeline) };
}

describe('a manifest without a run', () => {
  it.each(['live', 'backfill'] as const)(
    'is routed in its lane (%s) a quarter of an hour after it came',
    async (lane) => {
      const { study, intake, pipeline, pass } = await uploaded(lane);

      await pass(14 * MINUTE_S);
      expect(intake.sent).toEqual([]);
      await pass(2 * MINUTE_S);

      expect(intake.sent).toEqual([s3Event(study.key)]);
      expect(pipeline.counted).toEqual(['Reconciled']);
      expect(pipeline.logged.join()).toContain('"code":"manifest-not-routed"');
    },
  );

  it('is not routed again once it is in the queue, and not after it was routed', async () => {
    const { pipeline, study, intake, drain, pass } = await uploaded();
    for (let minutes = 0; minutes < 120; minutes += 10) await pass(10 * MINUTE_S);
    expect(intake.sent).toHaveLength(1);

    await routed(pipeline, study.key);
    await drain('intake-live');
    for (let minutes = 0; minutes < 30; minutes += 10) await pass(10 * MINUTE_S);

    expect(intake.sent).toHaveLength(1);
  });

  it('waits for a day while the intake queue holds anything, and is then routed once a day', async () => {
    const { intake, pass } = await uploaded();
    await intake.send('another');
    const times: number[] = [];
    for (let minutes = 10; minutes < 4 * 24 * 60; minutes += 10) {
      await pass(10 * MINUTE_S);
      if (intake.sent.length - 1 > times.length) times.push(minutes);
    }

    expect(times).toEqual([1440, 2880, 4320]);
  });

  it('is left where it is if SQS itself would have forgotten it, and if its key is another', async () => {
    const { pipeline, intake, pass } = await uploaded();
    await pipeline.objects.put('live/studies/notes.txt', Buffer.from('x'));

    await pass(14 * DAY_S + MINUTE_S);

    expect(intake.sent).toEqual([]);
    await pipeline.objects.put('live/studies/1.2/other/manifest.json', Buffer.from('x'));
    await pass(DAY_S);
    expect(intake.sent).toEqual([]);
    expect(pipeline.counted).toEqual([]);
  });
});

describe('a manifest with runs', () => {
  it('is left alone if a later upload had the same input', async () => {
    const { pipeline, study, intake, pass } = await uploaded();
    await routed(pipeline, study.key);
    const later = await uploadFiles(pipeline, [file, report]);
    expect(later.revision).not.toBe(study.revision);
    await routed(pipeline, later.key);
    expect(pipeline.runs.records.size).toBe(1);
    // The runs are not what this is about.
    for (const [id, run] of pipeline.runs.records) pipeline.runs.records.set(id, { ...run, state: 'delivered' });

    await pass(16 * MINUTE_S);
    await pass(10 * MINUTE_S);

    expect(intake.sent).toEqual([]);
  });

  it.each(['begun', 'failing'])('is routed again if its routing is %s and its message is gone', async (how) => {
    const { pipeline, study, intake, pass } = await uploaded();
    await routed(pipeline, study.key);
    const name = intakeWork([study.key]) ?? '';
    const reason = { code: 'service-unavailable', message: 'Away.' };
    const failing = { since: '2026-01-01T00:00:00.000Z', inRow: 1, counts: {}, reason, givenUp: false };
    if (how === 'begun') await pipeline.ledger.begin(name);
    else await pipeline.ledger.fail(name, { cause: 'service', ...failing });

    await pass(16 * MINUTE_S);

    expect(intake.sent).toEqual([s3Event(study.key)]);
  });

  it('is routed again if a run of it is open and in no list', async () => {
    const { pipeline, study, intake, pass } = await uploaded();
    await routed(pipeline, study.key);
    for (const [id, { changed: _, ...run }] of pipeline.runs.records) pipeline.runs.records.set(id, run);

    await pass(16 * MINUTE_S);

    expect(intake.sent).toEqual([s3Event(study.key)]);
  });
});

describe('a manifest whose results were returned', () => {
  /** A study whose results were delivered, and then came with another sequence. */
  async function returned(sets: 'finished' | 'older' | 'under way' | 'withdrawn') {
    const reconciled = await uploaded();
    const { pipeline, study, drain } = reconciled;
    await routed(pipeline, study.key);
    await drain('infer-tiny-live');
    const message = { ...runMessage(file, entry, study), sequence: 1 };
    await pipeline.runs.record({ ...message, state: 'delivered' });
    const { runId, revision } = message;
    const { set: setId = '' } = await converted(pipeline, message, [{ SOPInstanceUID: '2.25.1', bytes: file }]);
    if (sets !== 'under way') await beginStoring(pipeline.sets, message, setId);
    if (sets === 'finished' || sets === 'older') await endStoring(pipeline.sets, message, setId);
    if (sets === 'withdrawn') await withdrawSet(pipeline.sets, message, setId);
    await noteRouted(pipeline.sets, message, { sequence: sets === 'older' ? 2 : 1, runId, revision });
    return reconciled;
  }

  it.each(['older', 'under way'] as const)(
    'is routed again if its set is %s, and no message is there',
    async (sets) => {
      const { study, intake, pipeline, pass } = await returned(sets);

      await pass(14 * MINUTE_S);
      expect(intake.sent).toEqual([]);
      await pass(2 * MINUTE_S);

      expect(intake.sent).toEqual([s3Event(study.key)]);
      expect(pipeline.logged.join()).toContain('"code":"set-not-delivered"');
    },
  );

  it('is left alone while a message may be on its way', async () => {
    const { intake, pipeline, pass } = await returned('older');
    await pipeline.queueNamed('convert-live').send('another');

    await pass(16 * MINUTE_S);

    expect(intake.sent).toEqual([]);
  });

  it.each(['finished', 'withdrawn'] as const)('is left alone if its set is %s', async (sets) => {
    const { intake, pass } = await returned(sets);

    await pass(16 * MINUTE_S);

    expect(intake.sent).toEqual([]);
  });
});
