/** `hilum status` beside an edge whose journal knows more than the runs table. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Journal, type RefusedFile } from '#edge/journal.ts';
import { runHilum } from '../fixtures/hilum.ts';

const [SERIES, UPLOADED, SKIPPED, PLAIN] = ['2.25.1', '2.25.10', '2.25.20', '2.25.30'] as const;
const RUN = {
  ...{ runId: '0'.repeat(32), revision: 'a'.repeat(64), tool: 'caries', version: '1.0.0+r1', lane: 'live' },
  ...{ state: 'rejected', reason: { code: 'invalid-dicom-object', message: 'It breaks the standard.' } },
  ...{ firstSeen: '2026-01-01T00:00:00.000Z', at_received: '2026-01-01T00:00:00.000Z' },
};

let folder: string;
let table: Server;
let Items: readonly object[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-status-'));
  Items = [UPLOADED, PLAIN].map((StudyInstanceUID) => marshall({ ...RUN, StudyInstanceUID }));
  table = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ Items }));
  });
  await new Promise<void>((resolve) => table.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  table.close();
  rmSync(folder, { recursive: true });
});

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

const status = (...args: readonly string[]) =>
  runHilum(['status', ...args], {
    ...{ HILUM_BUCKET: 'bucket', HILUM_RUNS_TABLE: 'runs', HILUM_EDGE_FOLDER: folder },
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(table.address() as AddressInfo).port}`,
    ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });

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

  const known = await status(SKIPPED);
  Items = [];
  const unknown = await status('1.2.3', '--json');
  const none = await status();

  expect([known.code, unknown.code, none.code]).toEqual([0, 1, 0]);
  expect(JSON.parse(unknown.stdout)).toEqual([]);
  expect(unknown.stderr).toMatch(
    /The study 1\.2\.3 is not known: neither the runs table runs .* nor the edge's folder/,
  );
});

it('shows a study that the edge has forwarded and that has no run yet', async () => {
  journalWithRefusals();
  Items = [];

  const { stdout } = await status(PLAIN);

  expect(stdout).toContain('uploaded, forwarded by the edge, no run yet');
});

it('says that there are no runs, and where it looked', async () => {
  Items = [];

  const { code, stdout } = await status();

  expect(code).toBe(0);
  expect(stdout).toMatch(/^No runs yet: the runs table runs .* is empty, and the edge's folder .* has no study\.\n$/);
});
