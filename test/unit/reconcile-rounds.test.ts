/** The reconciler does a bounded part of its work in each invocation, and nothing at all if nothing is wrong. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError, MessageError, ServiceUnavailableError } from '#core/errors.ts';
import { runIdOf } from '#pipeline/keys.ts';
import type { RunState } from '#pipeline/run-state.ts';
import { createPipeline, type Pipeline, upload } from '../fixtures/pipeline.ts';
import { createReconciler, DAY_S, MINUTE_S } from '../fixtures/reconciler.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

/** Studies with a run each, recorded like those of the functions. */
async function filled(pipeline: Pipeline, studies: number, state: RunState): Promise<void> {
  for (let number = 0; number < studies; number++) {
    const file = makeRadiographFile({ StudyInstanceUID: `2.25.7${number}`, SOPInstanceUID: `2.25.8${number}` });
    const { StudyInstanceUID, revision } = await upload(pipeline, file);
    const run = { inputDigest: revision, tool: 'tiny', version: '1.0.0' };
    const identity = { runId: runIdOf(run), StudyInstanceUID, revision, ...run, lane: 'live' } as const;
    for (const each of ['received', state] as const) await pipeline.runs.record({ ...identity, state: each });
  }
}

/** The same ports, with every call counted by its name. */
function counting(pipeline: Pipeline) {
  const calls: string[] = [];
  const counted = <T extends object>(port: T, name: string): T =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        return (...given: readonly unknown[]) => {
          calls.push(`${name}.${String(key)}`);
          return Reflect.apply(method, target, given);
        };
      },
    });
  const { objects, runs, ledger, queueNamed } = pipeline;
  const ports = {
    ...pipeline,
    ...{ objects: counted(objects, 'bucket'), runs: counted(runs, 'runs'), ledger: counted(ledger, 'ledger') },
    queueNamed: (name: string) => counted(queueNamed(name), 'queue'),
  };
  return { ports, calls };
}

describe('500 delivered studies', () => {
  it('are looked at, and nothing is sent, written or counted', async () => {
    const pipeline = createPipeline();
    await filled(pipeline, 500, 'delivered');
    const { ports, calls } = counting(pipeline);
    const { pass } = createReconciler(ports);

    await pass(16 * MINUTE_S);
    const first = calls.splice(0);
    await pass(3600);
    calls.splice(0);
    await pass(3600);
    const later = calls.splice(0);

    expect(pipeline.counted).toEqual([]);
    for (const made of [first, later]) {
      expect(made.filter((call) => /record|send|put|begin|fail|end|depth/.test(call))).toEqual([]);
      // Each manifest's runs and routing.
      expect(made.filter((call) => call === 'ledger.get').length).toBeLessThanOrEqual(500 + 3 * 500);
    }
    // A delivered run is looked at once.
    expect(first).toHaveLength(2 * 500 + 3 * 500 + 1 + 5 + 5 + 1 + 2);
    expect(later).toHaveLength(2 * 500 + 1 + 1 + 5 + 1 + 2);
  });
});

describe('many runs of which each message is gone', () => {
  it('are sent again in parts, each once', async () => {
    const pipeline = createPipeline();
    await filled(pipeline, 30, 'converted');
    const page = pipeline.runs.list;
    // Pages of five, of which an invocation takes one: its time is over after each.
    pipeline.runs.list = async (query) => {
      const found = await page({ ...query, limit: 5 });
      if (query?.StudyInstanceUID === undefined) pipeline.clock.advance(10_000);
      return found;
    };
    const { pass } = createReconciler(pipeline);
    const { sent } = pipeline.queueNamed('return-live');

    await pass(16 * MINUTE_S, 16);
    expect(sent).toHaveLength(5);
    for (let invocations = 0; invocations < 5; invocations++) await pass(MINUTE_S, 16);

    expect(new Set(sent).size).toBe(30);
    expect(sent).toHaveLength(30);
  });

  it('does nothing in no time', async () => {
    const pipeline = createPipeline();
    await filled(pipeline, 1, 'converted');

    await createReconciler(pipeline).pass(DAY_S, 10);

    expect(pipeline.counted).toEqual([]);
  });
});

describe('a bookmark', () => {
  it.each(['{', '{"after": 7}', 'null'])('that cannot be read (%s) begins anew', async (place) => {
    const pipeline = createPipeline();
    await filled(pipeline, 1, 'converted');
    const { bookmarks, pass } = createReconciler(pipeline);
    await bookmarks.set('open-runs', place);

    await pass(16 * MINUTE_S);

    expect(pipeline.queueNamed('return-live').sent).toHaveLength(1);
  });

  it('whose cursor the table does not know begins anew, and says so', async () => {
    const pipeline = createPipeline();
    await filled(pipeline, 1, 'converted');
    const { list } = pipeline.runs;
    pipeline.runs.list = async (query) => {
      if (query?.after === 'unknown') throw new MessageError('The cursor of the page of runs is not valid');
      return await list(query);
    };
    const { bookmarks, pass } = createReconciler(pipeline);
    await bookmarks.set('open-runs', JSON.stringify({ began: '2026-01-01T00:00:00.000Z', after: 'unknown' }));

    await pass(16 * MINUTE_S);
    expect(pipeline.queueNamed('return-live').sent).toEqual([]);
    expect(pipeline.logged.join()).toContain('sweep-began-anew');
    await pass(MINUTE_S);

    expect(pipeline.queueNamed('return-live').sent).toHaveLength(1);
  });

  it.each([
    [new ServiceUnavailableError('Away.'), []],
    [new ConfigurationError('Denied.'), ['Halted']],
  ] as const)('stays where it is while the table cannot be read (%s)', async (error, counted) => {
    const pipeline = createPipeline();
    pipeline.runs.list = (query) =>
      query?.state === undefined || [query.state].flat().includes('failed')
        ? Promise.resolve({ runs: [] })
        : Promise.reject(error);
    const { bookmarks, pass } = createReconciler(pipeline);
    const place = JSON.stringify({ began: '2026-01-01T00:00:00.000Z', after: 'here' });
    for (const name of ['open-runs', 'delivered-runs', 'delivered-sets']) await bookmarks.set(name, place);

    await pass(16 * MINUTE_S);

    for (const name of ['open-runs', 'delivered-runs', 'delivered-sets']) expect(await bookmarks.get(name)).toBe(place);
    expect(pipeline.counted).toEqual([...counted, ...counted, ...counted]);
  });
});
