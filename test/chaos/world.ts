/**
 * The whole pipeline in simulated time: the real handlers, and a cloud and a PACS in memory that go away and come back. Each
 * request takes time, so that an outage may begin in the middle of an invocation.
 */
import { ArchiveUnavailableError, ServiceUnavailableError } from '#core/errors.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { makeHandler as convert } from '#functions/convert/handler.ts';
import { makeHandler as deadLetter } from '#functions/dead-letter/handler.ts';
import { makeHandler as infer } from '#functions/infer/handler.ts';
import { makeHandler as reconcile } from '#functions/reconcile/handler.ts';
import { makeHandler as deliver } from '#functions/return/handler.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import type { QueueHandler } from '#functions/shared/consume.ts';
import type { DeliveryArchive } from '#pipeline/deliver.ts';
import { type QueueRole, queueName } from '#pipeline/environment.ts';
import { MANIFEST_SUFFIX } from '#pipeline/keys.ts';
import { createMemoryBookmarks } from '../fixtures/memory-ports.ts';
import { createPipeline, echoEngine, s3Event, sqsEvent, upload } from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';
import { createQueues } from './queues.ts';

/** What may be away. Without KMS, neither bucket nor table can be read. */
export type Part = 's3' | 'dynamodb' | 'kms' | 'sqs' | 'pacs';
export interface Outage {
  readonly part: Part;
  readonly fromS: number;
  readonly toS: number;
}
/** What may be lost at a moment, in the middle of an invocation: all messages, all objects, all rows. */
export type Loss = 'queues' | 'bucket' | 'table';
export interface Disaster {
  readonly atS: number;
  readonly losses: readonly Loss[];
}
export interface WorldOptions {
  readonly outages?: readonly Outage[];
  readonly disaster?: Disaster;
  /** Whether the reconciler runs, every ten minutes, and the edge puts what is lost into the bucket again. */
  readonly reconciles?: boolean;
  /** The Lambda invocations that the account may have at once. */
  readonly concurrency?: number;
  /** How long an invocation of `infer` takes, seconds. */
  readonly inferS?: number;
}

const REQUEST_MS = 40;
/** The queues' visibility timeout, and the lease that the handlers make of it, seconds. */
const HIDDEN_S = 210;
const LEASE_S = 90;
/** The longest simulated time. */
const END_S = 12 * 86_400;

/** The reconciler's schedule, and how long after a loss the edge puts studies into the bucket again, seconds. */
const RECONCILE_S = 600;
const EDGE_S = 1200;

