/** How long studies wait that cannot be forwarded: each for itself, or all if a service fails. Orthanc is simulated. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveUnavailableError, ConfigurationError, SystemRefusalError } from '#core/errors.ts';
import { type EdgeUnderTest, SPINE_CATALOG, startEdge } from '../fixtures/edge.ts';
import { orthancOf, studyOf } from '../fixtures/edge-orthanc.ts';
import { createManualClock, createMemoryDeployedTools } from '../fixtures/memory-ports.ts';

describe('an edge that cannot forward a study', () => {
  let edge: EdgeUnderTest;
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.close());

  it('retries a study that fails after 1 s, 2 s, 4 s … at most an hour', async () => {
    const clock = createManualClock();
    const { client } = orthancOf([studyOf(1)], { series: () => Promise.reject(new TypeError('a defect')) });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 14; attempt += 1) {
      expect(await edge.restarted({ orthanc: client, clock }).runOnce()).toEqual([]);
      const nextAttemptAt = edge.journal.study('2.25.1')?.nextAttemptAt ?? 0;
      waits.push(nextAttemptAt - clock.now());
      clock.advance(nextAttemptAt - clock.now() - 1);
      expect(edge.journal.due(clock.now())).toBeUndefined();
      clock.advance(1);
    }

    const doubled = Array.from({ length: 12 }, (_, attempt) => 2 ** attempt);
    expect(waits).toEqual([...doubled, 3_600, 3_600].map((seconds) => seconds * 1_000));
    expect(edge.log.at(-1)).toMatch(/"study-postponed".*"attempts":14.*"waitMs":3600000.*"error":"TypeError"/);
  });

  const attempts = () =>
    edge.journal
      .studies()
      .map((study) => study.attempts)
      .sort();

  it.each([new ArchiveUnavailableError('away'), new ConfigurationError('no such bucket')])(
    'pauses all studies if the service itself fails, too: %s',
    async (error) => {
      const away = () => Promise.reject(error);
      const { client } = orthancOf([studyOf(1), studyOf(2)], { series: away, system: away });

      const running = edge.restarted({ orthanc: client, store: { ...edge.bucket, put: away } }).runOnce();

      await expect(running).rejects.toBe(error);
      expect(attempts()).toEqual([0, 1]);
    },
  );

  it.each([new ArchiveUnavailableError('a file is lost'), new ConfigurationError('denied')])(
    'lets each study wait alone if the service answers: %s',
    async (error) => {
      const { client } = orthancOf([studyOf(1), studyOf(2)], { series: () => Promise.reject(error) });

      expect(await edge.restarted({ orthanc: client, clock: createManualClock() }).runOnce()).toEqual([]);

      expect(attempts()).toEqual([1, 1]);
    },
  );

  const full = Object.assign(new Error('of Node'), { code: 'ENOSPC', syscall: 'write' });

  it('holds all studies up while nothing can be written to the spool, and says so', async () => {
    const { client } = orthancOf([studyOf(1), studyOf(2)], {
      async series() {
        writeFileSync(edge.spoolFolder, 'in the way of the folder');
        throw full;
      },
    });

    await expect(edge.restarted({ orthanc: client }).runOnce()).rejects.toBeInstanceOf(SystemRefusalError);

    const reasons = edge.journal.studies().map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason !== undefined)).toEqual([
      { code: 'ENOSPC', message: expect.stringMatching(/spool cannot be written: the disk is full\./) },
    ]);
    expect(edge.log.at(-1)).toMatch(/"study-postponed".*"code":"ENOSPC"/);
  });

  it('continues with the other studies if only one is too large for the spool’s disk', async () => {
    const { client } = orthancOf([studyOf(1), studyOf(2)], {
      series: async (id) => (id === 'id-1' ? Promise.reject(full) : undefined),
    });

    expect(await edge.restarted({ orthanc: client, clock: createManualClock() }).runOnce()).toMatchObject([
      { StudyInstanceUID: '2.25.2' },
    ]);

    expect(edge.journal.study('2.25.1')).toMatchObject({ state: 'seen', reason: { code: 'ENOSPC' } });
  });

  it('tries a study when it is due although the clock was set back', async () => {
    const clock = createManualClock();
    const { client } = orthancOf([studyOf(1)], { series: () => Promise.reject(new TypeError('a defect')) });
    const restarted = () =>
      edge.restarted({ orthanc: client, clock, deployed: createMemoryDeployedTools(SPINE_CATALOG, clock) });
    await restarted().runOnce();

    clock.advance(-86_400_000);
    await restarted().runOnce();

    expect(attempts()).toEqual([2]);
  });
});
