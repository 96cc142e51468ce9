/** One worker thread of the decoder, used by one caller at a time. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConfigurationError } from '#core/errors.ts';
import type { FrameLayout } from '#dicom/codecs/codec.ts';
import { DicomReadError } from '#dicom/error.ts';
import {
  cpuLimitMs,
  heapLimitBytes,
  LOAD_LIMIT_MS,
  MAX_KEPT_HEAP_BYTES,
  RESOURCE_LIMITS,
  WALL_LIMIT_FACTOR,
} from './limits.ts';
import type { Reply, Request } from './protocol.ts';

/** Frames of one Transfer Syntax and layout, which one thread decodes one after the other. */
export interface Batch {
  readonly TransferSyntaxUID: string;
  readonly layout: FrameLayout;
  readonly encoded: readonly Uint8Array[];
}

export interface DecoderThread {
  /** False once the thread has ended, died, or was ended for its memory. It cannot be used any more then. */
  readonly alive: boolean;
  /** @throws DicomReadError if a frame cannot be decoded, ConfigurationError if the codec cannot be loaded */
  decode(batch: Batch): Promise<readonly Uint8Array[]>;
  end(): Promise<void>;
}

/** The thread's program. In a bundle it is a separate file beside this code (`infra/bundle.ts`), with the same extension. */
export const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** Why a thread gave no answer. */
type Silence = 'timeout' | 'memory' | 'died';

export function startThread(program: URL): DecoderThread {
  const worker = new Worker(program, {
    resourceLimits: RESOURCE_LIMITS,
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  worker.unref();
  const loaded = new Set<string>();
  let alive = true;
  let cpuMsBefore = 0;
  let settle: ((answer: Reply | Silence) => void) | undefined;
  const finish = (answer: Reply | Silence): void => {
    settle?.(answer);
    settle = undefined;
  };
  const dead = (silence: Silence): void => {
    alive = false;
    finish(silence);
  };
  worker.on('message', finish);
  worker.on('error', (error: NodeJS.ErrnoException) =>
    dead(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'died'),
  );
  worker.on('exit', () => dead('died'));

  /** Sends one request and waits for its answer. A thread that exceeds the limit is ended. */
  async function ask(request: Request, limitMs: number, moved: readonly ArrayBuffer[]): Promise<Reply | Silence> {
    if (!alive) return 'died';
    const { promise, resolve } = Promise.withResolvers<Reply | Silence>();
    settle = resolve;
    worker.ref();
    worker.postMessage(request, moved);
    const stop = watch(limitMs, () => {
      void worker.terminate();
      dead('timeout');
    });
    try {
      const answer = await promise;
      if (typeof answer === 'object') cpuMsBefore = answer.cpuMs;
      return answer;
    } finally {
      stop();
      worker.unref();
    }
  }

  /** CPU time of the thread so far; 0 while it is starting or ending. */
  async function cpuMs(): Promise<number> {
    try {
      const { user, system } = await worker.cpuUsage();
      return (user + system) / 1000;
    } catch {
      return 0;
    }
  }

  /** Calls `expired` when the thread has used `limitMs` of CPU time since its last answer. */
  function watch(limitMs: number, expired: () => void): () => void {
    const started = performance.now();
    let timer = setTimeout(look, limitMs);
    let stopped = false;
    /** If this thread was busy itself, answers may have arrived meanwhile. They are delivered before `setImmediate` runs. */
    function look(): void {
      setImmediate(async () => {
        if (stopped) return;
        const usedMs = (await cpuMs()) - cpuMsBefore;
        if (stopped) return;
        const overdue = performance.now() - started > limitMs * WALL_LIMIT_FACTOR;
        if (usedMs >= limitMs || overdue) expired();
        else timer = setTimeout(look, Math.max(20, limitMs - usedMs));
      });
    }
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async function load(TransferSyntaxUID: string): Promise<void> {
    if (loaded.has(TransferSyntaxUID)) return;
    const answer = await ask({ kind: 'load', TransferSyntaxUID }, LOAD_LIMIT_MS, []);
    if (typeof answer === 'string' || answer.kind === 'failed') {
      const detail = typeof answer === 'string' ? answer : answer.message;
      throw new ConfigurationError(`The decoder of ${TransferSyntaxUID} cannot be loaded (${detail})`);
    }
    if (answer.kind === 'refused') throw refusal(answer);
    loaded.add(TransferSyntaxUID);
  }

  async function end(): Promise<void> {
    alive = false;
    await worker.terminate();
  }

  return {
    get alive() {
      return alive;
    },
    async decode({ TransferSyntaxUID, layout, encoded }) {
      await load(TransferSyntaxUID);
      const copies = encoded.map((frame) => new Uint8Array(frame));
      const request = {
        kind: 'decode',
        TransferSyntaxUID,
        layout,
        encoded: copies,
        maxHeapBytes: heapLimitBytes(layout),
      } as const;
      const answer = await ask(
        request,
        cpuLimitMs(encoded.length, layout),
        copies.map(({ buffer }) => buffer),
      );
      if (typeof answer === 'string') throw silenceError(answer);
      if (answer.heapBytes > MAX_KEPT_HEAP_BYTES) await end();
      if (answer.kind === 'decoded') return answer.frames;
      if (answer.kind === 'refused') throw refusal(answer);
      throw silenceError('died');
    },
    end,
  };
}

function refusal({ code, message, facts }: Extract<Reply, { kind: 'refused' }>): DicomReadError {
  return new DicomReadError(code, message, { facts });
}

function silenceError(silence: Silence): DicomReadError {
  switch (silence) {
    case 'timeout':
      return new DicomReadError('corrupt-pixel-data', 'The compressed frame keeps its decoder busy without end');
    case 'memory':
      return new DicomReadError('limit-exceeded', 'The compressed frame takes more memory than a decoder may have');
    case 'died':
      return new DicomReadError('corrupt-pixel-data', 'The compressed frame made its decoder fail');
  }
}
