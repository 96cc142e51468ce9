/**
 * The whole pipeline in simulated time: the real handlers, and a cloud and a PACS in memory that go away and come back. Each
 * request takes time, so that an outage may begin in the middle of an invocation.
 */
import type { SQSBatchResponse } from 'aws-lambda';
import { ArchiveDeniedError, ArchiveUnavailableError, ServiceUnavailableError } from '#core/errors.ts';
import { createResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Image, ImageProcessingTool, ProcessingResult, ResultContent } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { makeHandler as convert } from '#functions/convert/handler.ts';
import { makeHandler as deadLetter } from '#functions/dead-letter/handler.ts';
import { makeHandler as infer } from '#functions/infer/handler.ts';
import { makeHandler as reconcile } from '#functions/reconcile/handler.ts';
import { makeHandler as deliver } from '#functions/return/handler.ts';
import { makeHandler as route } from '#functions/route/handler.ts';
import type { QueueHandler } from '#functions/shared/consume.ts';
import type { Random } from '#phantoms/random.ts';
import type { DeliveryArchive } from '#pipeline/deliver.ts';
import type { Stage } from '#pipeline/ends.ts';
import { parseDeadLetterQueueName, parseQueueName, type QueueRole, queueName } from '#pipeline/environment.ts';
import { identityKey } from '#pipeline/keys.ts';
import type { StudyUid } from '#pipeline/ports.ts';
import { createMemoryPacs, type MemoryPacs, opened } from '../fixtures/memory-archive.ts';
import { createMemoryBookmarks } from '../fixtures/memory-ports.ts';
import { createPipeline, echoEngine, type Pipeline, s3Event, sqsEvent, uploadFiles } from '../fixtures/pipeline.ts';
import { makeRadiographFile, nothingFound, entry as tiny } from '../fixtures/tiny-radiograph.ts';
import { createFaults, type Fault, type Invocation } from './faults.ts';
import { createLosses, type Disaster } from './losses.ts';
import { createQueues } from './queues.ts';

/** What may be away. Without KMS, neither bucket nor table can be read. Without a password, the PACS denies access. */
export type Part = 's3' | 'dynamodb' | 'kms' | 'sqs' | 'pacs' | 'password';
export interface Outage {
  readonly part: Part;
  readonly fromS: number;
  readonly toS: number;
  /** Every how-manieth request still succeeds, as of a service that throttles; by default none. */
  readonly answersEvery?: number;
}
export interface WorldOptions {
  readonly outages?: readonly Outage[];
  /** The Lambda invocations that the account may have at once. */
  readonly concurrency?: number;
  /** How long an invocation of `infer` takes, seconds. */
  readonly inferS?: number;
  readonly faults?: readonly Fault[];
  readonly disaster?: Disaster;
  /** Whether the reconciler runs on its schedule, and the edge puts what is lost into the bucket again. */
  readonly reconciles?: boolean;
  /** With it, queues repeat and reorder messages. */
  readonly disorder?: Random;
  /** What the tool answers to a study's images; by default that it found nothing. It may throw. */
  readonly look?: (images: readonly Image[]) => ResultContent;
  /** Changes the tool's answer after it was checked, as a tool might that does without `createResult`. */
  readonly overwrite?: (answer: ProcessingResult) => ProcessingResult;
  readonly entry?: ToolEntry;
  /** What becomes of the PACS at some time, in the middle of whatever is under way. */
  readonly happenings?: readonly Happening[];
  /** Looks at the PACS and the tables before every request. */
  readonly watch?: (world: Pick<Pipeline, 'sets' | 'clock'> & { readonly pacs: MemoryPacs }) => void;
  /** A version of the tool that takes the place of the first one. */
  readonly newer?: { readonly atS: number; readonly entry: ToolEntry };
  /** Whether objects that are replaced are deleted in the PACS; by default they are. */
  readonly deletesReplaced?: boolean;
}
export interface Happening {
  readonly atS: number;
  readonly what: (pacs: MemoryPacs) => void;
}

