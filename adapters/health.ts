/** An address of this machine where a service manager asks whether a program makes progress. */
import { createServer } from 'node:http';
import { systemRefusal } from './system-refusal.ts';

export interface Health {
  readonly ok: boolean;
  /** Codes, numbers and sentences, without anything about a patient. */
  readonly [fact: string]: unknown;
}

const THIS_MACHINE = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/**
 * Answers every GET on 127.0.0.1 with the health as JSON: 200 if it is well, else 503.
 *
 * @throws SystemRefusalError if the port is taken
 */
export async function serveHealth(
  port: number,
  health: () => Health,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    // A web page whose name was made to lead to this machine sends that name.
    if (!THIS_MACHINE.test(request.headers.host ?? '')) return response.writeHead(403).end();
    if (request.method !== 'GET') return response.writeHead(405).end();
    const answer = health();
    return response
      .writeHead(answer.ok ? 200 : 503, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
      .end(`${JSON.stringify(answer)}\n`);
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(systemRefusal(error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => void server.close(),
  };
}
