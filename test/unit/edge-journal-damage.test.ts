/** A journal that is damaged, full, locked or not writable: each is named, and either recovered from or stopped at. Nothing is lost. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEdgeFolder } from '#edge/folder.ts';
import { Journal, journalFile } from '#edge/journal.ts';
import { damagedJournals } from '#edge/journal-salvage.ts';
import { findProgram, ROOT } from '../../localstack/parts.mjs';
import { ctSeries, edgeOf } from '../fixtures/edge.ts';
import { skipUnless } from '../fixtures/lanes.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-journal-damage-'));
  file = journalFile(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const PAGE = 4096;
const REASON = { code: 'nothing-wanted', message: 'No deployed tool takes it.' };
const STUDIES = 150;
const uidOf = (study: number) => `2.25.${1_000_000 + study}`;

/** A journal of many studies: waiting, left out and forwarded ones. */
function fill(): void {
  const journal = new Journal(file);
  journal.begin(77, '20260101T000000');
  const noticed = Array.from({ length: STUDIES }, (_, study) => ({
    ...{ StudyInstanceUID: uidOf(study), orthancId: `id-${study}` },
  }));
  journal.notice(noticed, 1_000, 77);
  for (let study = 0; study < STUDIES; study += 1) {
    const StudyInstanceUID = uidOf(study);
    if (study % 3 === 1) journal.settle(StudyInstanceUID, { state: 'skipped', reason: REASON, lastUpdate: 't' }, 5_000);
    if (study % 3 === 2)
      journal.settle(StudyInstanceUID, { state: 'uploaded', revision: 'a'.repeat(64), lastUpdate: 't' }, 5_000);
  }
  journal.close();
}

/** The pages of a table, by its b-tree's root. */
function rootOf(table: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const root = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.['rootpage'];
  database.close();
  return Number(root);
}

/** Overwrites pages, the first being number 1. */
function spoil(...pages: readonly number[]): void {
  const bytes = readFileSync(file);
  for (const page of pages) bytes.fill(0xa5, (page - 1) * PAGE, page * PAGE);
  writeFileSync(file, bytes);
}

/** A leaf of the table of studies that is neither its first nor its last: found by what is written in it, because the root may still hold old bytes. */
function leafWith(text: string): number {
  return Math.floor(readFileSync(file).lastIndexOf(text) / PAGE) + 1;
}

const open = (start?: 'now' | 'all') => {
  const opened = openEdgeFolder(folder, start);
  const studies = opened.journal.studies();
  const [cursor, since] = [opened.journal.cursor(), opened.journal.since()];
  opened.close();
  return { studies, cursor, since, restored: opened.restored };
};

