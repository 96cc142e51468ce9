/**
 * The journal's tables, by version: a change is a further entry. Columns with DICOM values have the attributes' keywords as names. The
 * first entry also fits a journal that was written before versions were counted.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS studies (
  StudyInstanceUID TEXT PRIMARY KEY,
  orthancId TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('seen', 'uploaded', 'skipped')),
  revision TEXT,
  code TEXT,
  message TEXT,
  lastUpdate TEXT,
  seenAt INTEGER NOT NULL,
  settledAt INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAttemptAt INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS due ON studies (nextAttemptAt) WHERE state = 'seen';
CREATE TABLE IF NOT EXISTS series (
  StudyInstanceUID TEXT NOT NULL,
  SeriesInstanceUID TEXT NOT NULL,
  lastUpdate TEXT NOT NULL,
  listed INTEGER NOT NULL,
  wants TEXT NOT NULL,
  code TEXT,
  message TEXT,
  PRIMARY KEY (StudyInstanceUID, SeriesInstanceUID)
) STRICT;
CREATE TABLE IF NOT EXISTS instances (
  StudyInstanceUID TEXT NOT NULL,
  SeriesInstanceUID TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  entry TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, SeriesInstanceUID, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
  StudyInstanceUID TEXT NOT NULL,
  SeriesInstanceUID TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  sizeBytes INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, SeriesInstanceUID, sha256)
) STRICT, WITHOUT ROWID;
`,
  // Entries of more than a quarter of a page took a page of their own, so they are compressed. The places of older entries are forgotten:
  // their series are read again when they change, and chunks in the bucket are not uploaded again.
  `
DROP TABLE instances;
DELETE FROM series WHERE code IS NULL;
CREATE TABLE instances (
  StudyInstanceUID TEXT NOT NULL,
  SeriesInstanceUID TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  entry BLOB NOT NULL,
  PRIMARY KEY (StudyInstanceUID, SeriesInstanceUID, sha256)
) STRICT, WITHOUT ROWID;
`,
  // `hilum status` lists the newest studies of each state.
  `
CREATE INDEX IF NOT EXISTS newest ON studies (state, seenAt);
`,
  // A request to send a study again is kept until it is fulfilled; `putAgain` counts how often the bucket lost a study.
  `
ALTER TABLE studies ADD COLUMN manifestKey TEXT;
ALTER TABLE studies ADD COLUMN resend INTEGER NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN putAgain INTEGER NOT NULL DEFAULT 0;
CREATE INDEX settled ON studies (settledAt) WHERE state != 'seen';
`,
  // When the bucket last lost a study, and whether the journal may know where its instances are, so that pruning looks at no others.
  `
ALTER TABLE studies ADD COLUMN lostAt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN placed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX placed ON studies (settledAt) WHERE placed = 1 AND state != 'seen';
`,
  // Counts a study's manifests: the one of the highest number tells what the study is now.
  `
ALTER TABLE studies ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
`,
  // When Orthanc deleted a study: if it comes back, its results are not there any more.
  `
ALTER TABLE studies ADD COLUMN goneAt INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orthanc ON studies (orthancId);
`,
  // Orthanc has a study for each patient: two may have one Study Instance UID. Rows have a key of their own since.
  `
ALTER TABLE studies RENAME COLUMN StudyInstanceUID TO key;
ALTER TABLE studies ADD COLUMN StudyInstanceUID TEXT NOT NULL DEFAULT '';
UPDATE studies SET StudyInstanceUID = key;
CREATE INDEX uid ON studies (StudyInstanceUID);
ALTER TABLE series RENAME COLUMN StudyInstanceUID TO study;
ALTER TABLE instances RENAME COLUMN StudyInstanceUID TO study;
ALTER TABLE refused RENAME COLUMN StudyInstanceUID TO study;
UPDATE studies SET state = 'seen', attempts = 0, nextAttemptAt = 0 WHERE state = 'skipped' AND code = 'ambiguous-study';
`,
];
