/**
 * Replaces a damaged journal. The damaged file is set aside, what can be read of the studies' states is taken over, and the scan of
 * all studies, with which every start begins, finds what is missing. Where instances lie in the bucket is never taken over: a damaged place
 * would look like a right one. Those series are read again when they change, and the bucket keeps their chunks.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Row } from '#adapters/sqlite/database.ts';
import { removeDatabase, replaceDatabase, salvagedRows, setAside } from '#adapters/sqlite/salvage.ts';
import type { Clock } from '#core/ports.ts';
import { isKeyUid } from '#dicom/uid.ts';
import { Journal } from './journal.ts';
import type { TakenOver } from './journal-again.ts';
import { number, reasonIn, text } from './journal-rows.ts';

export interface Restored {
  /** The damaged file, under its new name. */
  readonly setAside: string;
  /** How many studies could be taken over. */
  readonly studies: number;
  /** From when on studies of Orthanc count, `YYYYMMDDTHHMMSS` (UTC); empty: all. Absent if the edge had not begun yet. */
  readonly since?: string;
}

/**
 * If the damaged journal does not tell from when on studies are forwarded, those of the last two weeks are. Most studies are done within minutes
 * and a few wait for days. A study that was forwarded before is found to be in the bucket, and is not processed twice.
 */
const MARGIN_MS = 14 * 86_400_000;

/**
 * Replaces the journal at `file`.
 *
 * @param start what the edge forwards at its very first start
 * @throws SystemRefusalError if the folder cannot be written; nothing has been changed then
 */
export function restoreJournal(file: string, start: 'now' | 'all', clock: Clock): Restored {
  const aside = `${file}.${DAMAGED}${stamp(clock.now())}Z`;
  const writtenAt = setAside(file, aside);
  const marks = salvagedRows(aside, 'marks');
  const readMark = (name: string): string | undefined =>
    marks.rows.flatMap((row) => (text(row, 'name') === name ? (text(row, 'value') ?? []) : []))[0];
  const known = readMark('since');
  const assumed = start === 'all' ? '' : stamp(writtenAt - MARGIN_MS);
  const since = known !== undefined && SINCE.test(known) ? known : marks.complete ? undefined : assumed;
  const found = salvagedRows(aside, 'studies').rows.flatMap((row) => studyIn(row) ?? []);
  const draft = `${file}.new`;
  removeDatabase(draft);
  const journal = new Journal(draft);
  journal.again.takeOver({ studies: found, since, wants: readMark('wants') });
  const studies = journal.studies().length;
  journal.close();
  replaceDatabase(file, draft);
  return { setAside: aside, studies, ...(since !== undefined && { since }) };
}

const DAMAGED = 'damaged-';
const SINCE = /^(\d{8}T\d{6})?$/;

/** `20260131T180000`, as Orthanc writes times (UTC). */
const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\..*/g, '');

/** A study whose row is sound; undefined if it is not. */
function studyIn(row: Row): TakenOver | undefined {
  const [StudyInstanceUID, orthancId] = [text(row, 'StudyInstanceUID'), text(row, 'orthancId')];
  const [state, revision, seenAt] = [text(row, 'state'), text(row, 'revision'), number(row, 'seenAt')];
  const settledAt = number(row, 'settledAt');
  if (StudyInstanceUID === undefined || !isKeyUid(StudyInstanceUID) || orthancId === undefined) return undefined;
  if (seenAt === undefined) return undefined;
  const reason = reasonIn(row);
  const settled = { lastUpdate: text(row, 'lastUpdate') ?? null, settledAt: settledAt ?? null };
  // Older journals have one study of a UID.
  const key = text(row, 'key') ?? StudyInstanceUID;
  const common = {
    key,
    StudyInstanceUID,
    orthancId,
    seenAt,
    code: reason?.code ?? null,
    message: reason?.message ?? null,
  };
  if (state === 'skipped' && settledAt !== undefined && reason !== undefined)
    return { ...common, ...settled, state, revision: revision ?? null };
  if (state === 'uploaded' && settledAt !== undefined && revision !== undefined && /^[0-9a-f]{64}$/.test(revision))
    return { ...common, ...settled, state, revision };
  // Whatever else the row says, an attempt finds out.
  return { ...common, lastUpdate: null, settledAt: null, state: 'seen', revision: null };
}

/** The damaged journals that were set aside in an edge's folder, oldest first. */
export function damagedJournals(journal: string): readonly string[] {
  const begin = `${basename(journal)}.${DAMAGED}`;
  try {
    const names = readdirSync(dirname(journal)).filter((name) => name.startsWith(begin) && !/-(wal|shm)$/.test(name));
    return names.sort().map((name) => join(dirname(journal), name));
  } catch {
    return []; // An edge that never ran has no folder.
  }
}
