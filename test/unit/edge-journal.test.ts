import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, readJournal } from '#edge/journal.ts';
import type { ManifestInstance } from '#edge/spool.ts';

let folder: string;
let file: string;
let journal: Journal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-journal-'));
  file = join(folder, 'made', 'journal.sqlite');
  journal = new Journal(file);
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true });
});

const STUDY = '2.25.1';
const SERIES = '2.25.2';
const REASON = { code: 'archive-unavailable', message: 'The archive is away' };

function instance(number: number): ManifestInstance {
  const sha256 = String(number).padStart(64, '0');
  return {
    SOPInstanceUID: `2.25.${number}`,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: SERIES,
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
    PixelSpacing: [0.5, 0.25],
    sha256,
    sizeBytes: 10,
    chunk: 'a'.repeat(64),
    offset: 10 * number,
    length: 10,
  };
}

describe('the journal', () => {
  it('keeps what was written when the process dies without closing it', () => {
    journal.begin(5, '20260101T000000');
    journal.notice([{ StudyInstanceUID: STUDY, orthancId: 'a' }], 1_000, 9);
    journal.uploaded(STUDY, SERIES, [instance(1), instance(2)]);

    const other = new Journal(file);

    expect(other.cursor()).toBe(9);
    expect(other.since()).toBe('20260101T000000');
    expect(other.study(STUDY)).toMatchObject({
      state: 'seen',
      orthancId: 'a',
      seenAt: 1_000,
      attempts: 0,
      refused: [],
    });
    expect([...other.instances(STUDY, SERIES).values()]).toEqual([instance(1), instance(2)]);
    other.close();
  });

  it('moves the cursor only together with the noticed studies', () => {
    journal.begin(5, '');
    const broken = { StudyInstanceUID: STUDY, orthancId: undefined as never };

    expect(() => journal.notice([{ StudyInstanceUID: '2.25.9', orthancId: 'b' }, broken], 1_000, 9)).toThrow();

    expect(journal.cursor()).toBe(5);
    expect(journal.studies()).toEqual([]);
  });

  it('returns studies in the order of their arrival, and failed ones when they are due', () => {
    journal.notice([{ StudyInstanceUID: '2.25.7', orthancId: 'a' }], 1_000);
    journal.notice([{ StudyInstanceUID: '2.25.3', orthancId: 'b' }], 2_000);

    expect(journal.due(2_000)?.StudyInstanceUID).toBe('2.25.7');
    journal.postpone('2.25.7', 5_000, REASON);
    expect(journal.due(2_000)?.StudyInstanceUID).toBe('2.25.3');
    journal.settle('2.25.3', { state: 'uploaded', revision: 'r', lastUpdate: 't' }, 3_000);
    expect(journal.due(4_999)).toBeUndefined();
    expect(journal.due(5_000)).toMatchObject({ StudyInstanceUID: '2.25.7', attempts: 1, reason: REASON });
  });

  it('keeps the reason why a study was skipped, and drops it when that changes', () => {
    const reason = { code: 'modality-not-wanted', message: 'No deployed tool takes images of modality MR.' };
    journal.notice([{ StudyInstanceUID: STUDY, orthancId: 'a' }], 1_000);
    journal.settle(STUDY, { state: 'skipped', reason, lastUpdate: 't' }, 2_000);

    expect(journal.studies()).toMatchObject([{ state: 'skipped', reason, settledAt: 2_000, lastUpdate: 't' }]);
    journal.notice([{ StudyInstanceUID: STUDY, orthancId: 'a' }], 3_000);
    journal.settle(STUDY, { state: 'uploaded', revision: 'r' }, 4_000);
    expect(journal.studies()[0]).not.toHaveProperty('reason');
  });

  it('forgets instances and refusals that a series no longer has', () => {
    const series = { SeriesInstanceUID: SERIES, lastUpdate: 't', listed: 2, wants: 'w' };
    const refused = {
      SeriesInstanceUID: SERIES,
      sha256: 'f'.repeat(64),
      sizeBytes: 3,
      reason: { code: 'not-dicom', message: 'x' },
    };
    journal.notice([{ StudyInstanceUID: STUDY, orthancId: 'a' }], 1_000);
    journal.uploaded(STUDY, SERIES, [instance(1), instance(2)]);

    journal.closeSeries(STUDY, series, { sha256s: new Set([instance(2).sha256]), refused: [refused] });
    expect([...journal.instances(STUDY, SERIES).values()]).toEqual([instance(2)]);
    expect(journal.series(STUDY, SERIES)).toEqual(series);
    expect(journal.study(STUDY)?.refused).toEqual([refused]);

    journal.closeSeries(STUDY, { ...series, reason: REASON }, { sha256s: new Set(), refused: [] });
    expect(journal.instances(STUDY, SERIES).size).toBe(0);
    expect(journal.series(STUDY, SERIES)?.reason).toEqual(REASON);
    expect(journal.study(STUDY)?.refused).toEqual([]);
  });

  it('lists the newest studies of a state, and counts them', () => {
    for (const [index, uid] of ['2.25.1', '2.25.2', '2.25.3', '2.25.4'].entries())
      journal.notice([{ StudyInstanceUID: uid, orthancId: uid }], index * 1_000);
    journal.settle('2.25.3', { state: 'uploaded', revision: 'r' }, 9_000);
    const newest = (since: number, limit: number) =>
      journal.newest('seen', since, limit).map(({ StudyInstanceUID }) => StudyInstanceUID);

    expect(newest(0, 10)).toEqual(['2.25.4', '2.25.2', '2.25.1']);
    expect(newest(0, 2)).toEqual(['2.25.4', '2.25.2']);
    expect(newest(1_000, 10)).toEqual(['2.25.4', '2.25.2']);
    expect([journal.count('seen', 0), journal.count('seen', 1_000), journal.count('skipped', 0)]).toEqual([3, 2, 0]);
  });

  it('is read by others, and is not made for them before the edge ever ran', async () => {
    journal.notice([{ StudyInstanceUID: STUDY, orthancId: 'a' }], 1_000);
    const none = join(folder, 'none.sqlite');

    expect(await readJournal(file, async (read) => read.count('seen', 0))).toBe(1);
    expect(await readJournal(none, (read) => read.count('seen', 0))).toBeUndefined();
    expect(existsSync(none)).toBe(false);
  });
});
