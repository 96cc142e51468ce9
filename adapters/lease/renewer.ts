/** The program of the thread that renews leases (`lease.ts`). */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { RenewerRequest } from './protocol.ts';

if (parentPort === null) throw new Error('This file runs only as the thread that renews leases');
const port: MessagePort = parentPort;

interface Lease {
  readonly timer: NodeJS.Timeout;
  readonly ended: AbortController;
}
const leases = new Map<number, Lease>();

port.on('message', (request: RenewerRequest) => {
  if (request.kind === 'hold') {
    const ended = new AbortController();
    const timer = setInterval(() => void renew(request, ended.signal), request.everyMs);
    leases.set(request.id, { timer, ended });
    return;
  }
  const lease = leases.get(request.id);
  clearInterval(lease?.timer);
  lease?.ended.abort();
  leases.delete(request.id);
  port.postMessage(request.id);
});

/** The client is loaded at the first renewal, since most work is done before. A renewal that fails is made up for by the next. */
async function renew(
  { url, receiptHandle, leaseS, everyMs }: Extract<RenewerRequest, { kind: 'hold' }>,
  signal: AbortSignal,
): Promise<void> {
  const { createSqsQueue } = await import('../aws/queue.ts');
  const options = { signal, deadlineMs: Date.now() + everyMs };
  await createSqsQueue({ url })
    .postpone(receiptHandle, leaseS, options)
    .catch(() => undefined);
}
