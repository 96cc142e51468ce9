import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createSsmDeployedTools } from '#adapters/aws/deployed-tools.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { readArchiveSecret } from '#adapters/aws/secrets.ts';
import { ConfigurationError, ServiceUnavailableError, SystemRefusalError } from '#core/errors.ts';
import { type AwsAnswer, type AwsRequest, answering } from '../fixtures/aws-answers.ts';

const xmlError = (statusCode: number, code: string): AwsAnswer => ({
  statusCode,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`,
});
const jsonError = (statusCode: number, type: string): AwsAnswer => ({
  statusCode,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: type, message: 'm' }),
});
const json = (body: object): AwsAnswer => ({
  statusCode: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});

describe('the object store', () => {
  const storeThat = (answer: (request: AwsRequest) => AwsAnswer) => {
    const { settings, requests } = answering(answer);
    return { store: createS3ObjectStore({ bucket: 'studies', client: new S3Client(settings) }), requests };
  };

  it('reads a range', async () => {
    const { store, requests } = storeThat(() => ({ statusCode: 206, body: 'bcd' }));
    const bytes = await store.get('chunks/x', { range: { offset: 1, length: 3 } });
    expect(Buffer.from(bytes ?? []).toString()).toBe('bcd');
    expect(requests[0]?.headers['range']).toBe('bytes=1-3');
  });

  it('reads an empty range without a request', async () => {
    const { store, requests } = storeThat(() => xmlError(416, 'InvalidRange'));
    expect(await store.get('chunks/x', { range: { offset: 0, length: 0 } })).toEqual(new Uint8Array());
    expect(requests).toEqual([]);
  });

  it('reports a missing object as absent', async () => {
    const { store } = storeThat(({ method }) => (method === 'HEAD' ? { statusCode: 404 } : xmlError(404, 'NoSuchKey')));
    expect(await store.get('runs/x')).toBeUndefined();
    expect(await store.exists('runs/x')).toBe(false);
  });

  it('writes with a checksum, and conditionally on request', async () => {
    const { store, requests } = storeThat(() => ({ statusCode: 200 }));
    expect(await store.put('a', Buffer.from('1'), { contentType: 'application/json' })).toBe('stored');
    expect(await store.put('b', Buffer.from('1'), { ifAbsent: true })).toBe('stored');
    const [plain, conditional] = requests.map((request) => request.headers);
    expect(plain).toMatchObject({ 'x-amz-checksum-crc32': 'g9zvtw==', 'content-type': 'application/json' });
    expect(plain).not.toHaveProperty('if-none-match');
    expect(conditional).toMatchObject({ 'if-none-match': '*' });
  });

  describe('writes a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-file-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'file');
    const bytes = Buffer.alloc(10_000_000, 'abc');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = { path, sizeBytes: bytes.length, sha256 };
    /** A bucket on the loopback, which answers with these statuses and reads what it is sent. */
    async function bucketThat(statuses: number[]) {
      writeFileSync(path, bytes);
      const received: { readonly headers: IncomingHttpHeaders; readonly sha256: string }[] = [];
      const server = createServer(async (request, response) => {
        const hash = createHash('sha256');
        try {
          for await (const piece of request) hash.update(piece);
        } catch {
          return; // The client ended the request.
        }
        received.push({ headers: request.headers, sha256: hash.digest('hex') });
        const status = statuses.shift() ?? 200;
        const code = { 403: 'AccessDenied', 412: 'PreconditionFailed' }[status] ?? 'InternalError';
        response.writeHead(status).end(status === 200 ? '' : `<Error><Code>${code}</Code></Error>`);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const { requestHandler: _, ...settings } = answering(() => ({ statusCode: 200 })).settings;
      const silent = () => undefined;
      const quiet = { debug: silent, info: silent, warn: silent, error: silent };
      const client = new S3Client({ ...settings, logger: quiet, endpoint: `http://127.0.0.1:${port}` });
      return { store: createS3ObjectStore({ bucket: 'studies', client }), received };
    }

    it('with its digest signed, and sends it again after a failure', async () => {
      const { store, received } = await bucketThat([500, 503, 200]);

      expect(await store.putFile?.('chunks/x', file, { ifAbsent: true })).toBe('stored');

      expect(received.map((one) => one.sha256)).toEqual([sha256, sha256, sha256]);
      expect(received[2]?.headers).toMatchObject({
        'content-length': String(bytes.length),
        'if-none-match': '*',
        'x-amz-content-sha256': sha256,
        'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
      });
    });

    it('unless the object exists', async () => {
      const { store } = await bucketThat([412]);

      expect(await store.putFile?.('chunks/x', file, { ifAbsent: true })).toBe('exists');
    });

    it.each([
      { statuses: [403], expected: ConfigurationError, attempts: 1 },
      { statuses: [500, 500, 500, 500], expected: ServiceUnavailableError, attempts: 4 },
    ])('and gives up after $statuses', async ({ statuses, expected, attempts }) => {
      const { store, received } = await bucketThat(statuses);

      await expect(store.putFile?.('chunks/x', file)).rejects.toThrow(expected);

      expect(received).toHaveLength(attempts);
    });

    it('unless it cannot be read, which is no fault of the bucket', async () => {
      const { store } = await bucketThat([]);

      await expect(store.putFile?.('chunks/x', { ...file, path: `${path}-gone` })).rejects.toThrow(SystemRefusalError);
    });
  });

  it('keeps an existing object on a conditional write', async () => {
    const { store } = storeThat(() => xmlError(412, 'PreconditionFailed'));
    expect(await store.put('a', Buffer.from('1'), { ifAbsent: true })).toBe('exists');
  });

  it('retries a conditional write that conflicts with another in flight', async () => {
    const answers = [xmlError(409, 'ConditionalRequestConflict'), xmlError(412, 'PreconditionFailed')];
    const { store, requests } = storeThat(() => answers.shift() ?? { statusCode: 200 });
    expect(await store.put('a', Buffer.from('1'), { ifAbsent: true })).toBe('exists');
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['NoSuchBucket', 404, ConfigurationError],
    ['AccessDenied', 403, ConfigurationError],
    ['SlowDown', 503, ServiceUnavailableError],
    ['InternalError', 500, ServiceUnavailableError],
  ])('translates %s to one of Hilum’s errors', async (code, status, expected) => {
    const { store } = storeThat(() => xmlError(status, code));
    await expect(store.get('a')).rejects.toThrow(expected);
    await expect(store.put('a', new Uint8Array(1))).rejects.toThrow(expected);
  });

  it('translates a lost connection to one of Hilum’s errors', async () => {
    const { store } = storeThat(() => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { name: 'ECONNREFUSED' });
    });
    await expect(store.exists('a')).rejects.toThrow(ServiceUnavailableError);
  });
});

