/** The ledger on a DynamoDB whose answers are lost: a beginning that was counted is not counted again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { createDynamoWorkLedger } from '#adapters/aws/work-ledger.ts';
import { ServiceUnavailableError } from '#core/errors.ts';

afterEach(() => vi.unstubAllEnvs());

it('asks once to count an attempt, and reads as often as it takes', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request) => {
    asked.push(String(request.headers['x-amz-target']).split('.')[1]);
    request.socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  for (const [name, value] of Object.entries({ ...settings, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }))
    vi.stubEnv(name, value);
  const ledger = createDynamoWorkLedger({ table: 'runs' });

  await expect(ledger.begin('infer/result/1')).rejects.toThrow(ServiceUnavailableError);
  await expect(ledger.get('infer/result/1')).rejects.toThrow(ServiceUnavailableError);

  expect(asked).toEqual(['UpdateItem', 'GetItem', 'GetItem', 'GetItem', 'GetItem']);
  server.close();
});
