/** The guard before the local cloud: who is let through, and who is not. */
import { Readable } from 'node:stream';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Ask,
  GUARD_KEY,
  type GuardedCloud,
  OTHER_KEY,
  REGION,
  startGuardedCloud,
} from '../fixtures/guarded-cloud.ts';

let cloud: GuardedCloud;
beforeAll(async () => {
  cloud = await startGuardedCloud();
});
afterEach(() => cloud.forget());
afterAll(() => cloud.close());

describe('what is signed with the key of this home goes on', () => {
  const settings = () => ({
    endpoint: `http://127.0.0.1:${cloud.port}`,
    region: REGION,
    credentials: GUARD_KEY,
    maxAttempts: 1,
  });

  it('from AWS’s own clients: S3 with names that need encoding, bodies and streams', async () => {
    const s3 = new S3Client({ ...settings(), forcePathStyle: true });
    const Key = 'live/ä b+c(1)~*/x//y';

    await s3.send(new PutObjectCommand({ Bucket: 'studies', Key, Body: 'whole' }));
    const stream = { Body: Readable.from([Buffer.from('in '), Buffer.from('pieces')]), ContentLength: 9 };
    await s3.send(new PutObjectCommand({ Bucket: 'studies', Key, ...stream }));
    await s3.send(new GetObjectCommand({ Bucket: 'studies', Key, Range: 'bytes=0-3', ResponseContentType: 'a/b' }));
    await s3.send(new ListObjectsV2Command({ Bucket: 'studies', Prefix: 'ä +&=/', Delimiter: '/' })).catch(() => 0);

    expect(cloud.reached.map(({ body }) => /whole|pieces/.exec(body)?.[0])).toEqual([
      'whole',
      'pieces',
      undefined,
      undefined,
    ]);
    expect(cloud.reached[2]?.headers.range).toBe('bytes=0-3');
  });

  it('from AWS’s own clients: SQS, DynamoDB, Secrets Manager and SSM', async () => {
    await new SQSClient(settings())
      .send(new SendMessageCommand({ QueueUrl: `http://127.0.0.1:${cloud.port}/000000000000/q`, MessageBody: 'ä' }))
      .catch(() => 0);
    await new DynamoDBClient(settings()).send(new ListTablesCommand({}));
    await new SecretsManagerClient(settings()).send(new ListSecretsCommand({}));
    await new SSMClient(settings()).send(new GetParameterCommand({ Name: '/a/b' }));

    expect(cloud.reached.map(({ headers }) => headers['x-amz-target'])).toEqual([
      'AmazonSQS.SendMessage',
      'DynamoDB_20120810.ListTables',
      'secretsmanager.ListSecrets',
      'AmazonSSM.GetParameter',
    ]);
  });

  it('as a form (CloudFormation), below a path that is encoded twice (Lambda), and as a presigned URL', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const name = '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations';

    const stacks = await cloud.signed(
      { method: 'POST', headers: form, body: 'Action=ListStacks' },
      { service: 'cloudformation' },
    );
    const invoke = await cloud.signed({ method: 'POST', url: name, body: '{"a":1}' }, { service: 'lambda' });
    const answers = [
      await cloud.send(stacks),
      await cloud.send(invoke),
      await cloud.send({ method: 'GET', url: await cloud.presigned('/b/k') }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(cloud.reached.slice(0, 2).map(({ body }) => body)).toEqual(['Action=ListStacks', '{"a":1}']);
  });

  it('from functions, whose key’s id is the number of the account', async () => {
    const { status } = await cloud.send(await cloud.signed({}, { key: { ...GUARD_KEY, accessKeyId: '000000000000' } }));

    expect(status).toBe(200);
  });

  it('and is answered without the headers for web pages', async () => {
    const { headers } = await cloud.send(await cloud.signed({ url: '/bucket/key' }));

    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-two']).toBe('a, b');
  });
});

describe('everything else goes nowhere', () => {
  const put = { method: 'PUT', url: '/bucket/key?x=1', body: 'body', headers: { 'x-amz-meta-a': '1' } };
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000);
  const with_ = (headers: Readonly<Record<string, string>>) => async () => {
    const ask = await cloud.signed(put);
    return { ...ask, headers: { ...ask.headers, ...headers } };
  };

  it.each<[string, string, () => Promise<Ask>]>([
    ['an Origin', 'AccessDenied', with_({ origin: 'http://127.0.0.1:8080' })],
    [
      'the guard’s own Origin',
      'AccessDenied',
      async () => ({ ...(await with_({ origin: `http://127.0.0.1:${cloud.port}` })()) }),
    ],
    ['the Origin of a page without one', 'AccessDenied', with_({ origin: 'null' })],
    ['an empty Origin', 'AccessDenied', with_({ origin: '' })],
    ['a page’s Sec-Fetch-Site', 'AccessDenied', with_({ 'sec-fetch-site': 'same-site' })],
    [
      'a preflight',
      'AccessDenied',
      async () => ({
        method: 'OPTIONS',
        url: '/',
        headers: { origin: 'http://a', 'access-control-request-method': 'PUT' },
      }),
    ],
    [
      'a Host whose name was led here',
      'AccessDenied',
      async () => cloud.signed(put, { host: `rebound.example:${cloud.port}` }),
    ],
    ['the Host localhost', 'AccessDenied', async () => cloud.signed(put, { host: `localhost:${cloud.port}` })],
    ['a Host of another port', 'AccessDenied', async () => cloud.signed(put, { host: '127.0.0.1:80' })],
    ['no signature', 'AccessDenied', async () => put],
    [
      'no signature, asking MiniStack itself',
      'AccessDenied',
      async () => ({ method: 'POST', url: '/_ministack/reset' }),
    ],
    ['no signature, asking for health', 'AccessDenied', async () => ({ url: '/_localstack/health' })],
    ['another id', 'InvalidAccessKeyId', async () => cloud.signed(put, { key: { ...GUARD_KEY, accessKeyId: 'test' } })],
    [
      'another account’s id',
      'InvalidAccessKeyId',
      async () => cloud.signed(put, { key: { ...GUARD_KEY, accessKeyId: '111111111111' } }),
    ],
    ['another secret', 'SignatureDoesNotMatch', async () => cloud.signed(put, { key: OTHER_KEY })],
    [
      'the functions’ id and another secret',
      'SignatureDoesNotMatch',
      async () => cloud.signed(put, { key: { ...OTHER_KEY, accessKeyId: '000000000000' } }),
    ],
    ['a date of 16 minutes ago', 'RequestTimeTooSkewed', async () => cloud.signed(put, { at: later(-16) })],
    ['a date in 16 minutes', 'RequestTimeTooSkewed', async () => cloud.signed(put, { at: later(16) })],
    ['another path', 'SignatureDoesNotMatch', async () => ({ ...(await cloud.signed(put)), url: '/bucket/kez?x=1' })],
    ['another query', 'SignatureDoesNotMatch', async () => ({ ...(await cloud.signed(put)), url: '/bucket/key?x=2' })],
    ['more query', 'SignatureDoesNotMatch', async () => ({ ...(await cloud.signed(put)), url: '/bucket/key?x=1&acl' })],
    ['another method', 'SignatureDoesNotMatch', async () => ({ ...(await cloud.signed(put)), method: 'DELETE' })],
    ['another signed header', 'SignatureDoesNotMatch', with_({ 'x-amz-meta-a': '2' })],
    ['one more header of AWS’s', 'SignatureDoesNotMatch', with_({ 'x-amz-copy-source': '/other/key' })],
    ['another body', 'XAmzContentSHA256Mismatch', async () => ({ ...(await cloud.signed(put)), body: 'bodY' })],
    [
      'another body of a service that signs it',
      'SignatureDoesNotMatch',
      async () => ({ ...(await cloud.signed({ ...put, url: '/' }, { service: 'sqs' })), body: 'bodY' }),
    ],
    [
      'a presigned URL of another secret',
      'SignatureDoesNotMatch',
      async () => ({ url: await cloud.presigned('/b/k', OTHER_KEY) }),
    ],
    [
      'a presigned URL of another object',
      'SignatureDoesNotMatch',
      async () => ({ url: (await cloud.presigned('/b/k')).replace('/b/k', '/b/l') }),
    ],
    [
      'a path that is a URL',
      'InvalidRequest',
      async () => ({ ...(await cloud.signed(put)), url: 'http://127.0.0.1/bucket/key?x=1' }),
    ],
  ])('%s', async (_name, code, make) => {
    const ask = await make();
    const headers = Object.fromEntries(
      Object.entries(ask.headers ?? {}).filter(([, value]) => value !== '' || _name === 'an empty Origin'),
    );

    const answer = await cloud.send({ ...ask, headers });

    expect([400, 403]).toContain(answer.status);
    expect(answer.text).toContain(code);
    expect(cloud.reached.map(({ line }) => line)).toEqual([]);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('says what to do in the form that each client reads', async () => {
    const plain = await cloud.send({ url: '/bucket' });
    const json = await cloud.send({
      method: 'POST',
      url: '/',
      headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
    });
    const form = await cloud.send({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${cloud.port}`,
      region: REGION,
      credentials: OTHER_KEY,
    });

    expect(plain.text).toMatch(/<Error><Code>AccessDenied.*not signed.*\/home\/of &#60;this&#62;\/aws-credentials/s);
    expect(JSON.parse(json.text)).toMatchObject({ __type: 'AccessDenied' });
    expect(form.text).toMatch(/<ErrorResponse><Error><Type>Sender/);
    await expect(client.send(new ListTablesCommand({}))).rejects.toThrow(
      'Use the secret key in /home/of <this>/aws-credentials',
    );
  });
});
