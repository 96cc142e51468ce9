/** The program of the decoder's threads (`thread.ts`): loads codecs, decodes frames, and returns errors as data. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { codecFor } from '#dicom/codecs/registry.ts';
import { DicomReadError } from '#dicom/error.ts';
import { capWasmMemory } from './memory-cap.ts';
import type { DecodeRequest, Reply, Request } from './protocol.ts';

type Answer = Reply extends infer R ? (R extends Reply ? Omit<R, 'cpuMs' | 'heapBytes'> : never) : never;

if (parentPort === null) throw new Error('This file runs only as a worker thread of the decoder');
const port: MessagePort = parentPort;
const cap = capWasmMemory();

port.on('message', async (request: Request) => {
  const answer = await answerTo(request);
  const { user, system } = process.threadCpuUsage();
  const reply = { ...answer, cpuMs: (user + system) / 1000, heapBytes: cap.grownBytes };
  port.postMessage(reply, answer.kind === 'decoded' ? answer.frames.map(({ buffer }) => buffer) : []);
});

async function answerTo(request: Request): Promise<Answer> {
  try {
    const decode = await codecFor(request.TransferSyntaxUID).load();
    if (request.kind === 'load') return { kind: 'loaded' };
    cap.maxBytes = request.maxHeapBytes;
    return { kind: 'decoded', frames: decodeFrames(request, decode) };
  } catch (error) {
    if (error instanceof DicomReadError) {
      return { kind: 'refused', code: error.code, message: error.message, facts: error.facts };
    }
    return { kind: 'failed', message: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' };
  }
}

function decodeFrames(
  { encoded, layout }: DecodeRequest,
  decode: Awaited<ReturnType<ReturnType<typeof codecFor>['load']>>,
): readonly Uint8Array<ArrayBuffer>[] {
  return encoded.map((frame) => {
    try {
      return movable(decode(frame, layout));
    } catch (cause) {
      if (cause instanceof DicomReadError) throw cause;
      throw new DicomReadError('corrupt-pixel-data', 'The compressed frame cannot be decoded', { cause });
    }
  });
}

/** An array that owns its whole buffer, so that the buffer can be transferred without a copy. */
function movable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}