describe('queues', () => {
  const url = 'https://sqs.eu-central-1.amazonaws.com/1/hilum-convert-live';

  it('reports a queue that does not exist as a wrong setting', async () => {
    const { settings } = answering(() => jsonError(400, 'com.amazonaws.sqs#QueueDoesNotExist'));
    const queue = createSqsQueue({ url, client: new SQSClient(settings) });
    await expect(queue.send('{}')).rejects.toThrow(ConfigurationError);
  });

  it('reports a queue that does not answer as a temporary fault', async () => {
    const { settings } = answering(() => jsonError(500, 'InternalFailure'));
    const queue = createSqsQueue({ url, client: new SQSClient(settings) });
    await expect(queue.postpone('r', 30)).rejects.toThrow(ServiceUnavailableError);
  });
});

describe('the archive’s secret', () => {
  const read = (answer: AwsAnswer) =>
    readArchiveSecret('arn:secret', new SecretsManagerClient(answering(() => answer).settings));

  it('is read', async () => {
    const secret = { url: 'http://127.0.0.1:8042/dicom-web', username: 'hilum', password: 'p' };
    expect(await read(json({ SecretString: JSON.stringify(secret) }))).toEqual({
      ...secret,
      deleteReplaced: true,
      restoreMissing: false,
    });
    const all = {
      ...secret,
      orthanc: 'http://127.0.0.1:8042',
      ...{ ca: 'PEM', certificate: 'PEM', key: 'PEM', plainHttpHost: 'orthanc' },
      identityKey: 'k'.repeat(32),
      restoreMissing: true,
      deleteReplaced: false,
    };
    expect(await read(json({ SecretString: JSON.stringify(all) }))).toEqual(all);
  });

  it.each([['not json'], ['{"url": "not a url", "password": "hunter2"}'], ['{"password": "hunter2"}']])(
    'is refused if its content is not valid, and never quoted: %s',
    async (text) => {
      const refused = await read(json({ SecretString: text })).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ConfigurationError);
      expect(String(refused)).toContain('HILUM_ARCHIVE_SECRET');
      expect(JSON.stringify(refused) + String(refused)).not.toContain('hunter2');
    },
  );

  it('is reported as a wrong setting if it is missing', async () => {
    await expect(read(jsonError(400, 'ResourceNotFoundException'))).rejects.toThrow(ConfigurationError);
  });
});

