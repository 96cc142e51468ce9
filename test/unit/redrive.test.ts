/** `hilum redrive`: what was given up goes back to the step that gave it up, once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '#core/errors.ts';
import type { GivenUp, RunRecord, RunUpdate } from '#pipeline/ports.ts';
import { type Redriven, type RedriveQuery, redrive } from '#pipeline/redrive.ts';
import { runWork } from '#pipeline/work.ts';
import { createPipeline, type Pipeline } from '../fixtures/pipeline.ts';

const REASON = { code: 'archive-unavailable', message: 'The PACS is away.' };
const BASE: Omit<RunUpdate, 'runId' | 'state'> & { readonly inputDigest: string } = {
  ...{ StudyInstanceUID: '1.2', revision: 'a'.repeat(64), inputDigest: 'b'.repeat(64) },
  ...{ tool: 'tiny', version: '1.0.0', lane: 'live', reason: REASON },
};

let pipeline: Pipeline;
beforeEach(() => {
  pipeline = createPipeline();
});

/** A run that ended, by the first digit of its id. */
async function ended(digit: string, change: Partial<RunUpdate> = {}): Promise<string> {
  const runId = digit.repeat(32);
  await pipeline.runs.record({ ...BASE, runId, state: 'failed', outcome: 'failed', ...change });
  pipeline.clock.advance(1_000);
  return runId;
}

async function redriven(query: RedriveQuery = {}): Promise<readonly Redriven[]> {
  return await Array.fromAsync(redrive(pipeline, query));
}

const ends = (found: readonly Redriven[]): readonly string[] => found.map(({ end }) => end);
const rowOf = async (runId: string): Promise<RunRecord | undefined> => await pipeline.runs.get(runId);
const by = (step: GivenUp['step'], cause: GivenUp['cause'] = 'fault'): GivenUp => ({ step, cause });

describe.each([
  ['infer', 'infer-tiny-live', 'routed'],
  ['convert', 'convert-live', 'inferred'],
  ['return', 'return-live', 'converted'],
] as const)('a run that %s gave up', (step, queue, state) => {
  it('goes back to that step, with its whole budget, and says so', async () => {
    const runId = await ended('1', { gaveUp: by(step) });
    const work = runWork(step, { runId, answer: 'result' });
    await pipeline.ledger.begin(work);

    expect(await redriven()).toMatchObject([{ end: 'sent', step, queue, answer: 'result', run: { runId } }]);

    expect(pipeline.queueNamed(queue).sent.map((body) => JSON.parse(body) as unknown)).toEqual([
      {
        ...{ format: 'hilum.run/1', runId, StudyInstanceUID: '1.2', revision: BASE.revision },
        ...{ inputDigest: BASE.inputDigest, tool: 'tiny', version: '1.0.0', lane: 'live', answer: 'result' },
        manifestKey: `live/studies/1.2/${BASE.revision}/manifest.json`,
      },
    ]);
    expect(pipeline.ledger.entries.has(work)).toBe(false);
    const time = '2026-01-01T00:00:01.000Z';
    const row = await rowOf(runId);
    expect(row).toMatchObject({ state, changed: time, redriven: time });
    for (const name of ['reason', 'gaveUp', 'outcome'] as const) expect(row).not.toHaveProperty(name);
  });

  it('is not sent a second time', async () => {
    await ended('1', { gaveUp: by(step) });
    await redriven();

    expect(await redriven()).toEqual([]);
    expect(await redriven({ StudyInstanceUID: '1.2' })).toEqual([]);
    expect(pipeline.queueNamed(queue).sent).toHaveLength(1);
  });

  it('is only told of if nothing shall be done', async () => {
    const runId = await ended('1', { gaveUp: by(step) });

    expect(await redriven({ dryRun: true })).toMatchObject([{ end: 'sent', queue }]);

    expect(pipeline.queueNamed(queue).sent).toEqual([]);
    expect(await rowOf(runId)).toMatchObject({ state: 'failed', gaveUp: { step } });
  });
});

it('an upload that was not routed is routed again, once for all its tools, and its rows go', async () => {
  for (const [digit, tool] of [
    ['1', 'tiny'],
    ['2', 'other'],
  ] as const)
    await ended(digit, { tool, gaveUp: by('intake') });

  expect(ends(await redriven())).toEqual(['sent', 'sent']);

  const key = `live/studies/1.2/${BASE.revision}/manifest.json`;
  expect(pipeline.queueNamed('intake-live').sent).toEqual([
    JSON.stringify({ Records: [{ s3: { object: { key: encodeURIComponent(key) } } }] }),
  ]);
  expect((await pipeline.runs.list()).runs).toEqual([]);
});

