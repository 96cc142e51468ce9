/** One measured run: stores a study in Orthanc and waits for its results. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { parseResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { LocalEnvironment } from '#localstack/local.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { resultKey } from '#pipeline/keys.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import type { FloorTask, FloorTimes } from './floor.ts';
import { type Usage, watchProcesses } from './processes.ts';

const root = join(import.meta.dirname, '..', '..');
const STORE_BYTES = 32 * 1024 * 1024;
const LATEST_MS = 300_000;

/** Wall times of one run, ms. They start when Orthanc calls the study stable. */
export interface RunTimes {
  /** From the last instance until Orthanc called the study stable; not included in the other times. */
  readonly quiet: number;
  /** Until the manifest was in the bucket. */
  readonly forward: number;
  readonly route: number;
  /** The whole `infer` step: waiting, starting, loading, the tool with its model, storing the answer. */
  readonly infer: number;
  readonly convert: number;
  /** STOW and read-back, until the run is `delivered` and QIDO lists the results. */
  readonly deliver: number;
  readonly total: number;
  /** Parts of `infer`: loading the images, the tool without its model, and the model. */
  readonly load: number;
  readonly tool: number;
  readonly model: number;
}

export interface MeasuredRun {
  readonly times: RunTimes;
  readonly usage: ReadonlyMap<string, Usage>;
  readonly floor: FloorTimes;
}

export interface Bench {
  readonly environment: LocalEnvironment;
  readonly forwarder: RunningForwarder;
  /** Process ids by name. */
  readonly pids: Readonly<Record<'Orthanc' | 'local cloud' | 'forwarder', number>>;
}

/** `hilum edge`, running. */
export interface RunningForwarder {
  readonly pid: number;
  /** When a study's manifest was in the bucket, ms since the epoch, according to the forwarder's log. */
  forwardedAt(StudyInstanceUID: string): number | undefined;
  stop(): void;
}

/** Starts `hilum edge` and waits for its first log line. */
export async function startForwarder({ home }: LocalEnvironment): Promise<RunningForwarder> {
  const child = spawn(process.execPath, [join(root, 'cli/hilum.ts'), 'edge'], {
    env: { ...process.env, HILUM_HOME: home, HILUM_EDGE_POLL_MS: '200' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const forwarded = new Map<string, number>();
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    const { event, time, StudyInstanceUID } = JSON.parse(line) as Readonly<Record<string, string>>;
    if (event === 'study-forwarded') forwarded.set(StudyInstanceUID ?? '', Date.parse(time ?? ''));
  });
  await once(lines, 'line');
  return {
    pid: child.pid ?? 0,
    forwardedAt: (StudyInstanceUID) => forwarded.get(StudyInstanceUID),
    stop: () => child.kill('SIGTERM'),
  };
}

/** Stores the files, waits until QIDO lists the results, and measures the floor of the same run. */
export async function measureRun(
  { environment, pids, forwarder }: Bench,
  files: readonly Uint8Array[],
  tool: string,
): Promise<MeasuredRun> {
  const { orthanc, bucket, runsTable } = environment;
  const { username, password } = orthanc;
  const archive = createDicomWebClient({ url: orthanc.dicomWebUrl, username, password });
  const changes = createOrthancClient({ url: orthanc.url, username, password });
  const runs = createDynamoRunStore({ table: runsTable });
  const [first] = files;
  if (first === undefined) throw new RangeError('There is nothing to store');
  const { StudyInstanceUID } = indexInstance(first);

  const before = (await changes.lastChange())?.seq ?? 0;
  for (const batch of batches(files)) await archive.store(batch);
  const storedAt = Date.now();
  const watch = watchProcesses((command, pid, parent) => nameOf(command, pid, parent, pids));
  const stableAt = await poll(async () => {
    const page = await changes.changes(before, 2_000);
    return page.changes.some(({ type }) => type === 'StableStudy') ? Date.now() : undefined;
  });
  const run = await poll(async () => {
    const found = (await allRuns(runs, { StudyInstanceUID })).find((candidate) => candidate.tool === tool);
    if (found?.state === 'failed' || found?.state === 'rejected')
      throw new Error(`The run ended as ${found.state}: ${found.reason?.message}`);
    return found?.state === 'delivered' ? found : undefined;
  });
  const results = run.objects ?? [];
  await poll(async () => (await countListed(archive, StudyInstanceUID)) >= files.length + results.length || undefined);
  const listedAt = Date.now();
  const usage = watch.stop();
  const bytes = await createS3ObjectStore({ bucket }).get(resultKey(run));
  if (bytes === undefined) throw new Error('The result of the run is not in the bucket');
  const { load = 0, process: work = 0, inference = 0 } = parseResult(bytes).metadata.timingsMs;
  const at = stageTimes(run);
  const forwardedAt = forwarder.forwardedAt(StudyInstanceUID) ?? Number.NaN;
  const times: RunTimes = {
    quiet: stableAt - storedAt,
    forward: forwardedAt - stableAt,
    route: at.routed - forwardedAt,
    infer: at.inferred - at.routed,
    convert: at.converted - at.inferred,
    deliver: listedAt - at.converted,
    total: listedAt - stableAt,
    ...{ load, tool: work - inference, model: inference },
  };
  return { times, usage, floor: await measureFloor(environment, StudyInstanceUID, results) };
}

function* batches(files: readonly Uint8Array[]) {
  let batch: { readonly SOPInstanceUID: string; readonly bytes: Uint8Array }[] = [];
  let size = 0;
  for (const bytes of files) {
    batch.push({ SOPInstanceUID: indexInstance(bytes).SOPInstanceUID, bytes });
    size += bytes.length;
    if (size < STORE_BYTES) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** The name of a process in the table. */
function nameOf(command: string, pid: number, parent: number, pids: Bench['pids']): string | undefined {
  const known = Object.entries(pids).find(([, id]) => id === pid)?.[0];
  if (known !== undefined) return known;
  if (parent !== pids['local cloud']) return undefined;
  return /ministack-lambda-hilum-(?:Tool\w*?)?(Route|Infer|Convert|Return|DeadLetter)\w*?Function/
    .exec(command)?.[1]
    ?.toLowerCase();
}

async function poll<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const start = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() - start > LATEST_MS) throw new Error('The run did not end within five minutes');
    await sleep(50);
  }
}

async function countListed(
  archive: ReturnType<typeof createDicomWebClient>,
  StudyInstanceUID: string,
): Promise<number> {
  let count = 0;
  for await (const series of archive.searchSeries({ StudyInstanceUID }, { includefield: '00201209' })) {
    count += Number(series['00201209']?.Value?.[0] ?? 0);
  }
  return count;
}

function stageTimes({ stages }: RunRecord) {
  const at = (stage: keyof typeof stages): number => Date.parse(stages[stage] ?? '');
  return { routed: at('routed'), inferred: at('inferred'), converted: at('converted') };
}

async function measureFloor(environment: LocalEnvironment, StudyInstanceUID: string, results: readonly string[]) {
  const { endpoint, region, credentials, bucket, orthanc } = environment;
  const cloud = { endpoint, region, credentials };
  const { url, dicomWebUrl, username, password } = orthanc;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const task: FloorTask = { url, dicomWebUrl, authorization, StudyInstanceUID, results, cloud, bucket };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'floor.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(task));
  const output = await Array.fromAsync(child.stdout);
  return JSON.parse(Buffer.concat(output).toString('utf8')) as FloorTimes;
}
