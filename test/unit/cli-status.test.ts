/** `hilum status` beside an edge whose journal knows more than the runs table. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Journal, type RefusedFile } from '#edge/journal.ts';
import { measuredHilum, runHilum } from '../fixtures/hilum.ts';
import { type RunItem, type RunsTableServer, startRunsTable } from '../fixtures/runs-table-server.ts';

const [SERIES, UPLOADED, SKIPPED, PLAIN] = ['2.25.1', '2.25.10', '2.25.20', '2.25.30'] as const;
const RUN = {
  ...{ revision: 'a'.repeat(64), tool: 'caries', version: '1.0.0+r1', lane: 'live' },
  ...{ state: 'rejected', reason: { code: 'invalid-dicom-object', message: 'It breaks the standard.' } },
} as const;

/** The run of a study, as the table holds it; the later its number, the later it changed. */
const runOf = (StudyInstanceUID: string, number: number, change: object = {}): RunItem => {
  const runId = String(number).padStart(32, '0');
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, number)).toISOString();
  return {
    ...RUN,
    runId,
    StudyInstanceUID,
    firstSeen: time,
    at_received: time,
    changed: `${time}/${runId}`,
    ...change,
  };
};

let folder: string;
let table: RunsTableServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-status-'));
  table = await startRunsTable([runOf(UPLOADED, 2), runOf(PLAIN, 1)]);
});
afterEach(async () => {
  await table.close();
  rmSync(folder, { recursive: true });
});
async function holding(items: readonly RunItem[]): Promise<void> {
  await table.close();
  table = await startRunsTable(items);
}

const refusedFile = (number: number, code: string): RefusedFile => ({
  ...{ SeriesInstanceUID: SERIES, sha256: String(number).padStart(64, '0'), sizeBytes: 10 },
  reason: { code, message: 'It cannot be read.' },
});

/** An edge that refused two files of a study and forwarded the rest, and refused the only file of another study. */
function journalWithRefusals(): void {
  const journal = new Journal(join(folder, 'journal.sqlite'));
  const refusals = {
    [UPLOADED]: [refusedFile(1, 'truncated'), refusedFile(2, 'not-dicom'), refusedFile(3, 'truncated')],
    [SKIPPED]: [refusedFile(4, 'not-dicom')],
    [PLAIN]: [],
  };
  for (const [StudyInstanceUID, refused] of Object.entries(refusals)) {
    journal.notice([{ StudyInstanceUID, orthancId: StudyInstanceUID }], 1000);
    const series = { SeriesInstanceUID: SERIES, lastUpdate: '20260101T000000', listed: 3, wants: 'w' };
    journal.closeSeries(StudyInstanceUID, series, { sha256s: new Set(), refused });
  }
  const denied = { code: 'archive-request', message: 'The archive refuses the request (HTTP 404)' };
  const series = { SeriesInstanceUID: '2.25.2', lastUpdate: '20260101T000000', listed: 3, wants: 'w', reason: denied };
  journal.closeSeries(UPLOADED, series, { sha256s: new Set(), refused: [] });
  const reason = { code: 'unreadable', message: 'No file of the series can be read (not-dicom).' };
  for (const study of [UPLOADED, PLAIN]) journal.settle(study, { state: 'uploaded', revision: RUN.revision }, 2000);
  journal.settle(SKIPPED, { state: 'skipped', reason }, 2000);
  journal.close();
}

const environment = () => ({
  ...{ HILUM_BUCKET: 'bucket', HILUM_RUNS_TABLE: 'runs', HILUM_EDGE_FOLDER: folder, AWS_ENDPOINT_URL: table.endpoint },
  ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
});
const status = (...args: readonly string[]) => runHilum(['status', ...args], environment());

it('counts by code the files that the edge refused, in studies that were forwarded and in studies that were not', async () => {
  journalWithRefusals();

  const { code, stdout } = await status();

  expect(code).toBe(0);
  const [uploaded = '', plain = '', skipped = ''] = stdout.split(/^(?=2\.25\.)/m);
  expect(uploaded).toMatch(/caries .*: rejected, the study cannot be processed/);
  expect(uploaded).toContain('because: It breaks the standard. (invalid-dicom-object)');
  expect(uploaded).toContain('  3 files refused: truncated (2), not-dicom (1)\n');
  expect(uploaded).toContain(
    '  the archive refuses series 2.25.2\n    because: The archive refuses the request (HTTP 404)',
  );
  expect(plain).not.toMatch(/refuse[sd]/);
  expect(skipped).toContain('  1 file refused: not-dicom (1)\n');
});