describe('a damaged journal', () => {
  it('is set aside as it is, and the studies that can be read are taken over with their states', () => {
    fill();
    spoil(leafWith(`${uidOf(75)}id-75`));
    const damaged = readFileSync(file);

    const { studies, cursor, since, restored } = open();

    expect(studies.length).toBeGreaterThan(STUDIES * 0.6);
    expect(studies.length).toBeLessThan(STUDIES);
    expect(restored).toMatchObject({ studies: studies.length, since: '20260101T000000' });
    expect(readFileSync(restored?.setAside ?? '').equals(damaged)).toBe(true);
    expect(damagedJournals(file)).toEqual([restored?.setAside]);
    for (const { StudyInstanceUID, state, reason, revision } of studies) {
      const kind = (Number(StudyInstanceUID.slice(5)) - 1_000_000) % 3;
      expect(state).toBe(['seen', 'skipped', 'uploaded'][kind]);
      expect([reason, revision]).toEqual([kind === 1 ? REASON : undefined, kind === 2 ? 'a'.repeat(64) : undefined]);
    }
    // The scan finds what changed before.
    expect([cursor, since]).toEqual([undefined, '20260101T000000']);
    expect(open().restored).toBeUndefined();
  });

  it.each([
    { what: 'is cut off', damage: () => truncateSync(file, Math.floor(statSync(file).size / 2 / PAGE) * PAGE) },
    { what: 'is cut off within a page', damage: () => truncateSync(file, statSync(file).size - 1_000) },
    { what: 'is something else', damage: () => writeFileSync(file, 'no database, whatever its name says'.repeat(99)) },
    { what: 'has a damaged first page', damage: () => spoil(1) },
    { what: 'has lost its marks', damage: () => spoil(rootOf('marks')) },
  ])('that $what is replaced, and stays beside the new one', ({ damage }) => {
    fill();
    damage();
    const damaged = readFileSync(file);

    const { since, cursor, restored } = open();

    expect(readFileSync(restored?.setAside ?? '').equals(damaged)).toBe(true);
    expect(cursor).toBeUndefined();
    expect(since).toBeDefined();
    expect(open().restored).toBeUndefined();
  });

  it('that does not tell since when studies count takes those of two weeks before its last change', () => {
    fill();
    spoil(rootOf('marks'));
    utimesSync(file, new Date('2026-03-31T12:00:00Z'), new Date('2026-03-31T12:00:00Z'));

    expect(open().since).toBe('20260317T120000');
  });

  it('of an edge that forwards the whole archive takes all', () => {
    fill();
    spoil(rootOf('marks'));

    expect(open('all').since).toBe('');
  });

  it('with its last changes still in a file of their own is read with them', () => {
    fill();
    const crashed = new Journal(file);
    crashed.notice([{ StudyInstanceUID: '2.25.7', orthancId: 'last' }], 9_000);
    const [main, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
    crashed.close();
    const leaf = leafWith(`${uidOf(75)}id-75`);
    writeFileSync(file, main);
    writeFileSync(`${file}-wal`, log);
    spoil(leaf);

    expect(open().studies.map(({ StudyInstanceUID }) => StudyInstanceUID)).toContain('2.25.7');
  });

  it('loses no study: the scan finds those that cannot be read, and forwards none twice', async () => {
    const edge = await edgeOf();
    for (const seed of [1, 2, 3]) await edge.arrive(ctSeries({ seed }));
    await edge.forwarder.runOnce();
    const before = new Map(edge.bucket.contents);
    await edge.arrive(ctSeries({ seed: 4 }));
    for (const study of edge.pacs.archive.studies.values()) study.stable = true;
    for (const log of ['', '-wal']) copyFileSync(`${edge.journal.file}${log}`, `${file}${log}`);
    new Journal(file).close();
    spoil(rootOf('studies'), rootOf('marks'));

    const { journal, restored, close } = openEdgeFolder(folder);
    const outcomes = await edge.restarted({ journal, start: 'now' }).runOnce();
    close();

    expect(restored?.studies).toBe(0);
    expect(outcomes).toHaveLength(4);
    expect(outcomes.filter((outcome) => outcome.state === 'uploaded' && outcome.fresh)).toHaveLength(1);
    for (const [key, bytes] of before) expect(edge.bucket.contents.get(key)).toEqual(bytes);
  });

  it('ends a running edge, so that its next start restores it', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());
    const instances = () => {
      throw Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
    };
    const journal = withMethods(edge.journal, { instances });

    const running = edge.restarted({ journal }).run(new AbortController().signal);

    await expect(running).rejects.toMatchObject({ code: 'SQLITE_CORRUPT' });
    await expect(running).rejects.toThrow(`${edge.journal.file} cannot be used: its contents are damaged.`);
  });
});

/** The journal, with other methods. */
const withMethods = (journal: Journal, methods: Partial<Journal>): Journal =>
  new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

const edgeModule = (name: string): string => JSON.stringify(join(ROOT, 'edge', name));

