/** The real program of the decoder's threads: its answers to requests. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DecodeRequest, Reply, Request } from '#adapters/decoder/protocol.ts';
import { WORKER } from '#adapters/decoder/thread.ts';
import { encodeRle, makePicture } from '../fixtures/encoders.ts';

const RLE = '1.2.840.10008.1.2.5';
const HTJ2K = '1.2.840.10008.1.2.4.201';
const picture = makePicture({ bits: 8 });
const { layout } = picture;
const encoded = new Uint8Array(encodeRle(picture));

describe('a thread of the decoder', () => {
  let worker: Worker;
  beforeEach(() => {
    worker = new Worker(WORKER);
  });
  afterEach(() => worker.terminate());

  async function answerTo(request: Request): Promise<Reply> {
    const answer = once(worker, 'message');
    worker.postMessage(request);
    return (await answer)[0];
  }
  const decoding = (change: Partial<DecodeRequest> = {}): DecodeRequest => ({
    ...{ kind: 'decode', TransferSyntaxUID: RLE, layout, maxHeapBytes: 2 ** 30 },
    ...{ encoded: [encoded], ...change },
  });
  const usedMs = async (): Promise<number> => {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  };

  it('loads a codec without decoding, and reports the CPU time used', async () => {
    await answerTo({ kind: 'load', TransferSyntaxUID: HTJ2K });
    const before = await usedMs();

    const answer = await answerTo({ kind: 'load', TransferSyntaxUID: RLE });

    expect(answer).toEqual({ kind: 'loaded', cpuMs: expect.any(Number), heapBytes: expect.any(Number) });
    expect(answer.cpuMs).toBeGreaterThanOrEqual(before);
    expect(answer.cpuMs).toBeLessThanOrEqual(await usedMs());
  });

  it('decodes frames in their order, each an array that owns its bytes', async () => {
    const answer = await answerTo(decoding({ encoded: [encoded, encoded] }));

    expect(answer).toMatchObject({ kind: 'decoded', heapBytes: 0 });
    const frames = answer.kind === 'decoded' ? answer.frames : [];
    expect(frames).toEqual([picture.samples, picture.samples]);
    for (const frame of frames) expect(frame.buffer.byteLength).toBe(frame.byteLength);
  });

  it('passes on the codec’s refusal with its facts, and continues', async () => {
    const broken = await answerTo(decoding({ encoded: [encoded.slice(0, 70)] }));

    expect(broken).toMatchObject({ kind: 'refused', code: 'corrupt-pixel-data', message: expect.any(String) });
    expect((await answerTo(decoding())).kind).toBe('decoded');
    expect(await answerTo({ kind: 'load', TransferSyntaxUID: '1.2.3' })).toMatchObject({
      ...{ kind: 'refused', code: 'unsupported-transfer-syntax', facts: expect.any(Object) },
    });
  });
});
