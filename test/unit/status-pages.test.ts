/** What `hilum status` asks the runs table and the journal, and what it shows of the answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { type StatusOptions, statusQuery } from '#cli/status/query.ts';
import { showStatus } from '#cli/status/show.ts';
import { Journal } from '#edge/journal.ts';
import type { RunStore, SetTable } from '#pipeline/ports.ts';
import { RUN_STATES } from '#pipeline/run-state.ts';
import { createMemorySetTable } from '../fixtures/memory-ports.ts';
import { type RunItem, type RunsTableServer, startRunsTable } from '../fixtures/runs-table-server.ts';

const DAY = Date.UTC(2026, 0, 1);

/** A run that changed so many seconds after the beginning of the day. */
function runOf(StudyInstanceUID: string, second: number, state: string): RunItem {
  const runId = String(second).padStart(32, '0');
  const time = new Date(DAY + second * 1000).toISOString();
  return {
    ...{ runId, StudyInstanceUID, state, revision: 'a'.repeat(64), tool: 'caries', version: '1.0.0', lane: 'live' },
    ...{ firstSeen: time, at_received: time, changed: `${time}/${runId}` },
  };
}

let folder: string;
let journal: Journal;
let table: RunsTableServer;
let runs: RunStore;
let sets: SetTable;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hilum-status-'));
  journal = new Journal(join(folder, 'journal.sqlite'));
  await holding([]);
});
afterEach(async () => {
  await table.close();
  journal.close();
  rmSync(folder, { recursive: true });
});
async function holding(items: readonly RunItem[]): Promise<void> {
  await table?.close();
  table = await startRunsTable(items);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: table.endpoint, region: 'eu-central-1', credentials });
  runs = createDynamoRunStore({ table: 'runs', client });
  sets = createMemorySetTable();
}

/** The studies that are shown, the hints, and the number of requests to the table. */
async function status(study: string | undefined, options: StatusOptions = {}) {
  const studies: string[] = [];
  const before = table.requests();
  const out = { add: (item: { readonly StudyInstanceUID: string }) => void studies.push(item.StudyInstanceUID) };
  const { count, hints } = await showStatus({ runs, sets }, journal, statusQuery(study, options), out);
  expect(count).toBe(studies.length);
  return { studies, hints, requests: table.requests() - before };
}

it('the latest changes come first, as many as asked, and the list goes on where the page ended', async () => {
  const states = ['failed', 'delivered', 'routed', 'failed', 'delivered'];
  await holding(states.map((state, index) => runOf(`2.25.${index + 1}`, index + 1, state)));

  const first = await status(undefined, { limit: '2' });
  const [, after = ''] = /--limit 2 --after (\S+)`/.exec(first.hints[0] ?? '') ?? [];
  const second = await status(undefined, { limit: '2', after });
  const failed = await status(undefined, { state: ['failed', 'routed'] });
  const since = await status(undefined, { since: '2026-01-01T00:00:04Z' });

  expect(first.studies).toEqual(['2.25.5', '2.25.4']);
  expect(second).toMatchObject({ studies: ['2.25.3', '2.25.2'], hints: [/There are more runs/] });
  expect(failed).toMatchObject({ studies: ['2.25.4', '2.25.3', '2.25.1'], hints: [] });
  expect(since.studies).toEqual(['2.25.5', '2.25.4']);
});

it('a hint keeps what was asked for', async () => {
  await holding([1, 2, 3].map((second) => runOf('2.25.1', second, 'failed')));

  const { hints } = await status(undefined, { state: ['failed'], since: '2025-12-31T00:00Z', limit: '1' });
  const ofStudy = await status('2.25.1', { limit: '1' });

  expect(hints).toEqual([
    'There are more runs: `hilum status --state failed --since 2025-12-31T00:00:00.000Z --limit 1 ' +
      `--after 2026-01-01T00:00:03.000Z/${'3'.padStart(32, '0')}\``,
  ]);
  expect(ofStudy.hints).toEqual(['There are more runs: leave out --limit']);
});

it('a study is shown whole, and runs of a state in many pages, each once', async () => {
  await holding(Array.from({ length: 300 }, (_, index) => runOf('2.25.1', index, 'failed')));

  expect((await status('2.25.1')).studies).toHaveLength(300);
  expect((await status(undefined, { state: ['failed'], limit: '260' })).studies).toHaveLength(260);
  expect((await status(undefined)).studies).toHaveLength(50);
});