/** Runs a program in a process of its own, and returns what it printed. */
function programOf(script: string, { limit }: { readonly limit?: string } = {}): readonly string[] {
  const node = [process.execPath, '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync('sh', ['-c', `${limit ?? ':'}; exec "$@"`, 'sh', ...node], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

describe('a journal that cannot be written', () => {
  it.skipIf(skipUnless(findProgram('prlimit') !== undefined, 'there is no `prlimit`'))(
    'keeps what it has acknowledged, and goes on when there is room again',
    () => {
      const script = `
        import { execFileSync } from 'node:child_process';
        import { systemRefusal } from ${JSON.stringify(join(ROOT, 'adapters/system-refusal.ts'))};
        import { Journal } from ${edgeModule('journal.ts')};
        const journal = new Journal(${JSON.stringify(file)});
        const notice = (study) => journal.notice([{ StudyInstanceUID: '2.25.' + study, orthancId: 'x'.repeat(900) }], study, study);
        let study = 0;
        for (let refused = 0; refused < 3; ) {
          try {
            notice(study + 1);
            study += 1;
          } catch (error) {
            refused += 1;
            console.log(systemRefusal(error, journal.file).message);
          }
        }
        execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
        for (const end = study + 50; study < end; study += 1) notice(study + 1);
        console.log(JSON.stringify([study, journal.studies().length, journal.cursor()]));`;

      const lines = programOf(script, { limit: 'ulimit -S -f 600' });

      expect(lines.slice(0, 3)).toEqual(
        Array(3).fill(`${file} cannot be used: reading or writing fails. Check the disk, and whether it is full.`),
      );
      const [noticed, known, cursor] = JSON.parse(lines[3] ?? '') as readonly number[];
      expect(noticed).toBeGreaterThan(50);
      expect([known, cursor]).toEqual([noticed, noticed]);
    },
  );

  it.skipIf(skipUnless(canMount(), 'this user may not mount a small disk'))(
    'because its disk is full makes the edge wait and say so, and then go on',
    async () => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
      try {
        const journal = new Journal(journalFile(disk));
        const edge = await edgeOf();
        await edge.arrive(ctSeries());
        const filler = join(disk, 'filler');
        expect(() => writeFileSync(filler, new Uint8Array(2 ** 21))).toThrow('ENOSPC');
        const stop = new AbortController();

        const running = edge.restarted({ journal }).run(stop.signal);
        await expect
          .poll(() => edge.log.join('\n'), { timeout: 10_000 })
          .toContain(
            `"code":"SQLITE_FULL","message":"${journal.file} cannot be used: the disk is full. Make room on it, or name a folder on another one."`,
          );
        rmSync(filler);
        await expect.poll(() => journal.studies(), { timeout: 10_000 }).toMatchObject([{ state: 'uploaded' }]);
        stop.abort();
        await running;
        journal.close();

        expect(edge.log.join('\n')).not.toContain('"unexpected"');
        expect(() => openEdgeFolder(disk).close()).not.toThrow();
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it('because another program has locked it makes the edge wait and say so, and then go on', async () => {
    const edge = await edgeOf();
    await edge.arrive(ctSeries());
    const other = new DatabaseSync(edge.journal.file);
    other.exec('BEGIN IMMEDIATE');
    const stop = new AbortController();

    const running = edge.forwarder.run(stop.signal);
    await expect.poll(() => edge.log.join('\n'), { timeout: 10_000 }).toContain('"code":"SQLITE_BUSY"');
    other.exec('COMMIT');
    other.close();
    await expect.poll(() => edge.journal.studies(), { timeout: 10_000 }).toMatchObject([{ state: 'uploaded' }]);
    stop.abort();
    await running;

    expect(edge.log.join('\n')).toContain('is using it. Try again when that program has ended.');
  });

  it.each([
    {
      what: 'folder is read-only',
      change: () => chmodSync(folder, 0o555),
      answer: /^EACCES .* cannot be written: this user has no permission\./,
    },
    {
      what: 'file belongs to somebody else',
      change: () => chmodSync(folder, 0o777),
      answer: /^(EPERM|EACCES) .* cannot be given its permissions: /,
    },
  ])('because its $what stops the edge before it reads a study', ({ change, answer }) => {
    fill();
    change();
    const before = readFileSync(file);
    const script = `
      import { openEdgeFolder } from ${edgeModule('folder.ts')};
      if (process.getuid() === 0) process.setuid(65534);
      try {
        openEdgeFolder(${JSON.stringify(folder)});
      } catch (error) {
        console.log(error.code, error.message);
      }`;

    const lines = programOf(script);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(answer);
    chmodSync(folder, 0o755);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(damagedJournals(file)).toEqual([]);
  });
});

function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'hilum-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe]);
  if (status === 0) execFileSync('umount', [probe]);
  rmSync(probe, { recursive: true });
  return status === 0;
}
