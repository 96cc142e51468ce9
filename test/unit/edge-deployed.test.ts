/** The edge forwards for deployed tools, and not for tools that are only in its folders. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ConfigurationError, ServiceUnavailableError } from '#core/errors.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { createDeployedWants } from '#edge/deployed.ts';
import { createLog } from '#edge/log.ts';
import type { DeployedTools } from '#pipeline/ports.ts';
import { ctSeries, edgeOf, SPINE_CATALOG } from '../fixtures/edge.ts';
import { createManualClock, createMemoryDeployedTools } from '../fixtures/memory-ports.ts';

/** A tool that takes any MR. */
const HEAD_CATALOG: readonly ToolEntry[] = SPINE_CATALOG.map(({ manifest, models }) => ({
  manifest: {
    ...manifest,
    id: 'head',
    selection: {
      ...manifest.selection,
      alternatives: [[{ attribute: 'Modality', in: ['MR'], whenAbsent: 'refuse', reason: 'it is no MR' }]],
    },
  },
  models,
}));
const CATALOG = [...SPINE_CATALOG, ...HEAD_CATALOG];

/** The wants of an edge with both tools in its folders; time is the test's. */
function wantsWith(deployed: DeployedTools) {
  const clock = createManualClock();
  const log: string[] = [];
  const wants = createDeployedWants({
    catalog: CATALOG,
    deployed,
    clock: { now: () => Date.now() + clock.now() },
    log: createLog(clock, (line) => log.push(line)),
  });
  return {
    wants,
    clock,
    log,
    wanted: async (Modality: string) => (await wants.current()).judgeModality(Modality).wanted,
  };
}

it('reads and uploads nothing of a study if its tool is only in the edge’s folders', async () => {
  const edge = await edgeOf({ catalog: CATALOG, deployed: createMemoryDeployedTools(SPINE_CATALOG) });
  await edge.arrive(ctSeries({ attributes: { Modality: 'MR' } }));

  const [outcome] = await edge.forwarder.runOnce();

  expect(outcome).toMatchObject({ state: 'skipped', reason: { message: 'No tool takes images of modality MR.' } });
  expect(edge.pacs.requests.filter((request) => /\/series\/[0-9.]+$/.test(request))).toEqual([]);
  expect([...edge.bucket.contents.keys()]).toEqual([]);
});

it('takes up a tool that is deployed later, and drops one that is retired, within a minute', async () => {
  const deployed = createMemoryDeployedTools(SPINE_CATALOG);
  const { clock, log, wanted } = wantsWith(deployed);
  const first = [await wanted('CT'), await wanted('MR')];
  deployed.tools.set('head', '1.0.0');
  deployed.tools.delete('spine');

  const soon = [await wanted('CT'), await wanted('MR')];
  clock.advance(60_000);
  const aMinuteLater = [await wanted('CT'), await wanted('MR')];

  expect([first, soon, aMinuteLater]).toEqual([
    [true, false],
    [true, false],
    [false, true],
  ]);
  expect(log.filter((line) => line.includes('"tools-deployed"'))).toHaveLength(2);
});

it('reports once a tool that it does not know, and a tool in another version', async () => {
  const deployed = createMemoryDeployedTools(SPINE_CATALOG);
  deployed.tools.set('newer', '2.0.0').set('spine', '9.9.9');
  const { clock, log, wanted } = wantsWith(deployed);

  for (let minute = 0; minute < 3; minute++) {
    await wanted('CT');
    clock.advance(60_000);
  }

  const [spine] = SPINE_CATALOG;
  const warnings = log.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn');
  expect(warnings).toMatchObject([
    {
      ...{ event: 'tool-of-another-version', tool: 'spine', deployedVersion: '9.9.9' },
      edgeVersion: spine && toolVersion(spine),
    },
    { event: 'tool-unknown', tool: 'newer', deployedVersion: '2.0.0' },
  ]);
});

it('does not guess: without an answer it waits and says so, and then continues', async () => {
  let failures = 0;
  const { tools, versions } = createMemoryDeployedTools(SPINE_CATALOG);
  const away: DeployedTools = {
    async versions(options) {
      failures += 1;
      if (failures <= 2) throw new ServiceUnavailableError('Away');
      return await versions(options);
    },
  };
  const edge = await edgeOf({ deployed: away });
  await edge.arrive(ctSeries());
  const stop = new AbortController();

  const running = edge.forwarder.run(stop.signal);
  await expect.poll(() => edge.journal.studies()[0]?.state, { timeout: 10_000 }).toBe('uploaded');
  stop.abort();
  await running;

  expect(tools.size).toBe(1);
  expect(edge.log.filter((line) => line.includes('"edge-waiting"'))).toHaveLength(2);
});

it('ends at its start if the list does not exist or may not be read', async () => {
  const edge = await edgeOf({
    deployed: { versions: async () => Promise.reject(new ConfigurationError('There is no such parameter')) },
  });
  await edge.arrive(ctSeries());

  await expect(edge.forwarder.run(AbortSignal.timeout(5_000))).rejects.toThrow('There is no such parameter');
  expect([...edge.bucket.contents.keys()]).toEqual([]);
});

it('stops asking the bucket and the deployment when the edge is stopped', async () => {
  const silent: DeployedTools = {
    versions: ({ signal } = {}) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  };
  const edge = await edgeOf({ deployed: silent });
  const stop = new AbortController();

  const running = edge.forwarder.run(stop.signal);
  await sleep(50);
  stop.abort();

  await running;
  expect(edge.log.at(-1)).toContain('edge-stopped');
});
