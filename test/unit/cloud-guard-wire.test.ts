/** The guard before the local cloud, byte by byte: framing, bodies, connections. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, type GuardedCloud, startGuardedCloud } from '../fixtures/guarded-cloud.ts';

let cloud: GuardedCloud;
beforeAll(async () => {
  cloud = await startGuardedCloud();
});
afterEach(() => cloud.forget());
afterAll(() => cloud.close());

describe('on the wire', () => {
  /** Sends bytes as they are and returns what comes back until the connection ends or is quiet. */
  async function raw(bytes: string): Promise<string> {
    const connection = connect(cloud.port, '127.0.0.1');
    connection.write(bytes);
    let answer = '';
    connection.on('data', (data) => {
      answer += data;
    });
    await Promise.race([once(connection, 'close'), sleep(300)]);
    connection.destroy();
    return answer;
  }
  const head = ({ method, url, headers }: Ask, more = ''): string =>
    `${method} ${url} HTTP/1.1\r\n${Object.entries(headers ?? {})
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}${more}\r\n`;

  it('asks for a body only if the client may send one', async () => {
    const ask = await cloud.signed({ method: 'PUT', url: '/bucket/key', body: 'body' });

    const right = await raw(head(ask, 'expect: 100-continue\r\ncontent-length: 4\r\n'));
    const wrong = await raw(head({ ...ask, url: '/bucket/kez' }, 'expect: 100-continue\r\ncontent-length: 4\r\n'));

    expect(right).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(wrong).toMatch(/^HTTP\/1.1 403 /);
  });

  it.each([
    ['two lengths of a body', 'content-length: 4\r\ntransfer-encoding: chunked\r\n'],
    ['a length twice', 'content-length: 4\r\ncontent-length: 4\r\n'],
    ['a coding that is nearly chunked', 'transfer-encoding: xchunked\r\n'],
    ['two hosts', 'host: evil\r\ncontent-length: 4\r\n'],
    ['two authorizations', 'authorization: x\r\ncontent-length: 4\r\n'],
  ])('refuses %s', async (_name, more) => {
    const answer = await raw(
      `${head(await cloud.signed({ method: 'PUT', url: '/bucket/key', body: 'body' }), more)}body`,
    );

    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(cloud.reached.map(({ line }) => line)).toEqual([]);
  });

  it('hands a body of a GET on as a body, not as a request of its own', async () => {
    const inner = 'GET /_ministack/x HTTP/1.1\r\nhost: a\r\n\r\n';
    const digest = createHash('sha256').update(inner).digest('hex');
    const ask = await cloud.signed({ url: '/bucket/key', headers: { 'x-amz-content-sha256': digest } });
    const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;

    await raw(`${head(ask, 'connection: keep-alive, transfer-encoding\r\ntransfer-encoding: chunked\r\n')}${chunk}`);
    await raw(`${head(ask, `connection: content-length\r\ncontent-length: ${inner.length}\r\n`)}${inner}`);

    expect(cloud.reached.map(({ line }) => line)).toEqual(['GET /bucket/key', 'GET /bucket/key']);
    expect(cloud.reached.map(({ body }) => body)).toEqual([inner, inner]);
  });

  it('keeps one connection for several requests, also after a refusal with a body', async () => {
    const ask = await cloud.signed({ method: 'PUT', url: '/bucket/key', body: 'body' });
    const whole = `${head(ask, 'content-length: 4\r\n')}body`;

    const answer = await raw(`${whole}${whole.replace('/key', '/kez')}${whole}`);

    expect([...answer.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '403', '200']);
  });

  it('closes its connection to the cloud when the client closes its own', async () => {
    const ask = await cloud.signed({
      method: 'PUT',
      url: '/bucket/key',
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    });

    await raw(`${head(ask, 'content-length: 9\r\n')}body`);

    await expect.poll(() => cloud.cut).toEqual(['PUT /bucket/key']);
  });

  it('says so if the cloud does not answer', async () => {
    const lonely = await startGuardedCloud({ isThere: false });

    const { status, text } = await lonely.send(await lonely.signed({ url: '/bucket' }));

    expect(status).toBe(503);
    expect(text).toContain('`hilum local status` says more');
    lonely.close();
  });
});
