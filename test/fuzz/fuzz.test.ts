import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { skipWithout } from '../fixtures/lanes.ts';
import { runCampaign } from './campaign.ts';

const { HILUM_REQUIRE_ALL_LANES } = process.env;
const CASES = HILUM_REQUIRE_ALL_LANES === '1' ? 50_000 : 5_000;

it(`finds nothing in ${CASES} mutated files`, { timeout: 600_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hilum-finds-'));

  const summary = await runCampaign({ cases: CASES, seed: 20_260_105, realFiles: !skipWithout('data'), folder });

  expect(summary.finds, `kept in ${folder}`).toEqual([]);
  expect(summary.cases).toBe(CASES);
  expect(summary.peakRssBytes).toBeLessThan(512 * 1e6);
  expect(summary.slowest.cpuMs).toBeLessThan(1000);
  expect(summary.outcomes['image']).toBeGreaterThan(CASES / 50);
  await rm(folder, { recursive: true });
});
