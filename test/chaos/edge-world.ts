/** The real forwarder between an archive and a bucket in memory. Its process is killed, and its calls fail, at any of them. */
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { ArchiveUnavailableError, ServiceUnavailableError } from '#core/errors.ts';
import type { Forwarder } from '#edge/forwarder.ts';
import type { Journal } from '#edge/journal.ts';
import { ctSeries, type EdgeUnderTest, SPINE_CATALOG, startEdge } from '../fixtures/edge.ts';
import { createManualClock, createMemoryDeployedTools } from '../fixtures/memory-ports.ts';
import { createFaults, type Fault, type Faults } from './faults.ts';

/** More restarts and repetitions than two faults need. */
const MOST_ROUNDS = 10;
const ROUND_MS = 3_600_000;

const archiveAway = () => new ArchiveUnavailableError('The archive is away.');
const cloudAway = () => new ServiceUnavailableError('The cloud is away.');

/** A process of the edge. Once it is killed, none of its calls has an effect. */
function startProcess(edge: EdgeUnderTest, faults: Faults, clock: { now(): number }) {
  let alive = true;
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  const call: Faults['call'] = (...given) =>
    alive ? Promise.race([faults.call(...given), ended.promise]) : ended.promise;
  const methods = <T extends object>(
    port: T,
    wrap: (key: string, call: (...given: unknown[]) => unknown) => unknown,
  ): T =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        return typeof method === 'function'
          ? wrap(String(key), (...given) => Reflect.apply(method, target, given))
          : method;
      },
    });
  const guarded = <T extends object>(port: T, name: string, failure: () => Error): T =>
    methods(
      port,
      (key, ask) =>
        (...given: unknown[]) =>
          call(`${name}.${key}`, async () => await ask(...given), failure),
    );
  const journal: Journal = methods(edge.journal, (key, ask) => (...given: unknown[]) => {
    if (!alive) throw new Error('The process is killed');
    return faults.callNow(`edge/journal.${key}`, () => ask(...given));
  });
  const { url, username, password } = edge.pacs;
  const forwarder: Forwarder = edge.restarted({
    ...{ clock, journal },
    orthanc: guarded(createOrthancClient({ url, username, password, timeoutMs: 5_000 }), 'edge/orthanc', archiveAway),
    store: guarded(edge.bucket, 'edge/bucket', cloudAway),
    deployed: guarded(createMemoryDeployedTools(SPINE_CATALOG, clock), 'edge/deployed', cloudAway),
    archive: {
      async *retrieveSeries(...given) {
        for await (const file of edge.archive.retrieveSeries(...given))
          yield await call('edge/archive.file', async () => file, archiveAway);
      },
      searchStudies: (...given) => edge.archive.searchStudies(...given),
    },
  });
  return {
    forwarder,
    /** Lets its pending calls end, too, so that its files are closed. */
    kill(): void {
      alive = false;
      ended.reject(new Error('The process is killed'));
    },
  };
}

/** Two studies arrive, and later more slices of the first. The edge is started again until all are forwarded. */
export async function runEdge(planned: readonly Fault[] = []) {
  const clock = createManualClock(Date.now());
  const faults = createFaults(planned);
  const edge = await startEdge({ clock });
  let process = startProcess(edge, faults, clock);

  /** Like the loop of a running edge, which waits when a service is away, and is started again when it was killed. */
  async function forwardAll(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const how = await faults.invoke(() => process.forwarder.runOnce().catch(() => 'waits' as const));
      if (how.kind === 'answered' && how.answer !== 'waits' && waiting(edge) === 0) return;
      if (how.kind === 'killed') {
        process.kill();
        process = startProcess(edge, faults, clock);
      }
      clock.advance(ROUND_MS);
    }
  }

  try {
    const slices = ctSeries({ slices: 7 });
    for (const files of [[...slices.slice(0, 5), ...ctSeries({ seed: 2, slices: 4 })], slices.slice(5)]) {
      await edge.arrive(files);
      await forwardAll();
    }
    return {
      faults,
      keys: [...edge.bucket.contents.keys()].sort(),
      contents: new Map(edge.bucket.contents),
      studies: edge.journal
        .studies()
        .map(({ state, revision }) => `${state} ${revision}`)
        .sort(),
    };
  } finally {
    await edge.close();
  }
}

const waiting = ({ journal }: EdgeUnderTest): number =>
  journal.studies().filter(({ state }) => state === 'seen').length;
