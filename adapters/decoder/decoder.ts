/** Decodes compressed frames in worker threads, under limits of CPU time and memory (docs/adr/0009). */
import { availableParallelism } from 'node:os';
import { ServiceUnavailableError } from '#core/errors.ts';
import type { FrameDecoder } from '#core/ports.ts';
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { MAX_BATCH_FRAMES, MAX_BATCH_SAMPLES } from './limits.ts';
import { type Batch, type DecoderThread, startThread, WORKER } from './thread.ts';

export interface DecoderOptions {
  /**
   * How many threads decode at the same time; each is started when there is work for it. By default one a CPU, at most 8,
   * which is not true in a Lambda: `threadsFor` in `core/tool-manifest.ts` knows how many it has.
   */
  readonly threads?: number;
  /** What a thread runs; another program in tests. */
  readonly program?: URL;
}

/** Threads that wait for work do not keep the process alive. */
export interface Decoder extends FrameDecoder, AsyncDisposable {
  /** Ends the threads; what is being decoded is refused. */
  close(): Promise<void>;
}

/** More would wait for the disk. */
const MAX_THREADS = 8;

interface Task {
  readonly batch: Batch;
  readonly settle: PromiseWithResolvers<readonly Uint8Array[]>;
}

/**
 * A pool of threads. Frames are spread over them in batches, in order; the first that fails fails its call, and what
 * waits of that call is dropped. A thread that was ended or died takes only its own frames with it.
 */
export function createDecoder({
  threads = Math.min(MAX_THREADS, availableParallelism()),
  program = WORKER,
}: DecoderOptions = {}): Decoder {
  const idle: DecoderThread[] = [];
  const busy = new Set<DecoderThread>();
  let waiting: Task[] = [];
  let closed = false;

  /** Hands waiting tasks to threads as far as there are any. */
  function assign(): void {
    while (waiting.length > 0 && busy.size < threads) {
      const task = waiting.shift();
      if (task !== undefined) void perform(task, idleThread() ?? startThread(program));
    }
  }

  /** One that waits for work and did not die of itself meanwhile. */
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

/** As many frames a batch as give every thread two batches, within the limits of one. */
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
