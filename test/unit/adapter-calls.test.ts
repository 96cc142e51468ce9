/** Calls that are aborted while the other side does not answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { limited } from '#adapters/call.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { ArchiveUnavailableError, ServiceUnavailableError } from '#core/errors.ts';

const never = (): Promise<never> => new Promise(() => undefined);
const asUnavailable = (cause: unknown): Error => new ServiceUnavailableError('Silent.', { cause });
const soon = () => ({ deadlineMs: Date.now() + 50 });
const givenUp = () => ({ signal: AbortSignal.timeout(50) });

describe('a call that its work does not end', () => {
  it('ends at its deadline with the error of an unanswered call, whose cause is the timeout', async () => {
    await expect(limited(soon(), never, asUnavailable)).rejects.toMatchObject({
      code: 'service-unavailable',
      cause: { name: 'TimeoutError' },
    });
  });

  it('ends with its caller’s reason', async () => {
    const stop = new AbortController();
    const call = limited({ signal: stop.signal, deadlineMs: Date.now() + 60_000 }, never, asUnavailable);
    stop.abort(new Error('enough'));

    await expect(call).rejects.toThrow('enough');
  });

  it('receives the abort signal', async () => {
    const told: unknown[] = [];
    const work = async (signal: AbortSignal | undefined): Promise<void> => {
      signal?.addEventListener('abort', () => told.push(signal.reason));
      await never();
    };

    await expect(limited(soon(), work, asUnavailable)).rejects.toThrow(ServiceUnavailableError);
    expect(told).toMatchObject([{ name: 'TimeoutError' }]);
  });

  it('accepts a deadline beyond the longest timer', async () => {
    await expect(limited({ deadlineMs: Date.now() + 1e13 }, async () => 'answered', asUnavailable)).resolves.toBe(
      'answered',
    );
  });
});

describe('a server that', () => {
  /** Does not answer, or begins a body and does not end it. */
  const server = createServer((request, response) => {
    if (request.url?.includes('begins') !== true) return;
    response.writeHead(200, {
      'content-length': '100',
      'content-type': 'multipart/related; type="application/dicom"; boundary=b',
    });
    response.write('--b\r\n\r\nhalf');
  });
  let url = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const bucket = () =>
    createS3ObjectStore({
      bucket: 'studies',
      client: new S3Client({
        ...{ endpoint: url, region: 'eu-central-1', forcePathStyle: true },
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
    });
  const instance = (SeriesInstanceUID: string) => ({ StudyInstanceUID: '1', SeriesInstanceUID, SOPInstanceUID: '3' });

  it.each(['is-silent', 'begins'])('%s does not hold a call to the bucket', async (key) => {
    await expect(bucket().get(key, soon())).rejects.toThrow(ServiceUnavailableError);
    await expect(bucket().get(key, givenUp())).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each([
    ['is silent', ''],
    ['begins', '/begins'],
  ])('%s does not hold a call to the archive', async (_how, path) => {
    const archive = createDicomWebClient({ url: `${url}${path}` });

    await expect(archive.retrieveInstance(instance('2'), soon())).rejects.toThrow(ArchiveUnavailableError);
    await expect(archive.retrieveInstance(instance('2'), givenUp())).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(Array.fromAsync(archive.listInstances({ StudyInstanceUID: '1' }, soon()))).rejects.toThrow(
      ArchiveUnavailableError,
    );
    await expect(archive.store([{ SOPInstanceUID: '3', bytes: new Uint8Array(9) }], soon())).rejects.toThrow(
      ArchiveUnavailableError,
    );
  });
});
