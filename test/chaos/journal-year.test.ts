/**
 * The journal over a year of 40 CTs of 400 slices a day, and as many studies that no tool takes: how large it becomes, and whether it becomes slower. The year is
 * for `npm run test:chaos`; otherwise it is 18 days, of which the first two weeks fill it and the others show that it stays so.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { Journal } from '#edge/journal.ts';
import { UPLOADS } from '#edge/journal-again.ts';
import { ctSeries } from '../fixtures/edge.ts';

const DAYS = process.env['HILUM_CHAOS'] === 'all' ? 365 : 18;
const [CTS, SLICES, PER_CHUNK] = [40, 400, 31];
const DAY_MS = 86_400_000;
/** As the forwarder prunes. */
const REMEMBERED_MS = 14 * DAY_MS;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);

// Memory, if there is: the time that a disk needs to write is not the journal's.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hilum-year-'));
const file = join(folder, 'journal.sqlite');
afterAll(() => rmSync(folder, { recursive: true }));

const image = indexInstance(ctSeries({ slices: 1 })[0] ?? new Uint8Array());
/** Like a digest: text that cannot be compressed. */
const digest = (number: number): string =>
  Array.from({ length: 8 }, (_, word) =>
    (Math.imul(number * 8 + word + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0'),
  ).join('');

const seriesOf = (study: number) => {
  const [StudyInstanceUID, SeriesInstanceUID] = [`1.2.840.113619.2.55.${study}`, `1.2.840.113619.2.55.${study}.1`];
  return Array.from({ length: SLICES }, (_, slice) => {
    const sha256 = digest(study * SLICES + slice);
    const chunk = digest(-study * SLICES - Math.floor(slice / PER_CHUNK));
    const SOPInstanceUID = `${SeriesInstanceUID}.${slice}.${sha256.slice(0, 8).replace(/\D/g, '')}`;
    const places = { chunk, offset: (slice % PER_CHUNK) * image.sizeBytes, length: image.sizeBytes };
    return { ...image, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, sha256, ...places };
  });
};

/** One day of a hospital, as the forwarder records it. */
function day(journal: Journal, number: number): void {
  const midnight = START + number * DAY_MS;
  for (let ct = 0; ct < CTS; ct += 1) {
    const now = midnight + ct * 600_000;
    const instances = seriesOf(number * CTS + ct);
    const { StudyInstanceUID = '', SeriesInstanceUID = '' } = instances[0] ?? {};
    const other = `${StudyInstanceUID}.9`;
    const seen = [StudyInstanceUID, other].map((uid) => ({
      StudyInstanceUID: uid,
      orthancId: digest(ct).slice(0, 44),
    }));
    journal.notice(seen, now, number * CTS + ct);
    for (let from = 0; from < SLICES; from += PER_CHUNK)
      journal.uploaded(StudyInstanceUID, SeriesInstanceUID, instances.slice(from, from + PER_CHUNK));
    const series = { SeriesInstanceUID, lastUpdate: '20260101T120000', listed: SLICES, wants: digest(1) };
    journal.closeSeries(StudyInstanceUID, series, {
      sha256s: new Set(instances.map((one) => one.sha256)),
      refused: [],
    });
    const manifestKey = `live/studies/${StudyInstanceUID}/${digest(ct)}/manifest.json`;
    journal.settle(
      StudyInstanceUID,
      { state: 'uploaded', revision: digest(ct), manifestKey, lastUpdate: '20260101T120000' },
      now,
    );
    const reason = { code: 'no-suitable-image', message: 'No deployed tool takes the study: Spine: it is no CT.' };
    journal.closeSeries(other, { ...series, reason }, { sha256s: new Set(), refused: [] });
    journal.settle(other, { state: 'skipped', reason, lastUpdate: '20260101T120000' }, now);
  }
  for (let hour = 0; hour < 24; hour += 1) journal.prune(midnight + hour * HOUR_MS - REMEMBERED_MS);
}

/** The median of 25 times, ms. */
function timed(action: () => unknown): number {
  const times = Array.from({ length: 25 }, () => {
    const begin = performance.now();
    action();
    return performance.now() - begin;
  });
  return times.sort((a, b) => a - b)[12] ?? 0;
}

/** How long the questions take that the edge asks all the time. */
function speeds(journal: Journal, number: number) {
  const now = START + (number + 1) * DAY_MS;
  const known = `1.2.840.113619.2.55.${number * CTS}`;
  return {
    due: timed(() => journal.due(now, now + HOUR_MS, [])),
    notice: timed(() => journal.notice([{ StudyInstanceUID: `${known}.9`, orthancId: 'id' }], now)),
    study: timed(() => journal.study(known)),
    uploads: timed(() => journal.again.uploads(now - 3 * DAY_MS, 4)),
    prune: timed(() => journal.prune(now - REMEMBERED_MS)),
  };
}

describe(`a journal after ${DAYS} days`, () => {
  it('is at most 1 GB, no larger than after two weeks but for what became of the studies, and no slower', {
    timeout: 3_600_000,
  }, () => {
    const journal = new Journal(file);
    const bytes: number[] = [];
    let early: ReturnType<typeof speeds> | undefined;
    for (let number = 0; number < DAYS; number += 1) {
      day(journal, number);
      bytes.push(statSync(file).size);
      if (number === 15) early = speeds(journal, number);
    }
    const late = speeds(journal, DAYS - 1);
    journal.close();

    const [full = 0, last = 0] = [bytes[15], statSync(file).size];
    const rounded = (ms: number) => Number(ms.toFixed(3));
    const table = Object.entries(late).map(
      ([what, ms]) => `${what} ${rounded(early?.[what as keyof typeof late] ?? 0)} → ${rounded(ms)} ms`,
    );
    process.stdout.write(
      `journal of ${DAYS} days: ${(full / 1e6).toFixed(0)} → ${(last / 1e6).toFixed(0)} MB; ${table.join(', ')}\n`,
    );
    expect(last).toBeLessThan(1e9);
    expect(last / (15 * CTS * SLICES)).toBeLessThan(1_500);
    // What became of the studies stays: at most 2 kB for each pair.
    expect(last - full).toBeLessThan(Math.max(0.05 * full, 2_000 * CTS * DAYS));
    // Ten times: the machine may be busy. A scan of all rows would take a thousand times as long.
    for (const [what, ms] of Object.entries(late))
      expect([what, ms < 10 * (early?.[what as keyof typeof late] ?? 0) + 2]).toEqual([what, true]);
  });

  it('is asked by its indexes, and sorts no more studies than wait', () => {
    const empty = join(folder, 'empty.sqlite');
    new Journal(empty).close();
    const database = new DatabaseSync(empty, { readOnly: true });
    const plan = (query: string): string =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all()
        .map((row) => String(row['detail']))
        .join('; ');
    const old = `(SELECT key FROM studies WHERE placed = 1 AND state != 'seen' AND settledAt < 1)`;

    expect([
      plan(UPLOADS),
      plan(
        "SELECT * FROM studies WHERE state = 'seen' AND nextAttemptAt <= 1 ORDER BY attempts > 0, seenAt, rowid LIMIT 1",
      ),
      plan(`DELETE FROM instances WHERE study IN ${old}`),
      plan(`DELETE FROM series WHERE code IS NULL AND study IN ${old}`),
    ]).toEqual([
      'SEARCH studies USING INDEX settled (settledAt>? AND settledAt<?)',
      expect.stringMatching(/^SEARCH studies USING INDEX (due|newest) .*; USE TEMP B-TREE FOR ORDER BY$/),
      expect.stringMatching(/^SEARCH instances USING PRIMARY KEY .*; SEARCH studies USING INDEX placed/),
      expect.stringMatching(/^SEARCH series USING INDEX .*; SEARCH studies USING INDEX placed/),
    ]);
    database.close();
  });
});
