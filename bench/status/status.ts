/**
 * Measures `hilum status` on few and on many runs: wall time, CPU time and peak memory of the whole process. The table is a server on
 * this machine that answers queries as DynamoDB does, since a local cloud would take longer to fill than to ask.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#adapters/sqlite/database.ts';
import { Journal, journalFile } from '#edge/journal.ts';
import { MIGRATIONS } from '#edge/journal-schema.ts';
import { measuredHilum } from '../../test/fixtures/hilum.ts';
import { type RunItem, startRunsTable } from '../../test/fixtures/runs-table-server.ts';
import { describeStatus, type StatusMeasurement } from './report.ts';

const SIZES = [
  { runs: 200, studiesAtEdge: 20 },
  // A year of 40 studies a day at the edge.
  { runs: 200_000, studiesAtEdge: 14_600 },
] as const;

const TOOLS = ['caries', 'brain-tissue', 'vertebral-fracture'];
const studyOf = (index: number): string => `1.2.826.0.1.3680043.8.498.${Math.floor(index / TOOLS.length)}`;

const QUESTIONS: readonly (readonly [words: string, args: readonly string[]])[] = [
  ['a page (the latest 50)', []],
  ['a page, as JSON', ['--json']],
  ['a state', ['--state', 'failed']],
  ['a state, since a day', ['--state', 'failed', '--since', '2026-01-01']],
  ['a study', [studyOf(99)]],
];

/** Measures, and returns the section of docs/benchmarks.md. */
export async function measureStatus({ repetitions }: { readonly repetitions: number }): Promise<string> {
  const measured: StatusMeasurement[] = [];
  for (const size of SIZES) {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-bench-'));
    const table = await startRunsTable(Array.from({ length: size.runs }, (_, index) => itemOf(index, size.runs)));
    try {
      fillJournal(folder, size.studiesAtEdge, size.runs);
      const env = {
        ...{ HILUM_RUNS_TABLE: 'runs', HILUM_EDGE_FOLDER: folder, AWS_ENDPOINT_URL: table.endpoint },
        ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' },
      };
      for (const [words, args] of QUESTIONS) {
        console.error(`${size.runs} runs: ${words}`);
        const times: StatusMeasurement['times'][number][] = [];
        const before = table.requests();
        for (let repetition = 0; repetition < repetitions; repetition++) {
          const start = performance.now();
          const { code, cpuSeconds, peakBytes, stderr } = await measuredHilum(['status', ...args], env);
          const wallS = (performance.now() - start) / 1000;
          if (code !== 0) throw new Error(`hilum status ended with ${code}: ${stderr}`);
          times.push({ wallS, cpuS: cpuSeconds, peakMb: peakBytes / 2 ** 20 });
        }
        const requests = (table.requests() - before) / repetitions;
        measured.push({ runs: size.runs, words, requests, times });
      }
    } finally {
      await table.close();
      rmSync(folder, { recursive: true });
    }
  }
  return describeStatus({ measured, repetitions, studiesAtEdge: SIZES[1].studiesAtEdge, load: loadavg()[0] ?? 0 });
}

/** Most runs were delivered or not applicable, and 1 in 50 failed. */
function itemOf(index: number, runs: number): RunItem {
  const runId = String(index).padStart(32, '0');
  // The last of them ends at the end of January.
  const time = new Date(Date.UTC(2026, 1, 1) - (runs - index) * 60_000).toISOString();
  const state = index % 50 === 0 ? 'failed' : index % 3 === 0 ? 'not-applicable' : 'delivered';
  return {
    ...{ runId, StudyInstanceUID: studyOf(index), revision: 'a'.repeat(64), inputDigest: 'b'.repeat(64) },
    ...{ tool: TOOLS[index % TOOLS.length], version: '0.4.0+r2.fbb0dd3b', lane: 'live', state },
    ...{ firstSeen: time, at_received: time, at_routed: time, [`at_${state}`]: time, changed: `${time}/${runId}` },
    ...{ outcome: 'result', summary: 'Two vertebral bodies are lower than their neighbours.' },
    objects: ['1', '2', '3'].map((digit) => `2.25.${digit.repeat(38)}`),
  };
}

/** A third of the studies wait, were left out, or were uploaded. */
function fillJournal(folder: string, studies: number, runs: number): void {
  const journal = new Journal(journalFile(folder));
  const noticed = Array.from({ length: studies }, (_, index) => {
    const uid = index % 3 === 2 ? studyOf(runs - 1 - index) : `2.25.${index}`;
    return { StudyInstanceUID: uid, orthancId: String(index) };
  });
  journal.notice(noticed, Date.UTC(2026, 0, 31));
  journal.close();
  const database = openDatabase(journalFile(folder), MIGRATIONS);
  database.exec(`UPDATE studies SET settledAt = seenAt,
    state = CASE CAST(orthancId AS INTEGER) % 3 WHEN 0 THEN 'seen' WHEN 1 THEN 'skipped' ELSE 'uploaded' END`);
  database.close();
}
