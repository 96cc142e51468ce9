import { defineConfig } from 'vitest/config';

/** One project per lane: fast ones share the machine, the ones that start services run one file at a time. */
const lane = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: Math.max(testTimeout, 60_000),
    pool: 'forks' as const,
    // Concurrent tests wait for programs beside them, such as an Orthanc, most of the time.
    maxConcurrency: 24,
  },
});

export default defineConfig({
  test: {
    projects: [
      lane('unit', 20_000),
      lane('contract', 180_000),
      lane('field', 180_000),
      lane('chaos', 300_000),
      lane('evaluation', 900_000),
      lane('infra', 120_000),
      lane('judges', 240_000),
      lane('fuzz', 300_000),
      lane('package', 300_000),
      lane('e2e', 600_000),
      lane('pacs', 240_000),
      lane('browser', 180_000),
    ],
    maxWorkers: 2,
  },
});
