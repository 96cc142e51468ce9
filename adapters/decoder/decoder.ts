/** Decodes compressed frames in worker threads, within limits of CPU time and memory (docs/adr/0009). */
import { availableParallelism } from 'node:os';
import { ServiceUnavailableError } from '#core/errors.ts';
import type { FrameDecoder } from '#core/ports.ts';
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { MAX_BATCH_FRAMES, MAX_BATCH_SAMPLES } from './limits.ts';
import { type Batch, type DecoderThread, startThread, WORKER } from './thread.ts';

export interface DecoderOptions {
  /**
   * The most threads that decode at the same time. A thread is started when there is work for it. The default is one per
   * CPU, at most 8. In a Lambda use `threadsFor` in `core/tool-manifest.ts`, because the CPU count there is wrong.
   */
  readonly threads?: number;
  /** The threads' program; tests pass another one. */
  readonly program?: URL;
}

/** Idle threads do not keep the process alive. */
export interface Decoder extends FrameDecoder, AsyncDisposable {
  /** Ends the threads. Calls in progress fail. */
  close(): Promise<void>;
}

/** With more threads, the disk would be the bottleneck. */
const MAX_THREADS = 8;

interface Task {
  readonly batch: Batch;
  readonly settle: PromiseWithResolvers<readonly Uint8Array[]>;
}

/**
 * A pool of threads. Frames are handed to them in batches, in order. The first frame that fails makes its call fail and
 * drops the call's waiting batches. If a thread is ended or dies, only the frames of its batch fail.
 */
export function createDecoder({
  threads = Math.min(MAX_THREADS, availableParallelism()),
  program = WORKER,
}: DecoderOptions = {}): Decoder {
  const idle: DecoderThread[] = [];
  const busy = new Set<DecoderThread>();
  let waiting: Task[] = [];
  let closed = false;

  /** Hands waiting tasks to free threads. */
  function assign(): void {
    while (waiting.length > 0 && busy.size < threads) {
      const task = waiting.shift();
      if (task !== undefined) void perform(task, idleThread() ?? startThread(program));
    }
  }

  /** An idle thread that is still alive. */
  function idleThread(): DecoderThread | undefined {
    let thread = idle.pop();
    while (thread !== undefined && !thread.alive) thread = idle.pop();
    return thread;
  }

  async function perform({ batch, settle }: Task, thread: DecoderThread): Promise<void> {
    busy.add(thread);
    try {
      settle.resolve(await thread.decode(batch));
    } catch (error) {
      settle.reject(closed ? closedError() : error);
    } finally {
      busy.delete(thread);
      if (thread.alive) idle.push(thread);
      assign();
    }
  }

  async function decode(
    TransferSyntaxUID: string,
    encoded: readonly Uint8Array[],
    layout: FrameLayout,
  ): Promise<readonly Uint8Array[]> {
    if (closed) throw closedError();
    const tasks = batches(encoded, layout, threads).map((frames) => ({
      batch: { TransferSyntaxUID, layout, encoded: frames },
      settle: Promise.withResolvers<readonly Uint8Array[]>(),
    }));
    waiting.push(...tasks);
    assign();
    try {
      return (await Promise.all(tasks.map(({ settle }) => settle.promise))).flat();
    } catch (error) {
      waiting = waiting.filter((task) => !tasks.includes(task));
      throw error;
    }
  }

  async function close(): Promise<void> {
    closed = true;
    for (const { settle } of waiting.splice(0)) settle.reject(closedError());
    await Promise.all([...idle.splice(0), ...busy].map((thread) => thread.end()));
  }

  return { decode, close, [Symbol.asyncDispose]: close };
}

const closedError = (): ServiceUnavailableError => new ServiceUnavailableError('The decoder is closed');

/** Splits frames so that each thread gets two batches, within a batch's limits. */
function batches(
  encoded: readonly Uint8Array[],
  { rows, columns, samplesPerPixel }: FrameLayout,
  threads: number,
): readonly (readonly Uint8Array[])[] {
  const fair = Math.ceil(encoded.length / (threads * 2));
  const small = Math.floor(MAX_BATCH_SAMPLES / (rows * columns * samplesPerPixel));
  const size = Math.max(1, Math.min(fair, small, MAX_BATCH_FRAMES));
  return Array.from({ length: Math.ceil(encoded.length / size) }, (_, i) => encoded.slice(i * size, (i + 1) * size));
}