export function createWorld(options: WorldOptions) {
  const { outages = [], concurrency = 1000, inferS = 5, disaster, reconciles = false } = options;
  const pipeline = createPipeline();
  const { clock } = pipeline;
  const startMs = clock.now();
  const isAway = (...parts: readonly Part[]): boolean => {
    const nowS = (clock.now() - startMs) / 1000;
    return outages.some(({ part, fromS, toS }) => parts.includes(part) && fromS <= nowS && nowS < toS);
  };
  const forwarded = new Map<string, Uint8Array>();
  let [hasHappened, isWhole] = [false, true];
  /** What is due at this moment happens, also between two requests of an invocation. */
  function happen(): void {
    if (disaster === undefined || hasHappened || clock.now() < startMs + disaster.atS * 1000) return;
    hasHappened = true;
    if (disaster.losses.includes('queues')) queues.purge();
    if (disaster.losses.includes('table'))
      for (const part of [pipeline.runs.records, pipeline.ledger.entries]) part.clear();
    if (!disaster.losses.includes('bucket')) return;
    pipeline.objects.contents.clear();
    isWhole = false;
  }
  const ask = (...parts: readonly Part[]): void => {
    clock.advance(REQUEST_MS);
    happen();
    if (isAway(...parts)) throw new ServiceUnavailableError(`Cannot reach ${parts[0]}.`);
  };
  /** A port whose every method asks first. */
  const guarded = <T extends object>(port: T, check: () => void): T =>
    new Proxy(port, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...given: readonly unknown[]) => {
          check();
          return await Reflect.apply(method, target, given);
        };
      },
    });

  const queues = createQueues(clock, () => ask('sqs'));
  const held = new Map<string, Uint8Array>();
  const stored = new Map<string, number>();
  const askPacs = (): void => {
    clock.advance(REQUEST_MS);
    if (isAway('pacs')) throw new ArchiveUnavailableError('The PACS is away.');
  };
  const archive: DeliveryArchive = {
    async store(objects) {
      askPacs();
      for (const { SOPInstanceUID, bytes } of objects) {
        held.set(SOPInstanceUID, bytes);
        stored.set(SOPInstanceUID, (stored.get(SOPInstanceUID) ?? 0) + 1);
      }
      return objects.map(({ SOPInstanceUID }) => ({ SOPInstanceUID, stored: true }));
    },
    async retrieveInstance({ SOPInstanceUID }) {
      askPacs();
      return held.get(SOPInstanceUID);
    },
  };
  const services = {
    ...pipeline,
    objects: guarded(pipeline.objects, () => ask('s3', 'kms')),
    runs: guarded(pipeline.runs, () => ask('dynamodb', 'kms')),
    ledger: guarded(pipeline.ledger, () => ask('dynamodb', 'kms')),
    queueNamed: queues.named,
    queue: (role: QueueRole) => ({ ...pipeline.queue(role), ...queues.named(queueName(role)) }),
    hold: async (queue: string, id: string) => {
      await queues
        .named(queue)
        .postpone(id, LEASE_S)
        .catch(() => undefined);
      return async () => undefined;
    },
  };
  const tool = makeTool(() => nothingFound);
  const handlers: Readonly<Record<string, QueueHandler>> = {
    intake: route({ ...services, catalog: [entry] }),
    infer: infer({ ...services, entry, tool, decoder: inProcessDecoder, engine: echoEngine, toolTimeoutMs: 60_000 }),
    convert: convert(services),
    return: deliver({ ...services, archive: async () => archive }),
    dead: deadLetter({ ...services, catalog: [entry] }),
  };
  const reconciler = reconcile({ ...services, bookmarks: createMemoryBookmarks(clock), catalog: [entry] });
  let [nextRoundMs, rounds] = [startMs + RECONCILE_S * 1000, 0];

  /** The reconciler and the edge do their part when it is time. */
  async function mend(): Promise<void> {
    happen();
    if (!reconciles) return;
    if (!isWhole && disaster !== undefined && clock.now() >= startMs + (disaster.atS + EDGE_S) * 1000) {
      isWhole = true;
      for (const [key, bytes] of forwarded) await pipeline.objects.put(key, bytes);
      for (const key of forwarded.keys())
        if (key.endsWith(MANIFEST_SUFFIX)) await queues.named('intake-live').send(s3Event(key));
    }
    if (clock.now() < nextRoundMs) return;
    nextRoundMs += RECONCILE_S * 1000;
    rounds += 1;
    await reconciler({}, { getRemainingTimeInMillis: () => 120_000 });
  }

  const handlerOf = (name: string): QueueHandler | undefined =>
    handlers[name.endsWith('-dead') ? 'dead' : (name.split('-')[0] ?? '')];

  const busyUntilMs: number[] = [];
  let throttled = 0;

  /** Lambda polls every queue. A message for which there is no invocation left is hidden again, and was received. */
  async function poll(): Promise<void> {
    if (isAway('sqs')) return;
    for (const name of queues.names()) {
      for (
        let message = queues.receive(name, HIDDEN_S);
        message !== undefined;
        message = queues.receive(name, HIDDEN_S)
      ) {
        const nowMs = clock.now();
        const busy = busyUntilMs.filter((untilMs) => untilMs > nowMs);
        busyUntilMs.splice(0, busyUntilMs.length, ...busy);
        if (busy.length >= concurrency) {
          throttled += 1;
          continue;
        }
        busyUntilMs.push(nowMs + 1000 * (name.startsWith('infer') ? inferS : 1));
        const event = sqsEvent(name, [message.body], message.receiveCount, message.sentMs);
        const [record] = event.Records;
        if (record === undefined) continue;
        const records = { Records: [{ ...record, messageId: message.id, receiptHandle: message.id }] };
        const answer = await handlerOf(name)?.(records, { getRemainingTimeInMillis: () => 60_000 });
        // Lambda's own deletion is a request to SQS, too: if it fails, the message comes again.
        if (answer?.batchItemFailures.length === 0 && !isAway('sqs')) queues.remove(name, message.id);
        if (isAway('sqs')) return;
      }
    }
  }

  return {
    ...{ pipeline, stored, held },
    throttled: () => throttled,
    rounds: () => rounds,
    nowS: () => (clock.now() - startMs) / 1000,
    /** The study with this number arrives now: the bucket has it, and S3 tells the intake queue. */
    async arrive(number: number): Promise<string> {
      const uids = { StudyInstanceUID: `2.25.7${number}`, SOPInstanceUID: `2.25.8${number}` };
      const file = makeRadiographFile(uids);
      const { key, chunk } = await upload(pipeline, file);
      for (const name of [chunk, key]) forwarded.set(name, pipeline.objects.contents.get(name) ?? new Uint8Array());
      // S3 repeats an event until the queue has it.
      const send = async (): Promise<void> => queues.named('intake-live').send(s3Event(key));
      while (isAway('sqs')) clock.advance(60_000);
      await send();
      return uids.StudyInstanceUID;
    },
    /** Lets time pass until so many seconds after the start, or, in a world without a reconciler, until every queue is empty. */
    async run(untilS = END_S): Promise<void> {
      while ((clock.now() - startMs) / 1000 < untilS && (reconciles || queues.left() > 0)) {
        await mend();
        await poll();
        const soonestMs = Math.min(queues.nextMs(), startMs + untilS * 1000, reconciles ? nextRoundMs : Infinity);
        clock.advance(Math.max(1000, Math.min(soonestMs - clock.now(), 600_000)));
      }
    },
    left: queues.left,
    writtenStudies: () => [...held.values()].map((bytes) => indexInstance(bytes).StudyInstanceUID),
  };
}
export type World = ReturnType<typeof createWorld>;
