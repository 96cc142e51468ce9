/** Every stage × every cause, at the first and at the last attempt: there is no silence, and what happens is what the table says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as errors from '#core/errors.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { DicomReadError } from '#dicom/error.ts';
import { makeHandler as convert } from '#functions/convert/handler.ts';
import { makeHandler as deadLetter } from '#functions/dead-letter/handler.ts';
import { makeHandler as infer } from '#functions/infer/handler.ts';
import { makeHandler as deliver } from '#functions/return/handler.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import type { QueueHandler } from '#functions/shared/consume.ts';
import { type Cause, causeOf, ENDS, STAGES, type Stage } from '#pipeline/ends.ts';
import { deadLetterQueueOf } from '#pipeline/environment.ts';
import { failureKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { CELLS, endsTable } from '../fixtures/ends-table.ts';
import { EVERY_ERROR } from '../fixtures/every-error.ts';
import {
  allFailed,
  createPipeline,
  echoEngine,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  runMessage,
  s3Event,
  sqsEvent,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const ERRORS: Readonly<Record<Cause, Error>> = {
  never: new DicomReadError('limit-exceeded', 'The file holds too much.'),
  fault: new TypeError('no such key for Doe^Jane'),
  chunk: new errors.MissingChunkError('The chunk abc is not in the bucket.'),
  service: new errors.ServiceUnavailableError('The bucket is away.'),
  archive: new errors.ArchiveUnavailableError('The PACS is away.'),
  person: new errors.ConfigurationError('Set it right.'),
  newer: new errors.NewerFormatError('It is newer.'),
};
const QUEUES: Readonly<Record<Stage, string>> = {
  ...{ route: 'intake-live', infer: 'infer-tiny-live', convert: 'convert-live', return: 'return-live' },
  'dead-letter': 'infer-live-dead',
};
const DAY_S = 86_400;
/** A set that delivery looks for. */
const CONVERTED = { set: 'a'.repeat(32) };

/** The stage's real handler. */
function handlerOf(stage: Stage, pipeline: Pipeline): QueueHandler {
  const tool = { entry, tool: makeTool(() => nothingFound), decoder: inProcessDecoder, engine: echoEngine };
  switch (stage) {
    case 'route':
      return route({ ...pipeline, catalog: [entry] });
    case 'infer':
      return infer({ ...pipeline, ...tool, toolTimeoutMs: 10_000 });
    case 'convert':
      return convert(pipeline);
    case 'return':
      return deliver({ ...pipeline, archive: () => Promise.reject(new Error('Nothing is delivered')) });
    case 'dead-letter':
      return deadLetter({ ...pipeline, catalog: [entry] });
  }
}

/** Tries one message until it is acknowledged, or for twelve days, with the waits that the handler asks for. */
async function tryOn(stage: Stage, error: Error) {
  const pipeline = createPipeline();
  const study = await upload(pipeline, makeRadiographFile());
  const message = runMessage(makeRadiographFile(), entry, study, CONVERTED);
  const body = stage === 'route' ? s3Event(study.key) : JSON.stringify(message);
  const fail = () => Promise.reject(error);
  const broken = { ...pipeline, objects: { ...pipeline.objects, get: fail }, ledger: { ...pipeline.ledger } };
  if (stage === 'dead-letter') broken.ledger.get = fail;
  const handler = handlerOf(stage, broken);
  const queue = pipeline.queueNamed(QUEUES[stage]);
  const start = pipeline.clock.now();
  const ageS = () => (pipeline.clock.now() - start) / 1000;
  let [sentMs, receiveCount, attempts, sentAnew] = [start, 0, 0, 0];
  let first: { readonly answer: unknown; readonly reason: unknown } | undefined;
  let alarmAtS: number | undefined;
  let acknowledged = false;
  while (!acknowledged && ageS() < 12 * DAY_S) {
    receiveCount += 1;
    attempts += 1;
    const answer = await handler(sqsEvent(QUEUES[stage], [body], receiveCount, sentMs), minuteLeft);
    first ??= { answer, reason: (await pipeline.runs.get(message.runId))?.reason };
    if (pipeline.counted.includes('Halted')) alarmAtS ??= ageS();
    if (JSON.stringify(answer) === JSON.stringify(nothingFailed)) {
      acknowledged = queue.sent.length === sentAnew;
      if (!acknowledged) [sentAnew, sentMs, receiveCount] = [queue.sent.length, pipeline.clock.now(), 0];
    }
    if (!acknowledged) pipeline.clock.advance((queue.postponed.at(-1) ?? 0) * 1000);
  }
  const runs = async () => (await pipeline.runs.list()).runs;
  return { pipeline, message, body, first, attempts, sentAnew, alarmAtS, acknowledged, endedAtS: ageS(), runs };
}

/** Lets the dead-letter function work on what the stage gave up. */
async function bury(pipeline: Pipeline, queue: string): Promise<number> {
  const deadLetters = deadLetterQueueOf(queue);
  const dead = pipeline.queueNamed(deadLetters).sent;
  for (const body of dead) {
    const answer = await handlerOf('dead-letter', pipeline)(sqsEvent(deadLetters, [body]), minuteLeft);
    expect(answer).toEqual(nothingFailed);
  }
  return dead.length;
}

