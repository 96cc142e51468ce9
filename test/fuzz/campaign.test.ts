import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';

it('reports a case that hangs, one that ends its process and one that fails, and continues after each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hilum-campaign-'));
  const program = join(import.meta.dirname, '../fixtures/saboteur.ts');

  const summary = await runCampaign({
    cases: 9,
    seed: 3,
    realFiles: false,
    folder,
    processes: 1,
    program,
    hangsAfterMs: 3000,
  });

  expect(summary.cases).toBe(9);
  expect(summary.outcomes).toEqual({ good: 7, hang: 1, death: 1 });
  expect(summary.finds.map(({ case: number, what }) => [number, what])).toEqual([
    [2, 'hang'],
    [4, 'death'],
    [6, 'wrong'],
  ]);
  expect(summary.processes).toHaveLength(3);
  expect([summary.slowest.case, summary.peakRssBytes]).toEqual([8, 8000]);
  expect(JSON.parse(await readFile(join(folder, '3-6.json'), 'utf8'))).toMatchObject({
    seed: 3,
    case: 6,
    bytes: 'AAAA',
  });
  await rm(folder, { recursive: true });
});
