import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, expect, it, vi } from 'vitest';
import { useLocalCloud } from '#files/deployment.ts';

afterEach(() => vi.unstubAllEnvs());

it('leads the SDK to the local cloud and its key, whatever account the environment of a person names', async () => {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'])
    vi.stubEnv(name, 'of-a-hospital');
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SSM', 'AWS_ENDPOINT_URL_S3'])
    vi.stubEnv(name, 'https://cloud.example');
  const asked: Asked[] = [];
  const requestHandler = {
    async handle(request: Asked): Promise<never> {
      asked.push(request);
      throw new Error('This request is only looked at');
    },
  };

  const credentials = { accessKeyId: 'HILUMOFTHISHOME', secretAccessKey: 'of-this-home' };
  useLocalCloud({ endpoint: 'http://127.0.0.1:4566', region: 'us-east-1', credentials });
  const client = new SSMClient({ requestHandler, maxAttempts: 1 });
  await client.send(new GetParameterCommand({ Name: '/hilum/tools' })).catch(() => undefined);

  const [{ hostname, port, headers } = { headers: {} } as Asked] = asked;
  expect([hostname, port, await client.config.region()]).toEqual(['127.0.0.1', 4566, 'us-east-1']);
  expect(headers['authorization']).toMatch(/Credential=HILUMOFTHISHOME\/.+\/us-east-1\/ssm\//);
  expect(JSON.stringify(headers)).not.toContain('of-a-hospital');
});

interface Asked {
  readonly hostname: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}