it('the table is asked as often for many runs as for few', async () => {
  const states = ['delivered', 'failed', 'not-applicable', 'routed'];
  const requestsFor = async (count: number): Promise<readonly number[]> => {
    const of = (index: number) => runOf(`2.25.${1000 + (index >> 1)}`, index, states[index % 4] ?? '');
    await holding(Array.from({ length: count }, (_, index) => of(index)));
    const asked = [await status(undefined), await status(undefined, { state: ['failed'] }), await status('2.25.1000')];
    return asked.map(({ requests }) => requests);
  };

  expect(await requestsFor(400)).toEqual([RUN_STATES.length, 1, 1]);
  expect(await requestsFor(20_000)).toEqual([RUN_STATES.length, 1, 1]);
});

it('the newest studies at the edge are shown, and how to see the others', async () => {
  const uids = Array.from({ length: 12 }, (_, index) => `2.25.${100 + index}`);
  for (const [index, uid] of uids.entries()) journal.notice([{ StudyInstanceUID: uid, orthancId: uid }], DAY + index);
  const reason = { code: 'modality-not-wanted', message: 'No tool takes it.' };
  for (const uid of uids.slice(0, 4)) journal.settle(uid, { state: 'skipped', reason }, DAY + 1000);

  const all = await status(undefined, { limit: '3' });
  const seen = await status(undefined, { state: ['seen'] });

  expect(all.studies).toEqual(['2.25.111', '2.25.110', '2.25.109', '2.25.103', '2.25.102', '2.25.101']);
  expect(all.hints).toEqual([
    'Not shown: 5 studies at the edge (seen): `hilum status --state seen --limit 8`',
    'Not shown: 1 study at the edge (skipped): `hilum status --state skipped --limit 4`',
  ]);
  expect(seen).toMatchObject({ studies: uids.slice(4).toReversed(), hints: [], requests: 0 });
});

it('of the studies that were uploaded, those are shown that have no run', async () => {
  const uids = ['2.25.1', '2.25.2', '2.25.3'];
  for (const [index, uid] of uids.entries()) {
    journal.notice([{ StudyInstanceUID: uid, orthancId: uid }], DAY + index);
    journal.settle(uid, { state: 'uploaded', revision: 'r' }, DAY + 1000);
  }
  // The run of the second is on another page.
  await holding([runOf('2.25.2', 1, 'delivered'), runOf('2.25.3', 2, 'routed')]);

  expect((await status(undefined, { limit: '1' })).studies).toEqual(['2.25.3']);
  expect((await status(undefined, { limit: '3' })).studies).toEqual(['2.25.3', '2.25.2', '2.25.1']);
  expect((await status('2.25.1')).studies).toEqual(['2.25.1']);
});

it('a page after the first, and a list of runs’ states, have no studies of the edge', async () => {
  journal.notice([{ StudyInstanceUID: '2.25.9', orthancId: 'a' }], DAY);
  await holding([runOf('2.25.1', 1, 'failed')]);

  expect((await status(undefined)).studies).toEqual(['2.25.1', '2.25.9']);
  expect((await status(undefined, { state: ['failed'] })).studies).toEqual(['2.25.1']);
  expect((await status(undefined, { after: '2026-01-01T00:01:00.000Z/0' })).studies).toEqual(['2.25.1']);
  expect((await status(undefined, { since: '2026-01-01T00:00:01Z' })).studies).toEqual(['2.25.1']);
});

it('the sets of a study are shown with its runs, and which one is current', async () => {
  await holding([runOf('2.25.1', 1, 'superseded'), runOf('2.25.1', 2, 'delivered')]);
  const [older, newer] = ['1', '2'].map((digit) => digit.padStart(32, '0'));
  const set = { answer: 'result', inputDigest: 'f', createdAt: '2026-01-01T00:00:00.000Z' } as const;
  const place = { StudyInstanceUID: '2.25.1', tool: 'caries' };
  const pinned = [
    { ...set, setId: 'a', runId: older ?? '', sequence: 1, replaces: [], state: 'superseded', stored: true },
    { ...set, setId: 'b', runId: newer ?? '', sequence: 2, replaces: ['a'], state: 'delivered', stored: true },
  ] as const;
  await sets.replace(place, { sets: pinned }, 0);
  const shown: unknown[] = [];

  await showStatus({ runs, sets }, journal, statusQuery('2.25.1', {}), { add: (item) => void shown.push(item) });

  expect(shown).toMatchObject([
    { state: 'delivered', sets: [{ setId: 'b', state: 'delivered', sequence: 2, replaces: ['a'], current: true }] },
    { state: 'superseded', sets: [{ setId: 'a', state: 'superseded', current: false }] },
  ]);
});