describe('the runs table', () => {
  it('reports a missing table as a wrong setting and a busy one as a temporary fault', async () => {
    const runsThat = (answer: AwsAnswer) =>
      createDynamoRunStore({ table: 'runs', client: new DynamoDBClient(answering(() => answer).settings) });
    await expect(
      runsThat(jsonError(400, 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException')).get('1'),
    ).rejects.toThrow(ConfigurationError);
    await expect(
      runsThat(jsonError(400, 'com.amazonaws.dynamodb.v20120810#ThrottlingException')).list(),
    ).rejects.toThrow(ServiceUnavailableError);
  });

  it.each([
    ['The table does not have the specified index: by-state', ConfigurationError, /deploy this version/],
    ['Cannot read from backfilling global secondary index: by-state', ConfigurationError, /filled the index/],
    ['One or more parameter values were invalid', ServiceUnavailableError, /the runs table/],
  ])('says what an index that cannot be read needs (%s)', async (message, kind, sentence) => {
    const refusal: AwsAnswer = {
      ...jsonError(400, 'com.amazon.coral.validate#ValidationException'),
      body: JSON.stringify({ __type: 'com.amazon.coral.validate#ValidationException', message }),
    };
    const client = new DynamoDBClient(answering(() => refusal).settings);
    const listed = createDynamoRunStore({ table: 'runs', client }).list();

    await expect(listed).rejects.toThrow(kind);
    await expect(listed).rejects.toThrow(sentence);
  });
});

describe('the deployed tools', () => {
  const toolsThat = (answer: AwsAnswer) =>
    createSsmDeployedTools({ parameter: '/hilum/tools', client: new SSMClient(answering(() => answer).settings) });
  const holding = (value: string) => json({ Parameter: { Name: '/hilum/tools', Value: value } });

  it('are each tool’s version by its id', async () => {
    const tools = toolsThat(holding('{"format":"hilum.tools/1","tools":{"caries":"1.0.0"}}'));
    expect(await tools.versions()).toEqual(new Map([['caries', '1.0.0']]));
  });

  it.each([
    ['a parameter that is not there', jsonError(400, 'ParameterNotFound'), ConfigurationError],
    ['no permission', jsonError(400, 'AccessDeniedException'), ConfigurationError],
    ['another format', holding('{"format":"hilum.tools/2","tools":{}}'), ConfigurationError],
    ['no JSON', holding('caries'), ConfigurationError],
    ['a failure of the service', jsonError(500, 'InternalServerError'), ServiceUnavailableError],
  ])('are not guessed from %s', async (_what, answer, expected) => {
    const asking = toolsThat(answer).versions();
    await expect(asking).rejects.toThrow(expected);
    await expect(asking).rejects.toThrow(/HILUM_TOOLS_PARAMETER/);
  });

  it('are given up at the deadline, and by the caller', async () => {
    const tools = toolsThat(holding('{"format":"hilum.tools/1","tools":{}}'));
    await expect(tools.versions({ deadlineMs: 0 })).rejects.toThrow(ServiceUnavailableError);
    await expect(tools.versions({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('need a region, and say so', async () => {
    const client = new SSMClient({ region: () => Promise.reject<string>(new Error('Region is missing')) });
    await expect(createSsmDeployedTools({ parameter: '/hilum/tools', client }).versions()).rejects.toThrow(
      /no region is set: set AWS_REGION/,
    );
  });
});
