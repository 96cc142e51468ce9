/** Reads and writes the values in the journal's rows. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Database, Row } from '#adapters/sqlite/database.ts';
import type { Reason } from '#core/errors.ts';
import type { ManifestInstance } from './spool.ts';

export interface Noticed {
  readonly StudyInstanceUID: string;
  readonly orthancId: string;
  /** Identifiers of studies of the UID that Orthanc does not have any more. */
  readonly gone?: readonly string[];
}

export interface RefusedSeries {
  readonly SeriesInstanceUID: string;
  readonly reason: Reason;
}

/** A file that cannot be read as DICOM. It is identified by its digest, because it may have no UID. */
export interface RefusedFile {
  readonly SeriesInstanceUID: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly reason: Reason;
}

export const packed = (entry: ManifestInstance): Uint8Array => deflateRawSync(JSON.stringify(entry));

/** The journal's own data, which `packed` wrote, needs no validation. */
export const unpacked = (entry: Row[string] | undefined): ManifestInstance =>
  JSON.parse(inflateRawSync(entry instanceof Uint8Array ? entry : new Uint8Array()).toString()) as ManifestInstance;

export const text = (row: Row, column: string): string | undefined => {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
};

export const number = (row: Row, column: string): number | undefined => {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
};

export function reasonIn(row: Row): Reason | undefined {
  const [code, message] = [text(row, 'code'), text(row, 'message')];
  return code === undefined || message === undefined ? undefined : { code, message };
}

/** The series of a study that the archive refuses to send. */
export function refusedSeriesIn(db: Database, study: string): readonly RefusedSeries[] {
  const rows = db
    .prepare(`SELECT * FROM series WHERE study = ? AND code = 'archive-request' ORDER BY SeriesInstanceUID`)
    .all(study);
  return rows.flatMap((row) => {
    const reason = reasonIn(row);
    return reason === undefined ? [] : { SeriesInstanceUID: text(row, 'SeriesInstanceUID') ?? '', reason };
  });
}

/** The files of a study that cannot be read. */
export function refusedIn(db: Database, study: string): readonly RefusedFile[] {
  const rows = db.prepare('SELECT * FROM refused WHERE study = ?').all(study);
  return rows.map((row) => ({
    SeriesInstanceUID: text(row, 'SeriesInstanceUID') ?? '',
    sha256: text(row, 'sha256') ?? '',
    sizeBytes: number(row, 'sizeBytes') ?? 0,
    reason: reasonIn(row) ?? { code: '', message: '' },
  }));
}

/** What the journal knows of a study of the same UID. */
interface KnownStudy extends Pick<Noticed, 'orthancId'> {
  readonly key: string;
}

/**
 * The key of a study that Orthanc has. One whose patient was corrected, so that the study of the older identifier is gone, is the same; beside
 * that one, it is another.
 */
export function keyOf(known: readonly KnownStudy[], { StudyInstanceUID, orthancId, gone = [] }: Noticed): string {
  const own = known.find((study) => study.orthancId === orthancId);
  const free = own ?? known.find((study) => study.orthancId === '' || gone.includes(study.orthancId));
  return free?.key ?? (known.length === 0 ? StudyInstanceUID : `${StudyInstanceUID}/${orthancId}`);
}
