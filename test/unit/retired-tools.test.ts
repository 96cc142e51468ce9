/** A retired tool begins no run. What it began goes on to its end. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeHandler as deadLetter } from '#functions/dead-letter/handler.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import { RouteEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { s3EventOf } from '#pipeline/messages.ts';
import { redrive } from '#pipeline/redrive.ts';
import { newestUpload, rerun } from '#pipeline/rerun.ts';
import { failedAgain } from '#pipeline/retry-policy.ts';
import { noteRouted } from '#pipeline/sets.ts';
import { intakeWork } from '#pipeline/work.ts';
import {
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
import { createReconciler } from '../fixtures/reconciler.ts';
import { createLife, EACH, images } from '../fixtures/results-life.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const other = { ...entry, manifest: { ...entry.manifest, id: 'other' } };
const file = makeRadiographFile();
const RETIRED = ['tiny'];

describe('a retired tool', () => {
  let pipeline: Pipeline;
  let study: Awaited<ReturnType<typeof upload>>;
  beforeEach(async () => {
    pipeline = createPipeline();
    study = await upload(pipeline, file);
  });
  const sentTo = (tool: string): number => pipeline.sentTo({ step: 'infer', tool, lane: 'live' }).length;
  const routed = (body: string) =>
    route({ ...pipeline, catalog: [entry, other], retired: RETIRED })(sqsEvent('intake-live', [body]), minuteLeft);
  const ends = async () => (await pipeline.runs.list()).runs.map(({ tool, state }) => [tool, state]).sort();

  it.each([
    ['of the bucket', (key: string) => s3Event(key)],
    ['that names it', (key: string) => s3EventOf(key, ['tiny', 'other'])],
  ])('gets no new study, which its run says, by a message %s', async (_, bodyOf) => {
    for (const _time of [1, 2]) {
      expect(await routed(bodyOf(study.key))).toEqual(nothingFailed);

      expect(sentTo('tiny')).toBe(0);
      expect(await pipeline.runs.get(runMessage(file, entry, study).runId)).toMatchObject({
        ...{ state: 'rejected', revision: study.revision },
        reason: { code: 'tool-retired', message: 'The tool tiny is retired: it takes no new images.' },
      });
    }
    expect(await ends()).toEqual([
      ['other', 'routed'],
      ['tiny', 'rejected'],
    ]);
    expect(pipeline.logged.join()).toContain('"tool-retired"');
  });

  it('leaves nothing to the reconciler where no other tool is deployed', async () => {
    const { pass, drain } = createReconciler(pipeline);
    const handle = route({ ...pipeline, catalog: [entry], retired: RETIRED });
    expect(await handle(sqsEvent('intake-live', [s3Event(study.key)]), minuteLeft)).toEqual(nothingFailed);
    await drain('intake-live');
    for (let hours = 0; hours < 48; hours += 4) await pass(4 * 3600);

    expect(pipeline.counted).not.toContain('Reconciled');
  });

  it('does not deliver what it makes of an older upload as what the study has now', async () => {
    const place = { StudyInstanceUID: study.StudyInstanceUID, tool: 'tiny' };
    const newer = await uploadFiles(pipeline, [file], 'live', {}, { sequence: 2 });
    await noteRouted(pipeline.sets, place, { sequence: 1, runId: 'older', revision: 'older' });

    expect(await routed(s3Event(newer.key))).toEqual(nothingFailed);

    const { routed: upload } = (await pipeline.sets.get(place)).study;
    expect(upload).toMatchObject({ sequence: 2, revision: newer.revision });
  });

  it('begins nothing of an upload whose routing was given up, though its row is there', async () => {
    const { runId } = runMessage(file, entry, study);
    const gaveUp = { step: 'intake', cause: 'fault' } as const;
    const reason = { code: 'unexpected', message: 'It failed.' };
    await pipeline.runs.record({ ...runMessage(file, entry, study), state: 'failed', reason, gaveUp });

    expect(await routed(s3Event(study.key))).toEqual(nothingFailed);

    expect(sentTo('tiny')).toBe(0);
    const run = await pipeline.runs.get(runId);
    expect(run).toMatchObject({ state: 'rejected', reason: { code: 'tool-retired' } });
    expect(run).not.toHaveProperty('gaveUp');
  });

  it('is sent what it had begun and what was lost on the way, or comes again', async () => {
    const message = runMessage(file, entry, study);
    await pipeline.runs.record({ ...message, state: 'received' });

    expect(await routed(s3Event(study.key))).toEqual(nothingFailed);

    expect([sentTo('tiny'), sentTo('other')]).toEqual([1, 1]);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'routed' });
  });

  it('has the same end as others in a study that cannot be routed', async () => {
    await pipeline.objects.put(study.key, Buffer.from('<xml/>'));

    expect(await routed(s3Event(study.key))).toEqual(nothingFailed);

    expect(await ends()).toEqual([
      ['other', 'rejected'],
      ['tiny', 'rejected'],
    ]);
  });

  it('is answered for where the routing of a study that was given up is redriven', async () => {
    const failing = failedAgain(undefined, 'fault', pipeline.clock.now());
    const reason = { code: 'unexpected', message: 'It failed.' };
    await pipeline.ledger.fail(intakeWork([study.key]) ?? '', { ...failing, reason, givenUp: true });
    const handle = deadLetter({ ...pipeline, catalog: [entry, other] });
    expect(await handle(sqsEvent('intake-live-dead', [s3Event(study.key)]), minuteLeft)).toEqual(nothingFailed);
    expect(await ends()).toEqual([
      ['other', 'failed'],
      ['tiny', 'failed'],
    ]);

    expect((await Array.fromAsync(redrive(pipeline, {}))).map(({ end }) => end)).toEqual(['sent', 'sent']);
    const intake = pipeline.queueNamed('intake-live').sent;
    expect(intake).toHaveLength(1);
    expect(await routed(intake.join())).toEqual(nothingFailed);

    expect(await ends()).toEqual([
      ['other', 'routed'],
      ['tiny', 'rejected'],
    ]);
    expect(await Array.fromAsync(redrive(pipeline, {}))).toEqual([]);
  });
});

describe('a study with results, whose tool was retired', () => {
  it('has them replaced once its images are none for the tool', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles();
    life.retires();
    await life.arrives([makeRadiographFile({ SOPInstanceUID: '2.25.1003', Modality: 'MR', grey: 7 })]);
    await life.settles();

    expect(await life.states()).toEqual(['delivered', 'superseded']);
    expect(life.pacs.deletedUids).toEqual(life.pacs.storedUids.slice(0, EACH));
  });

  it('has none of them stored that were still on their way when it changed, until it is as it was', async () => {
    const life = createLife();
    await life.arrives(images(2));
    await life.settles('convert-live');
    life.retires();
    await life.arrives(images(4));
    await life.settles();

    expect(life.pacs.storedUids).toEqual([]);
    expect(await life.states()).toEqual(['rejected', 'superseded']);

    await life.arrives(images(2));
    await life.settles();
    expect(await life.states()).toEqual(['delivered', 'rejected']);
  });
});

it('the run of a study that came while its tool was retired begins with a rerun once the tool is back', async () => {
  const life = createLife();
  life.retires();
  await life.arrives(images(2));
  await life.settles();
  expect(await life.states()).toEqual(['rejected']);
  life.retires(false);
  const upload = await newestUpload(life.pipeline.objects, (await life.runs())[0]?.StudyInstanceUID ?? '');
  if (upload === undefined) throw new Error('There is no upload');

  const done = await rerun(life.pipeline, upload, new Map([['tiny', life.version()]]));
  await life.settles();

  expect(done).toMatchObject([{ end: 'tried-again' }]);
  expect(await life.states()).toEqual(['delivered']);
});

it('the function knows retired tools by a list with commas, and by default there is none', () => {
  const variables = { HILUM_BUCKET: 'studies', HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: 'http://127.0.0.1/0/hilum-' };
  const read = (more: object) => readEnvironment(RouteEnvironmentSchema, { ...variables, ...more });

  expect(read({}).HILUM_RETIRED_TOOLS).toEqual([]);
  expect(read({ HILUM_RETIRED_TOOLS: 'caries,tiny' }).HILUM_RETIRED_TOOLS).toEqual(['caries', 'tiny']);
});
