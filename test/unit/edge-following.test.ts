/** How the edge follows Orthanc: pages, order and retries. Orthanc is simulated here, the rest is real. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveRequestError, ConfigurationError } from '#core/errors.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { ctSeries, type EdgeUnderTest, startEdge } from '../fixtures/edge.ts';
import { orthancOf, stableStudy, studyOf } from '../fixtures/edge-orthanc.ts';
import { createManualClock } from '../fixtures/memory-ports.ts';

describe('following Orthanc', () => {
  let edge: EdgeUnderTest;
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.close());
  const known = () => edge.journal.studies().map(({ StudyInstanceUID }) => StudyInstanceUID);

  it('scans all studies page by page, to the last', async () => {
    const { client, asked } = orthancOf(Array.from({ length: 401 }, (_, index) => studyOf(index)));

    await edge.restarted({ orthanc: client }).runOnce();

    expect(known()).toHaveLength(401);
    expect(asked.filter((what) => what.startsWith('studies'))).toEqual([
      'studies 0 200',
      'studies 200 200',
      'studies 400 200',
    ]);
  });

  it('knows a study that Orthanc has made anew, which had been deleted', async () => {
    const { client } = orthancOf([studyOf(1), studyOf(2), studyOf(3)], { studies: async () => [] });
    const made = (seq: number, number: number, date: string) => ({
      ...stableStudy(seq, number),
      ...{ type: 'NewStudy', date },
    });
    const changes = [
      // Its upload is of this study, and the third was never uploaded.
      ...[made(6, 1, '20260101T115959'), made(7, 2, '20260101T120001'), made(8, 3, '20260101T120001')],
      ...[stableStudy(9, 1), stableStudy(10, 2), stableStudy(11, 3)],
    ];
    for (const number of [1, 2, 3]) {
      const StudyInstanceUID = `2.25.${number}`;
      edge.journal.notice([{ StudyInstanceUID, orthancId: `id-${number}` }], 1);
      const upload = { state: 'uploaded', revision: 'a', lastUpdate: '20260101T120000' } as const;
      if (number < 3) edge.journal.settle(StudyInstanceUID, upload, 1);
    }
    edge.journal.begin(5, '');
    const goneAt = () => [1, 2, 3].map((number) => (edge.journal.study(`2.25.${number}`)?.goneAt ?? 0) > 0);
    const seen: (readonly boolean[])[] = [];
    const orthanc = {
      ...client,
      changes: async (since: number) => ({ changes: changes.filter(({ seq }) => seq > since), last: 11, done: true }),
      lastChange: async () => stableStudy(11, 3),
      async study(id: string) {
        seen.push(goneAt());
        return await client.study(id);
      },
    };

    await edge.restarted({ orthanc }).runOnce();

    expect(seen[0]).toEqual([false, true, false]);
  });

  it('takes those that are stable and newer than the starting point', async () => {
    const { client } = orthancOf([
      studyOf(1),
      studyOf(2, { stable: false }),
      studyOf(3, { lastUpdate: '20251231T235959' }),
      studyOf(4, { lastUpdate: '20260101T000000' }),
    ]);
    edge.journal.begin(0, '20260101T000000');

    await edge.restarted({ orthanc: client }).runOnce();

    expect(known()).toEqual(['2.25.1']);
  });

  it('follows the changes page by page from its cursor, and notices a study once', async () => {
    const pages = [
      {
        changes: [stableStudy(6, 1), { ...stableStudy(7, 2), type: 'NewStudy' }, stableStudy(8, 1)],
        last: 8,
        done: false,
      },
      { changes: [stableStudy(9, 3), stableStudy(10, 9)], last: 10, done: true },
    ];
    const since: number[] = [];
    const { client } = orthancOf([studyOf(1), studyOf(2), studyOf(3)], {
      lastChange: async () => ({ ...stableStudy(10, 9) }),
      studies: async () => [],
      changes: async (cursor) => {
        since.push(cursor);
        return pages.shift() ?? { changes: [], last: cursor, done: true };
      },
    });
    edge.journal.begin(5, '');

    await edge.restarted({ orthanc: client }).runOnce();

    expect(since).toEqual([5, 8]);
    expect(known().sort()).toEqual(['2.25.1', '2.25.3']);
    expect(edge.journal.cursor()).toBe(10);
    expect(edge.log.filter((line) => line.includes('study-noticed'))).toHaveLength(2);
  });

  it('ends at a page without changes, and never moves back', async () => {
    const { client } = orthancOf([], { changes: async () => ({ changes: [], last: 3, done: false }) });
    edge.journal.begin(5, '');

    await edge.restarted({ orthanc: { ...client, lastChange: async () => stableStudy(5, 1) } }).runOnce();

    expect(edge.journal.cursor()).toBe(5);
  });

  it('keeps its starting point when Orthanc has a new database', async () => {
    const { client } = orthancOf([studyOf(1), studyOf(2, { lastUpdate: '20251231T000000' })], {
      lastChange: async () => stableStudy(7, 1),
    });
    edge.journal.begin(1_000, '20260101T000000');

    await edge.restarted({ orthanc: client }).runOnce();

    expect([edge.journal.cursor(), edge.journal.since()]).toEqual([7, '20260101T000000']);
    expect(known()).toEqual(['2.25.1']);
    expect(edge.log.join()).toContain('"orthanc-replaced"');
  });

  it.each([
    { start: 'now' as const, last: stableStudy(7, 1), cursor: 7, since: '20260101T120000' },
    { start: 'all' as const, last: stableStudy(7, 1), cursor: 7, since: '' },
    { start: 'now' as const, last: undefined, cursor: 0, since: '' },
  ])('begins at $cursor with HILUM_EDGE_START $start', async ({ start, last, cursor, since }) => {
    const { client } = orthancOf([], { lastChange: async () => last });

    await edge.restarted({ orthanc: client, start }).runOnce();

    expect([edge.journal.cursor(), edge.journal.since()]).toEqual([cursor, since]);
    expect(edge.log.join()).not.toContain('orthanc-replaced');
  });

  it('waits again for a study that received instances while it was queued', async () => {
    const clock = createManualClock();
    let stable = true;
    const { client } = orthancOf([], {
      studies: async () => [studyOf(1)],
      study: async () => studyOf(1, { stable }),
    });
    stable = false;

    expect(await edge.restarted({ orthanc: client, clock }).runOnce()).toEqual([]);

    expect(edge.journal.study('2.25.1')).toMatchObject({
      state: 'seen',
      attempts: 0,
      nextAttemptAt: clock.now() + 5_000,
    });
  });

  it('skips a study that was deleted while it was queued', async () => {
    const { client } = orthancOf([], { studies: async () => [studyOf(1)] });

    const outcomes = await edge.restarted({ orthanc: client }).runOnce();

    expect(outcomes).toMatchObject([{ state: 'skipped', StudyInstanceUID: '2.25.1', reason: { code: 'study-gone' } }]);
  });

  it('knows no study that Orthanc does not have', async () => {
    const { client } = orthancOf([]);

    await expect(edge.restarted({ orthanc: client }).forwardStudy('2.25.1')).rejects.toBeInstanceOf(
      ArchiveRequestError,
    );
  });

  it('asks for few studies at a time when many become stable at once', async () => {
    const studies = Array.from({ length: 100 }, (_, index) => studyOf(index));
    let [now, most] = [0, 0];
    const { client } = orthancOf(studies, {
      studies: async () => [],
      changes: async (since) => ({
        changes: since === 0 ? studies.map((_, index) => stableStudy(index + 1, index)) : [],
        last: 100,
        done: true,
      }),
      async study(id) {
        now += 1;
        most = Math.max(most, now);
        await setImmediate();
        now -= 1;
        return studies[Number(id.slice(3))];
      },
    });
    edge.journal.begin(0, '');
    const last = async () => stableStudy(100, 1);

    await edge.restarted({ orthanc: { ...client, lastChange: last } }).runOnce();

    expect([known().length, most]).toEqual([100, 4]);
  });
});

describe('the edge as it runs', () => {
  let edge: EdgeUnderTest;
  let stop: AbortController;
  beforeEach(async () => {
    edge = await startEdge();
    stop = new AbortController();
  });
  afterEach(() => edge.close());
  const uploads = () => [...edge.bucket.contents.keys()].filter((key) => key.endsWith('/manifest.json')).length;
  const until = (what: () => unknown, value: unknown) => expect.poll(what, { timeout: 10_000 }).toBe(value);

  it('forwards from its first start only studies that arrive later', async () => {
    await edge.arrive(ctSeries({ seed: 1 }));
    edge.pacs.archive.settle();
    const running = edge.restarted({ start: 'now' }).run(stop.signal);
    await until(() => edge.journal.cursor() !== undefined, true);
    await edge.arrive(ctSeries({ seed: 2 }));

    await until(uploads, 1);
    stop.abort();
    await running;

    expect(edge.journal.studies()).toHaveLength(1);
    expect(edge.log[0]).toContain('"edge-started"');
  });

  it.each([
    ['the bucket', new ConfigurationError('There is no such bucket')],
    ['the bucket’s owner', new ArchiveRequestError('Not here')],
  ])('ends at its start if %s cannot be used', async (_, error) => {
    const store: ObjectStore & ObjectListing = { ...edge.bucket, exists: () => Promise.reject(error) };

    await expect(edge.restarted({ store }).run(stop.signal)).rejects.toBe(error);
  });

  it('waits if a setting that worked no longer does, and continues when it works again', async () => {
    const denied = new ConfigurationError('The bucket is locked');
    let locked = false;
    const store: ObjectStore & ObjectListing = {
      ...edge.bucket,
      put: (...write) => (locked ? Promise.reject(denied) : edge.bucket.put(...write)),
    };
    const running = edge.restarted({ store }).run(stop.signal);
    await until(() => edge.journal.cursor() !== undefined, true);
    locked = true;
    await edge.arrive(ctSeries());
    await until(() => edge.log.some((line) => /"edge-waiting".*"attempts":1,"waitMs":1000/.test(line)), true);
    locked = false;

    await until(uploads, 1);
    stop.abort();
    await running;
  });

  it('repeats the scan of all studies after a while, but not permanently', async () => {
    const clock = createManualClock(Date.now());
    const lookThroughs = () => edge.pacs.requests.filter((request) => request === 'GET /studies').length;
    const polls = () => edge.pacs.requests.filter((request) => request === 'GET /changes').length;
    const running = edge.restarted({ clock, scanEveryMs: 60_000 }).run(stop.signal);
    await until(() => polls() > 5, true);
    expect(lookThroughs()).toBe(1);

    clock.advance(59_999);
    const before = polls();
    await until(() => polls() > before + 3, true);
    expect(lookThroughs()).toBe(1);

    clock.advance(1);
    await until(lookThroughs, 2);
    stop.abort();
    await running;
  });
});
