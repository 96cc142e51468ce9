/** A tool leaves the deployed pipeline while messages wait for it: it is retired, drained and deleted, and nothing is lost. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSsmDeployedTools } from '#adapters/aws/deployed-tools.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { deploy, synthesise } from '#localstack/deploy.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { localUp } from '#localstack/local.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { queueUrl } from '#pipeline/environment.ts';
import { callCloud } from '../fixtures/cloud-call.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { ctSeries } from '../fixtures/edge.ts';
import { describeWith } from '../fixtures/lanes.ts';

const MODELLESS = { models: {} };
const contextOf = (tools: object) => ({
  ...{ root: 'test/fixtures/failing', retryBaseS: '1', retryCapS: '2', noncurrentVersionDays: '1' },
  tools: JSON.stringify({ throws: MODELLESS, ...tools }),
});
const ACTIVE = contextOf({ counts: MODELLESS });
const RETIRED = contextOf({ counts: { ...MODELLESS, state: 'retired' } });
const DELETED = contextOf({});

describeWith(['cloud'], 'a tool that leaves while messages wait for it', () => {
  let pacs: DicomWebStore;
  let cloud: DeployedCloud;
  beforeAll(async () => {
    pacs = await startDicomWebStore({ stableAgeMs: 0 });
    cloud = await startDeployedCloud({ context: ACTIVE, pacs });
  }, 480_000);
  afterAll(async () => {
    await cloud?.close();
    await pacs?.close();
  });

  const queue = () => createSqsQueue({ url: queueUrl(cloud.environment.queues, COUNTS) });
  const toolsForTheEdge = async () => [
    ...(await createSsmDeployedTools({ parameter: cloud.environment.toolsParameter }).versions()).keys(),
  ];
  const sentOf = async (StudyInstanceUID: string) =>
    (await allRuns(cloud.runs, { StudyInstanceUID })).filter(({ stages }) => stages.routed).map(({ tool }) => tool);

  it('ends what it began once it is retired, begins nothing, and leaves its queue when it is deleted', async () => {
    expect((await toolsForTheEdge()).sort()).toEqual(['counts', 'throws']);
    await consume(cloud, false);
    const waiting = await cloud.arrive(ctSeries({ seed: 1 }));
    await cloud.runOf(waiting, 'counts', ({ state }) => state === 'routed');

    const { home } = cloud.environment;
    await localUp({ home, ports: 'free', stableAgeS: 1, context: RETIRED, pacs });
    const late = await cloud.arrive(ctSeries({ seed: 2 }));
    await cloud.runOf(late, 'throws', ended);
    expect(await queue().depth()).toBe(1);
    await consume(cloud, true);
    const run = await cloud.runOf(waiting, 'counts', ended);
    await cloud.workedOff();

    expect(run).toMatchObject({ state: 'delivered' });
    expect(await toolsForTheEdge()).toEqual(['throws']);
    expect(await sentOf(late)).toEqual(['throws']);
    expect(await cloud.runOf(late, 'counts', ended)).toMatchObject({
      ...{ state: 'rejected', reason: { code: 'tool-retired' } },
    });

    await consume(cloud, false);
    await cloud.send(COUNTS, 'left behind');
    expect(await synthesise(home, cloud.environment, DELETED)).toBe(false);
    await deploy(home, cloud.environment);

    expect(cloud.functionProcesses().join()).not.toContain('infer-counts');
    expect(await queue().depth()).toBe(1);
  }, 600_000);
});

const COUNTS = { step: 'infer', tool: 'counts', lane: 'live' } as const;

/** Lets the tool's function consume its queue in the live lane, or not. */
async function consume({ environment }: DeployedCloud, Enabled: boolean): Promise<void> {
  const path = '/2015-03-31/event-source-mappings/';
  const call = { service: 'lambda', path } as const;
  const { EventSourceMappings } = JSON.parse(await callCloud(environment, { ...call, method: 'GET' })) as {
    readonly EventSourceMappings: readonly { readonly UUID: string; readonly EventSourceArn: string }[];
  };
  const found = EventSourceMappings.find(({ EventSourceArn }) => EventSourceArn.endsWith(':hilum-infer-counts-live'));
  if (found === undefined) throw new Error('Nobody consumes the queue');
  const body = JSON.stringify({ Enabled });
  await callCloud(environment, { ...call, path: `${path}${found.UUID}`, method: 'PUT', body });
}
