/** A retired tool begins no run. What it began goes on to its end. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeHandler as deadLetter } from '#functions/dead-letter/handler.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import { RoutingEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { s3EventOf } from '#pipeline/messages.ts';
import { failedAgain } from '#pipeline/retry-policy.ts';
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
} from '../fixtures/pipeline.ts';
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
  const tools = async () => (await pipeline.runs.list()).runs.map(({ tool }) => tool);

  it.each([
    ['of the bucket', (key: string) => s3Event(key)],
    ['that names it', (key: string) => s3EventOf(key, ['tiny', 'other'])],
  ])('gets no new study, by a message %s', async (_, bodyOf) => {
    expect(await routed(bodyOf(study.key))).toEqual(nothingFailed);

    expect([sentTo('tiny'), sentTo('other')]).toEqual([0, 1]);
    expect(await tools()).toEqual(['other']);
    expect(pipeline.logged.join()).toContain('"tool-retired"');
  });

  it('is sent what it had begun and what was lost on the way, or comes again', async () => {
    const message = runMessage(file, entry, study);
    await pipeline.runs.record({ ...message, state: 'received' });

    expect(await routed(s3Event(study.key))).toEqual(nothingFailed);

    expect([sentTo('tiny'), sentTo('other')]).toEqual([1, 1]);
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'routed' });
  });

  it('has no part in a study that cannot be routed', async () => {
    await pipeline.objects.put(study.key, Buffer.from('<xml/>'));

    expect(await routed(s3Event(study.key))).toEqual(nothingFailed);

    expect(await tools()).toEqual(['other']);
  });

  it('has no part in a study whose routing was given up', async () => {
    const failing = failedAgain(undefined, 'fault', pipeline.clock.now());
    const reason = { code: 'unexpected', message: 'It failed.' };
    await pipeline.ledger.fail(intakeWork([study.key]) ?? '', { ...failing, reason, givenUp: true });
    const handle = deadLetter({ ...pipeline, catalog: [entry, other], retired: RETIRED });

    expect(await handle(sqsEvent('intake-live-dead', [s3Event(study.key)]), minuteLeft)).toEqual(nothingFailed);

    expect((await pipeline.runs.list()).runs).toMatchObject([{ tool: 'other', state: 'failed' }]);
  });
});

it('the functions know retired tools by a list with commas, and by default there is none', () => {
  const variables = { HILUM_BUCKET: 'studies', HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: 'http://127.0.0.1/0/hilum-' };
  const read = (more: object) => readEnvironment(RoutingEnvironmentSchema, { ...variables, ...more });

  expect(read({}).HILUM_RETIRED_TOOLS).toEqual([]);
  expect(read({ HILUM_RETIRED_TOOLS: 'caries,tiny' }).HILUM_RETIRED_TOOLS).toEqual(['caries', 'tiny']);
});
