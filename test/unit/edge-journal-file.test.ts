/** The journal as a file: versions, and its size over the years. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { openEdgeFolder } from '#edge/folder.ts';
import { Journal, journalFile } from '#edge/journal.ts';
import { MIGRATIONS } from '#edge/journal-schema.ts';
import { ctSeries, edgeOf, SPINE_CATALOG } from '../fixtures/edge.ts';
import { createManualClock, createMemoryDeployedTools } from '../fixtures/memory-ports.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-journal-file-'));
  file = journalFile(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const image = indexInstance(ctSeries({ slices: 1 })[0] ?? new Uint8Array());

/** The instances of one CT series. */
const instances = (study: number, count: number) =>
  Array.from({ length: count }, (_, slice) => ({
    ...image,
    SOPInstanceUID: `${image.SOPInstanceUID}.${slice}`,
    StudyInstanceUID: `2.25.${study}`,
    sha256: `${study}${String(slice).padStart(5, '0')}`.padStart(64, 'a'),
    ...{ chunk: 'c'.repeat(64), offset: slice * image.sizeBytes, length: image.sizeBytes },
  }));

/** A journal with finished studies; one more each day. */
function filled({ days, slices = 40 }: { readonly days: number; readonly slices?: number }): Journal {
  const journal = new Journal(file);
  for (let day = 0; day < days; day += 1) {
    const StudyInstanceUID = `2.25.${day}`;
    journal.notice([{ StudyInstanceUID, orthancId: 'id' }], day);
    journal.uploaded(StudyInstanceUID, image.SeriesInstanceUID, instances(day, slices));
    journal.settle(StudyInstanceUID, { state: 'uploaded', revision: 'r' }, day);
  }
  return journal;
}

const thrownBy = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

describe('a journal', () => {
  it('that was written before versions were counted is taken over', () => {
    const database = new DatabaseSync(file);
    database.exec(MIGRATIONS[0] ?? '');
    database.exec(
      "INSERT INTO studies (StudyInstanceUID, orthancId, state, seenAt) VALUES ('2.25.0', 'id', 'uploaded', 1)",
    );
    database.close();

    const journal = new Journal(file);

    expect(journal.study('2.25.0')).toMatchObject({ state: 'uploaded' });
    journal.close();
  });

  it('of a newer version is refused, and left as it is', () => {
    filled({ days: 1 }).close();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = readFileSync(file);

    const refused = thrownBy(() => openEdgeFolder(folder));

    expect(refused).toBeInstanceOf(ConfigurationError);
    expect(String(refused)).toContain('was written by a newer version of Hilum');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('forgets after a while where instances are, and not what became of the studies', () => {
    const journal = filled({ days: 20, slices: 2 });
    const series = { SeriesInstanceUID: image.SeriesInstanceUID, lastUpdate: 't', listed: 2, wants: 'w' };
    for (const study of ['2.25.0', '2.25.19'])
      journal.closeSeries(study, series, {
        sha256s: new Set(instances(Number(study.slice(5)), 2).map(({ sha256 }) => sha256)),
        refused: [],
      });
    const known = (study: string) => [
      journal.instances(study, image.SeriesInstanceUID).size,
      journal.series(study, image.SeriesInstanceUID) !== undefined,
    ];

    journal.prune(10);

    expect([known('2.25.0'), known('2.25.19')]).toEqual([
      [0, false],
      [2, true],
    ]);
    expect(journal.studies()).toHaveLength(20);
    journal.close();
  });

  it('forgets them again if they were uploaded again later, although the study was finished long ago', () => {
    const journal = filled({ days: 1, slices: 2 });
    journal.prune(10);
    journal.uploaded('2.25.0', image.SeriesInstanceUID, instances(0, 2));

    journal.prune(10);

    expect(journal.instances('2.25.0', image.SeriesInstanceUID).size).toBe(0);
    journal.close();
  });

  it('has at most 1.5 kB for an instance, and stops growing once it is pruned', () => {
    const [perDay, days] = [400, 30];
    const journal = filled({ days: 0 });
    const sizes: number[] = [];
    for (let day = 0; day < days; day += 1) {
      const StudyInstanceUID = `2.25.${day}`;
      journal.notice([{ StudyInstanceUID, orthancId: 'id' }], day);
      journal.uploaded(StudyInstanceUID, image.SeriesInstanceUID, instances(day, perDay));
      journal.settle(StudyInstanceUID, { state: 'uploaded', revision: 'r' }, day);
      journal.prune(day - 14);
      sizes.push(Number(statSync(file).size));
    }
    journal.close();

    const bytes = statSync(file).size;
    expect(bytes / (15 * perDay)).toBeLessThan(1_500);
    expect(bytes).toBeLessThan(1.3 * (sizes[20] ?? 0));
    // 40 CTs of 400 slices a day.
    expect(40 * bytes).toBeLessThan(1e9);
  });
});

it('reads a study again that changes after its instances were forgotten', async () => {
  const clock = createManualClock();
  const edge = await edgeOf({ clock, deployed: createMemoryDeployedTools(SPINE_CATALOG, clock) });
  const files = ctSeries({ slices: 8 });
  await edge.arrive(files.slice(0, 7));
  await edge.forwarder.runOnce();
  edge.journal.prune(clock.now() + 1);
  await edge.arrive(files.slice(7));

  const outcomes = await edge.restarted().runOnce();

  expect(outcomes).toMatchObject([{ state: 'uploaded', instances: 8, fresh: true }]);
});