it('runs of a cause, of a study, or of a time alone can be named', async () => {
  await ended('1', { gaveUp: by('return', 'archive') });
  await ended('2', { StudyInstanceUID: '1.3', gaveUp: by('infer'), reason: { code: 'died', message: 'Died.' } });
  await ended('3', { gaveUp: by('infer') });
  const found = async (query: RedriveQuery): Promise<string> =>
    (await redriven({ ...query, dryRun: true })).map(({ run }) => run.runId[0]).join('');

  expect(await found({})).toBe('321');
  expect(await found({ cause: 'archive-unavailable' })).toBe('31');
  expect(await found({ StudyInstanceUID: '1.3' })).toBe('2');
  expect(await found({ since: '2026-01-01T00:00:01.000Z' })).toBe('32');
  expect(await found({ since: '2026-01-01T00:00:01.000Z', cause: 'died' })).toBe('2');
  expect(await found({ cause: 'other' })).toBe('');
});

it('what no other attempt can help is left alone, unless its cause or its study is named', async () => {
  await ended('1', { state: 'rejected', gaveUp: by('convert', 'never') });

  expect(ends(await redriven())).toEqual(['hopeless']);
  expect(pipeline.queueNamed('convert-live').sent).toEqual([]);
  expect(ends(await redriven({ cause: REASON.code }))).toEqual(['sent']);
  expect(pipeline.queueNamed('convert-live').sent).toHaveLength(1);
});

it('a study that was never told of its failure is told, and the run stays as it is', async () => {
  const runId = await ended('1', {
    state: 'rejected',
    gaveUp: by('convert', 'never'),
    untold: by('return', 'archive'),
  });

  expect(await redriven()).toMatchObject([{ end: 'sent', answer: 'failure', queue: 'return-live' }]);

  expect(pipeline.sentTo({ step: 'return', lane: 'live' })).toMatchObject([{ runId, answer: 'failure' }]);
  const row = await rowOf(runId);
  expect(row).toMatchObject({ state: 'rejected', reason: REASON, gaveUp: { step: 'convert' } });
  expect(row).not.toHaveProperty('untold');
  expect(ends(await redriven())).toEqual(['hopeless']);
});

it('runs that say nothing of who gave up go through all steps again, once', async () => {
  await ended('1');
  await ended('2', { state: 'rejected', reason: { code: 'version-replaced', message: 'Replaced.' } });
  await ended('3', { state: 'not-applicable' });
  await ended('4', { state: 'delivered' });

  expect(await redriven({ StudyInstanceUID: '1.2' })).toMatchObject([{ end: 'sent', queue: 'intake-live' }]);
  expect(await redriven({ StudyInstanceUID: '1.2' })).toEqual([]);
  expect(await rowOf('1'.repeat(32))).toMatchObject({ state: 'failed', redriven: expect.stringMatching(/^2026/) });
});

it('a run whose tool is not deployed any more is left as it is, and the others are sent', async () => {
  const gone = await ended('1', { tool: 'gone', gaveUp: by('infer') });
  await ended('2', { gaveUp: by('infer') });
  const refusing = (error: string) => (name: string) =>
    name === 'infer-gone-live'
      ? { send: () => Promise.reject(new ConfigurationError('Cannot use a queue.', { facts: { error } })) }
      : pipeline.queueNamed(name);

  const denied = Array.fromAsync(redrive({ ...pipeline, queueNamed: refusing('AccessDenied') }, {}));
  await expect(denied).rejects.toThrow(ConfigurationError);
  const found = await Array.fromAsync(redrive({ ...pipeline, queueNamed: refusing('QueueDoesNotExist') }, {}));

  expect(ends(found)).toContain('not-deployed');
  expect(pipeline.queueNamed('infer-tiny-live').sent).toHaveLength(1);
  expect(await rowOf(gone)).toMatchObject({ state: 'failed', gaveUp: { step: 'infer' } });
});

it('a run that was delivered while its message was being sent stays delivered', async () => {
  const runId = await ended('1', { gaveUp: by('return', 'archive') });
  const queueNamed = (name: string) => ({
    async send(body: string) {
      await pipeline.queueNamed(name).send(body);
      await pipeline.runs.record({ ...BASE, runId, state: 'delivered' });
    },
  });

  await Array.fromAsync(redrive({ ...pipeline, queueNamed }, {}));

  expect(await rowOf(runId)).toMatchObject({ state: 'delivered' });
});

it('many runs are sent, each once', async () => {
  for (const digit of '0123456789abcdef') await ended(digit, { gaveUp: by('return', 'archive') });

  expect(await redriven()).toHaveLength(16);
  expect(new Set(pipeline.queueNamed('return-live').sent).size).toBe(16);
});