it('mentions what is left of a journal that was damaged, as long as it is kept', async () => {
  journalWithRefusals();
  const damaged = join(folder, 'journal.sqlite.damaged-20260131T180000Z');
  writeFileSync(damaged, '');
  writeFileSync(`${damaged}-wal`, '');

  const { code, stderr } = await status();

  expect([code, stderr.match(/damaged-/g)?.length]).toEqual([0, 1]);
  expect(stderr).toContain(`What was left of it is ${damaged}: remove it`);
});

it('lists the refused files for scripts', async () => {
  journalWithRefusals();

  const { stdout } = await status('--json');

  const items = JSON.parse(stdout) as readonly object[];
  expect(items).toMatchObject([
    { StudyInstanceUID: UPLOADED, state: 'rejected', refused: [{}, {}, {}] },
    { StudyInstanceUID: PLAIN, state: 'rejected' },
    { StudyInstanceUID: SKIPPED, state: 'skipped', refused: [refusedFile(4, 'not-dicom')] },
  ]);
  expect(items[1]).not.toHaveProperty('refused');
});

it('answers for a study that nobody knows with an error, and says where it looked', async () => {
  journalWithRefusals();

  const [known, unknown] = await Promise.all([status(SKIPPED), status('1.2.3', '--json')]);

  expect([known.code, unknown.code]).toEqual([0, 1]);
  expect(JSON.parse(unknown.stdout)).toEqual([]);
  expect(unknown.stderr).toMatch(
    /The study 1\.2\.3 is not known: neither the runs table runs .* nor the edge's folder/,
  );
});

it('shows a study that the edge has forwarded and that has no run yet', async () => {
  journalWithRefusals();
  await holding([]);

  const { stdout } = await status(PLAIN);

  expect(stdout).toContain('uploaded, forwarded by the edge, no run yet');
});

it('says that there are no runs, and where it looked', async () => {
  await holding([]);

  const { code, stdout } = await status();

  expect(code).toBe(0);
  expect(stdout).toMatch(/^No runs yet: the runs table runs .* is empty, and the edge's folder .* has no study\.\n$/);
});

it('shows why a study waits at the edge and until when, and that a study with runs waits again', async () => {
  const journal = new Journal(join(folder, 'journal.sqlite'));
  journal.notice([{ StudyInstanceUID: UPLOADED, orthancId: 'a' }], 1000);
  const reason = { code: 'archive-unavailable', message: 'The archive answers with HTTP 500.' };
  journal.postpone(UPLOADED, Date.UTC(2026, 0, 1, 12, 30), reason);
  journal.close();

  const [text, json] = await Promise.all([status(), status(UPLOADED, '--json')]);

  expect(text.stdout).toContain(
    'seen, stable in Orthanc, not forwarded yet; 1 attempt failed; the next attempt is due at 2026-01-01 12:30 UTC\n' +
      '    because: The archive answers with HTTP 500. (archive-unavailable)',
  );
  expect(JSON.parse(json.stdout)).toMatchObject([
    { StudyInstanceUID: UPLOADED, state: 'rejected' },
    { StudyInstanceUID: UPLOADED, state: 'seen', attempts: 1, nextAttempt: '2026-01-01T12:30:00.000Z', reason },
  ]);
});

it('says for people and for scripts how to see the next page', async () => {
  const gaveUp = { step: 'infer', cause: 'fault' };
  await holding(['failed', 'delivered', 'routed'].map((state, index) => runOf('2.25.1', index, { state, gaveUp })));

  const [json, text] = await Promise.all([
    status('--limit', '2', '--json'),
    status('--limit', '2', '--state', 'failed'),
  ]);

  expect(JSON.parse(json.stdout)).toMatchObject([{ state: 'routed' }, { state: 'delivered' }]);
  expect(json.stderr).toMatch(
    /^There are more runs: `.*hilum status --limit 2 --after 2026-01-01T00:00:01.000Z\/0{31}1`\n$/,
  );
  expect(text.stdout).toMatch(/^2\.25\.1\n {2}caries .*: failed, /);
  expect(text.stdout).toMatch(/\n {4}.*hilum redrive --study 2\.25\.1` gives it back to work\n/);
  expect(text.stderr).toBe('');
});

it('needs no more than 150 MB, however many runs there are', async () => {
  await holding(Array.from({ length: 20_000 }, (_, index) => runOf(`2.25.${1000 + index}`, index)));

  const { code, peakBytes } = await measuredHilum(['status'], environment());

  expect(code).toBe(0);
  expect(peakBytes / 2 ** 20).toBeLessThan(150);
});
