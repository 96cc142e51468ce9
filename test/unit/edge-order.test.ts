/** Which study is next: a live one is not delayed by others, however many wait or fail. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { OrthancClient } from '#adapters/orthanc/client.ts';
import { ArchiveUnavailableError } from '#core/errors.ts';
import { createStudyQueue } from '#edge/queue.ts';
import { edgeOf } from '../fixtures/edge.ts';
import { noFiles } from '../fixtures/edge-orthanc.ts';
import { createManualClock } from '../fixtures/memory-ports.ts';

const LIVE = 'id-live';
const UNREADABLE = new ArchiveUnavailableError('HTTP 500');

/**
 * An Orthanc in which these studies wait, that takes its time, and in which one more study becomes stable on command. `asked` lists
 * the requests for a study's series, by its identifier.
 */
function orthancWith(waiting: readonly string[], { unreadable }: { readonly unreadable: boolean }) {
  const asked: string[] = [];
  let seq = 1;
  let arrived = false;
  const study = (id: string) => ({
    id,
    StudyInstanceUID: `2.25.${[...waiting, LIVE].indexOf(id)}`,
    stable: true,
    PatientID: '',
  });
  const client: OrthancClient = {
    system: async () => ({ version: '1.12.7' }),
    lastChange: async () => ({ seq, type: 'NewStudy', id: '', date: '20260101T120000' }),
    async changes(since) {
      const changes = arrived && since < seq ? [{ seq, type: 'StableStudy', id: LIVE, date: '20260101T120000' }] : [];
      return { changes, last: seq, done: true };
    },
    studies: async (offset, limit) =>
      waiting.slice(offset, offset + limit).map((id) => ({ ...study(id), lastUpdate: '20260101T120000' })),
    study: async (id) => ({ ...study(id), lastUpdate: '20260101T120000' }),
    findStudies: async () => [],
    filesOf: noFiles,
    async series(id) {
      asked.push(id);
      await sleep(20);
      if (unreadable && id !== LIVE) throw UNREADABLE;
      return undefined;
    },
  };
  return {
    client,
    asked,
    arrive() {
      seq += 1;
      arrived = true;
    },
  };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);

describe('a live study', () => {
  it.each([
    { what: 'twelve unreadable studies', count: 12, unreadable: true, first: 24 },
    { what: 'a backlog of 300', count: 300, unreadable: false, first: 10 },
  ])('is preceded by at most two requests for $what', async ({ count, unreadable, first }) => {
    const edge = await edgeOf();
    const { client, asked, arrive } = orthancWith(ids(count), { unreadable });
    const stop = new AbortController();
    const running = edge.restarted({ orthanc: client, pollMs: 10 }).run(stop.signal);
    // The unreadable studies have failed before, and are due again.
    await expect.poll(() => asked.length, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(first);

    const before = asked.length;
    arrive();
    await expect.poll(() => asked.includes(LIVE), { timeout: 10_000, interval: 5 }).toBe(true);
    stop.abort();
    await running;

    expect(asked.indexOf(LIVE) - before).toBeLessThanOrEqual(2);
  });
});

describe('the queue', () => {
  async function queueOf() {
    const clock = createManualClock();
    const { journal } = await edgeOf();
    const queue = createStudyQueue(journal, clock);
    const notice = (uid: string, live = false) => {
      clock.advance(1);
      journal.notice([{ StudyInstanceUID: uid, orthancId: uid }], clock.now());
      queue.noticed(uid, live);
    };
    const failed = (uid: string) => journal.postpone(uid, clock.now() - 1, { code: 'x', message: 'x' });
    return { clock, journal, queue, notice, failed };
  }

  it('takes live studies first, then those that were not tried yet, then those that failed', async () => {
    const { queue, notice, failed } = await queueOf();
    for (const uid of ['2.25.1', '2.25.2', '2.25.3']) notice(uid);
    failed('2.25.1');
    notice('2.25.4', true);

    const order = [1, 2, 3, 4, 5].map(() => queue.take('any')?.StudyInstanceUID);

    expect(order).toEqual(['2.25.4', '2.25.2', '2.25.3', '2.25.1', undefined]);
  });

  it('keeps one place for live studies, which begins with the newest of an import', async () => {
    const { queue, notice, failed } = await queueOf();
    notice('2.25.1');
    for (const uid of ['2.25.2', '2.25.3', '2.25.4']) notice(uid, true);
    failed('2.25.4');

    const order = (['live', 'any', 'live', 'any'] as const).map((place) => queue.take(place)?.StudyInstanceUID);

    expect(order).toEqual(['2.25.3', '2.25.2', undefined, '2.25.1']);
  });

  it('tells when a study was noticed again while it was forwarded', async () => {
    const { queue, notice } = await queueOf();
    notice('2.25.1', true);
    queue.take('any');
    notice('2.25.1', true);

    expect([queue.take('any'), queue.giveBack('2.25.1'), queue.giveBack('2.25.1')]).toEqual([undefined, true, false]);
    expect(queue.take('live')?.StudyInstanceUID).toBe('2.25.1');
  });
});

it('forwards a study again that received an instance while it was forwarded', async () => {
  const edge = await edgeOf();
  const { client, arrive, asked } = orthancWith([], { unreadable: false });
  const stop = new AbortController();
  const orthanc: OrthancClient = {
    ...client,
    series(id, options) {
      if (asked.length === 0) arrive();
      return client.series(id, options).then(async (series) => {
        await sleep(100);
        return series;
      });
    },
  };
  const running = edge.restarted({ orthanc, pollMs: 10 }).run(stop.signal);
  await expect.poll(() => edge.journal.cursor()).toBeDefined();
  arrive();

  await expect.poll(() => asked.length, { timeout: 5_000 }).toBe(2);
  stop.abort();
  await running;
});