const REQUEST_MS = 40;
/** The queues' visibility timeout, and the lease that the handlers make of it, seconds. */
const HIDDEN_S = 210;
const LEASE_S = 90;
/** A frozen process goes on after its message was given to another one, and that one is done. */
const FROZEN_S = 200;
/** The longest simulated time. */
const END_S = 40 * 86_400;
/** Messages that are sent for ever never come to rest. */
const MOST_ROUNDS = 500_000;

export function createWorld(options: WorldOptions = {}) {
  const {
    outages = [],
    concurrency = 1000,
    inferS = 5,
    disorder,
    entry = tiny,
    newer,
    deletesReplaced = true,
  } = options;
  const { look = () => nothingFound, overwrite = (answer) => answer } = options;
  const pipeline = createPipeline();
  const { clock } = pipeline;
  const startMs = clock.now();
  const faults = createFaults(options.faults);
  let asked = 0;
  /** The part of these that does not answer now. */
  const away = (...parts: readonly Part[]): Part | undefined => {
    const nowS = (clock.now() - startMs) / 1000;
    asked += 1;
    return outages.find(
      ({ part, fromS, toS, answersEvery = Number.POSITIVE_INFINITY }) =>
        parts.includes(part) && fromS <= nowS && nowS < toS && asked % answersEvery !== 0,
    )?.part;
  };
  const isAway = (part: Part): boolean => away(part) !== undefined;
  const errorOf = (part: Part): Error => {
    if (part === 'pacs') return new ArchiveUnavailableError('The PACS is away.');
    if (part === 'password') return new ArchiveDeniedError('The PACS denies access.');
    return new ServiceUnavailableError(`Cannot reach ${part}.`);
  };
  const happenings = (options.happenings ?? []).toSorted((a, b) => a.atS - b.atS);
  /** Lets happen what is due. */
  const happen = (): void => {
    while (startMs + 1000 * (happenings[0]?.atS ?? Number.POSITIVE_INFINITY) <= clock.now())
      happenings.shift()?.what(pacs);
  };
  const ask = (...parts: readonly Part[]): void => {
    clock.advance(REQUEST_MS);
    losses.strike();
    happen();
    options.watch?.({ ...pipeline, pacs });
    const part = away(...parts);
    if (part !== undefined) throw errorOf(part);
  };
  /** A port of a stage. Each of its calls takes time, needs services, and is a point at which a fault may be planned. */
  const guarded = <T extends object>(port: T, name: string, ...parts: readonly [Part, ...Part[]]): T =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        const make = async (given: readonly unknown[]): Promise<unknown> => {
          ask(...parts);
          return await Reflect.apply(method, target, given);
        };
        return (...given: readonly unknown[]) =>
          faults.call(
            `${name}.${String(key)}`,
            () => make(given),
            () => errorOf(parts[0]),
          );
      },
    });

  const queues = createQueues(clock, disorder);
  const pacs = createMemoryPacs();
  const servicesOf = (stage: Stage) => {
    const queueNamed = (name: string) => guarded(queues.named(name), `${stage}/queue`, 'sqs');
    return {
      ...pipeline,
      objects: guarded(pipeline.objects, `${stage}/bucket`, 's3', 'kms'),
      runs: guarded(pipeline.runs, `${stage}/runs`, 'dynamodb', 'kms'),
      sets: guarded(pipeline.sets, `${stage}/sets`, 'dynamodb', 'kms'),
      ledger: guarded(pipeline.ledger, `${stage}/ledger`, 'dynamodb', 'kms'),
      queueNamed,
      queue: (role: QueueRole) => ({ ...pipeline.queue(role), ...queueNamed(queueName(role)) }),
      hold: async (name: string, id: string) => {
        await queueNamed(name)
          .postpone(id, LEASE_S)
          .catch(() => undefined);
        return async () => undefined;
      },
    };
  };
  const toolOf = (deployed: ToolEntry): ImageProcessingTool => {
    const tool: ImageProcessingTool = {
      name: deployed.manifest.id,
      versionId: () => toolVersion(deployed),
      description: () => describeTool(deployed),
      canProcessImage: () => ({ suitable: true }),
      process: async (images, context) => overwrite(createResult({ tool, images, context, content: look(images) })),
    };
    return tool;
  };
  const [toInfer, toReturn] = [servicesOf('infer'), servicesOf('return')];
  const listed = (study: StudyUid) => Array.fromAsync(pacs.listInstances(study));
  const asking = guarded({ ...pacs, listed }, 'return/archive', 'pacs', 'password');
  const archive: DeliveryArchive = {
    ...asking,
    async *listInstances(study) {
      yield* await asking.listed(study);
    },
  };
  const ready = { decoder: inProcessDecoder, engine: echoEngine, toolTimeoutMs: 60_000 };
  const handlersWith = (deployed: ToolEntry): Readonly<Record<Stage, QueueHandler>> => ({
    route: route({ ...servicesOf('route'), catalog: [deployed] }),
    infer: infer({ ...toInfer, ...ready, entry: deployed, tool: toolOf(deployed) }),
    convert: convert(servicesOf('convert')),
    return: deliver({ ...toReturn, archive: opened(archive, { deletesReplaced }) }),
    'dead-letter': deadLetter({ ...servicesOf('dead-letter'), catalog: [deployed] }),
  });
  const [first, second] = [handlersWith(entry), newer && handlersWith(newer.entry)];
  const isNewer = (): boolean => newer !== undefined && clock.now() >= startMs + newer.atS * 1000;
  const handlers = (): typeof first => (isNewer() && second !== undefined ? second : first);

  const bookmarks = createMemoryBookmarks(clock);
  const reconciler = (deployed: ToolEntry) =>
    reconcile({
      ...pipeline,
      objects: guarded(pipeline.objects, 'reconcile/bucket', 's3', 'kms'),
      runs: guarded(pipeline.runs, 'reconcile/runs', 'dynamodb', 'kms'),
      sets: guarded(pipeline.sets, 'reconcile/sets', 'dynamodb', 'kms'),
      ledger: guarded(pipeline.ledger, 'reconcile/ledger', 'dynamodb', 'kms'),
      bookmarks: guarded(bookmarks, 'reconcile/bookmarks', 'dynamodb', 'kms'),
      queueNamed: (name) => guarded(queues.named(name), 'reconcile/queue', 'sqs'),
      catalog: [deployed],
    });
  const losses = createLosses({
    ...{ disaster: options.disaster, clock, pipeline, queues },
    reconcile: options.reconciles ? reconcileOnce : undefined,
  });

  /** Lambda starts it on a schedule, whatever became of it the last time. */
  async function reconcileOnce(): Promise<void> {
    const work = () =>
      reconciler(isNewer() ? (newer?.entry ?? entry) : entry)({}, { getRemainingTimeInMillis: () => 120_000 });
    const how = await faults.invoke(work).catch(() => ({ kind: 'killed' }) as const);
    if (how.kind === 'frozen') stop(async () => void (await how.thaw()));
  }

  const busyUntilMs: number[] = [];
  const frozen: { readonly untilMs: number; readonly goOn: () => Promise<void> }[] = [];
  let throttled = 0;

  const stop = (goOn: () => Promise<void>) => frozen.push({ untilMs: clock.now() + FROZEN_S * 1000, goOn });

  /** Acts like Lambda on how an invocation went. */
  async function settle(stage: Stage, name: string, id: string, how: Invocation<SQSBatchResponse>): Promise<void> {
    if (how.kind === 'frozen') stop(async () => settle(stage, name, id, await how.thaw()));
    if (how.kind !== 'answered' || how.answer.batchItemFailures.length > 0 || isAway('sqs')) return;
    // Lambda's own deletion is a request to SQS, too: if it fails, the message comes again.
    const remove = async () => queues.remove(name, id);
    await faults.call(`${stage}/lambda.delete`, remove, () => errorOf('sqs')).catch(() => undefined);
  }

  async function thaw(): Promise<void> {
    const due = frozen.filter(({ untilMs }) => untilMs <= clock.now());
    frozen.splice(0, frozen.length, ...frozen.filter((one) => !due.includes(one)));
    for (const { goOn } of due) await goOn();
  }

  /** Lambda polls every queue. A message for which there is no invocation left is hidden again, and was received. */
  async function poll(): Promise<void> {
    if (isAway('sqs')) return;
    for (const name of queues.names()) {
      const stage = stageOf(name);
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
        busyUntilMs.push(nowMs + 1000 * (stage === 'infer' ? inferS : 1));
        const event = sqsEvent(name, [message.body], message.receiveCount, message.sentMs);
        const [record] = event.Records;
        if (record === undefined) continue;
        const { id } = message;
        const records = { Records: [{ ...record, messageId: id, receiptHandle: id }] };
        const work = () => handlers()[stage](records, { getRemainingTimeInMillis: () => 60_000 });
        await settle(stage, name, id, await faults.invoke(work));
        if (isAway('sqs')) return;
      }
    }
  }

  const soonestMs = (): number => frozen.reduce((soonest, { untilMs }) => Math.min(soonest, untilMs), queues.nextMs());

  return {
    ...{ pipeline, pacs, faults, happen, queueNamed: queues.named },
    /** The objects that were stored in the PACS and are there. */
    get held(): ReadonlyMap<string, Uint8Array> {
      return new Map([...pacs.held].filter(([uid]) => pacs.storedUids.includes(uid)));
    },
    /** How often each object was stored. */
    get stored(): ReadonlyMap<string, number> {
      return new Map([...Map.groupBy(pacs.storedUids, (uid) => uid)].map(([uid, times]) => [uid, times.length]));
    },
    throttled: () => throttled,
    rounds: losses.rounds,
    nowS: () => (clock.now() - startMs) / 1000,
    /** The study with this number arrives now: the bucket has it, and S3 tells the intake queue. */
    async arrive(number: number): Promise<string> {
      const uids = { StudyInstanceUID: `2.25.7${number}`, SOPInstanceUID: `2.25.8${number}` };
      return await this.arriveAs(makeRadiographFile(uids));
    },
    /** The same for any study of one file. */
    async arriveAs(...files: readonly Uint8Array[]): Promise<string> {
      pacs.add(...files);
      return await this.upload(files);
    },
    /** The edge uploads what the PACS has of a study. */
    async upload(files: readonly Uint8Array[], facts: Parameters<typeof uploadFiles>[4] = {}): Promise<string> {
      const { key, chunk, identity, StudyInstanceUID } = await uploadFiles(pipeline, files, 'live', {}, facts);
      losses.remember(chunk, identityKey(identity), key);
      // S3 repeats an event until the queue has it.
      while (isAway('sqs')) clock.advance(60_000);
      clock.advance(REQUEST_MS);
      await queues.named('intake-live').send(s3Event(key));
      return StudyInstanceUID;
    },
    /** Lets time pass until so many seconds after the start, or, if nobody reconciles, until every queue is empty. */
    async run(untilS = END_S): Promise<void> {
      let rounds = 0;
      while ((clock.now() - startMs) / 1000 < untilS && (options.reconciles || queues.left() + frozen.length > 0)) {
        rounds += 1;
        if (rounds > MOST_ROUNDS) throw new Error(`Nothing comes to rest: ${pipeline.logged.slice(-12).join(' ')}`);
        happen();
        await losses.mend();
        await thaw();
        await poll();
        const nextMs = Math.min(soonestMs(), losses.nextMs(), startMs + untilS * 1000);
        clock.advance(Math.max(1000, Math.min(nextMs - clock.now(), 600_000)));
      }
    },
    left: () => queues.left() + frozen.length,
    expired: queues.expired,
    /** The study of each report that was written: a set has one of them. */
    writtenStudies: () => pacs.storedUids.flatMap((uid) => studyOf(pacs.held.get(uid))),
  };
}
export type World = ReturnType<typeof createWorld>;

function studyOf(bytes: Uint8Array | undefined): string | readonly string[] {
  if (bytes === undefined) return [];
  const { Modality, StudyInstanceUID } = indexInstance(bytes);
  return Modality === 'SR' ? StudyInstanceUID : [];
}

/** The function that consumes a queue. */
function stageOf(queue: string): Stage {
  if (parseDeadLetterQueueName(queue) !== undefined) return 'dead-letter';
  const step = parseQueueName(queue)?.step;
  if (step === undefined) throw new Error(`Nobody consumes ${queue}`);
  return step === 'intake' ? 'route' : step;
}