const toConvert = { step: 'convert', lane: 'live' } as const;

describe('the table of ends', () => {
  it('is that of docs/ends.md', () => {
    const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'ends.md'), 'utf8');

    expect(document).toContain(endsTable());
  });

  it.each(errors.ARCHIVE_TRUST_CODES)('has a row in docs/ends.md for %s, which a person ends', (code) => {
    const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'ends.md'), 'utf8');

    expect(document).toContain(`\n| \`${code}\` |`);
    expect(causeOf(new errors.ArchiveTrustError(code, 'x'))).toBe('person');
  });

  it.each(Object.entries(ERRORS))('knows the cause %s by its error', (cause, error) => {
    expect(causeOf(error)).toBe(cause);
  });
});

describe.each(CELLS)('%s, %s', (stage, cause) => {
  const { budget, run, told } = ENDS[stage][cause];
  const error = ERRORS[cause];
  const reason = errors.reasonOf(error);

  it('is not silent at the first attempt, and ends as the table says', async () => {
    const tried = await tryOn(stage, error);
    const { pipeline, message } = tried;

    const isOnce = budget.kind === 'tries' && budget.tries === 1;
    expect(tried.first?.answer).toEqual(isOnce ? nothingFailed : allFailed);
    if (!isOnce && stage !== 'route' && stage !== 'dead-letter') expect(tried.first?.reason).toEqual(reason);

    if (budget.kind === 'waits') {
      expect(tried.acknowledged).toBe(false);
      expect(tried.sentAnew).toBe(1);
      expect(tried.alarmAtS).toBeGreaterThanOrEqual(budget.alarmAfterS);
      expect(tried.alarmAtS).toBeLessThanOrEqual(budget.alarmAfterS + 1800);
      return;
    }
    expect(tried.acknowledged).toBe(true);
    if (budget.kind === 'tries') expect(tried.attempts).toBe(budget.tries);
    if (budget.kind === 'tries') expect(tried.endedAtS).toBeLessThan(600);
    if (budget.kind === 'time') expect(tried.endedAtS).toBeGreaterThanOrEqual(budget.seconds);
    if (budget.kind === 'time') expect(tried.endedAtS).toBeLessThanOrEqual(budget.seconds + 1800);

    const buried = stage === 'dead-letter' ? 0 : await bury(pipeline, QUEUES[stage]);

    const letters = [...pipeline.objects.contents.keys()].filter((key) => key.startsWith('dead-letters/'));
    expect(letters).toHaveLength(stage === 'route' && run === 'rejected' ? 0 : 1);
    expect(buried).toBe(letters.length - (stage === 'dead-letter' ? 1 : 0));
    expect(pipeline.counted.includes('DeadLetters')).toBe(letters.length > 0);
    if (stage !== 'dead-letter') expect(await tried.runs()).toMatchObject([{ state: run, reason }]);
    const sent: readonly RunMessage[] = told === 'study' ? [{ ...message, answer: 'failure' }] : [];
    expect(pipeline.sentTo(toConvert)).toEqual(sent);
    expect(pipeline.objects.contents.has(failureKey(message))).toBe(told === 'study');
  });
});

describe.each(STAGES)('every class of error: %s', (stage) => {
  it.each(EVERY_ERROR.map(([error]) => [`${error.name} ${error.code}`, error] as const))(
    'is not silent after a %s',
    async (_, error) => {
      const pipeline = createPipeline();
      const study = await upload(pipeline, makeRadiographFile());
      const body = stage === 'route' ? s3Event(study.key) : runMessage(makeRadiographFile(), entry, study, CONVERTED);
      const fail = () => Promise.reject(error);
      const broken = { ...pipeline, objects: { ...pipeline.objects, get: fail }, ledger: { ...pipeline.ledger } };
      if (stage === 'dead-letter') broken.ledger.get = fail;

      const answer = await handlerOf(stage, broken)(sqsEvent(QUEUES[stage], [body]), minuteLeft);

      const { budget } = ENDS[stage][causeOf(error)];
      const waits = JSON.stringify(answer) === JSON.stringify(allFailed);
      const names = new Set(
        Object.values(QUEUES).flatMap((name) => (name.endsWith('-dead') ? [name] : [name, deadLetterQueueOf(name)])),
      );
      const sentOn = [...names].flatMap((name) => pipeline.queueNamed(name).sent);
      const letters = [...pipeline.objects.contents.keys()].filter((key) => key.startsWith('dead-letters/'));
      const rejected = (await pipeline.runs.list()).runs.filter(({ state }) => state === 'rejected');
      // An answer is under way, a message waits, or somebody is told.
      expect(pipeline.queueNamed(QUEUES[stage]).postponed).toHaveLength(waits ? 1 : 0);
      expect(sentOn.length + letters.length + rejected.length).toBe(waits ? 0 : 1);
      const goesBack = error instanceof errors.MissingProductError && (stage === 'convert' || stage === 'return');
      expect(waits).toBe(!goesBack && !(budget.kind === 'tries' && budget.tries === 1));
    },
  );
});
