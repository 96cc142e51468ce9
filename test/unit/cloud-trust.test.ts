/** The connection to the cloud: certificates of public authorities, and without TLS this machine only. */
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '#adapters/aws/clients.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { reasonOfRefusal } from '#adapters/aws/refusal.ts';
import { ConfigurationError, ServiceUnavailableError } from '#core/errors.ts';
import { type Certificate, createAuthority } from '../fixtures/certificates.ts';
import { startTlsPacs } from '../fixtures/tls-pacs.ts';

const authority = createAuthority('Inspecting Proxy');
const shown = ({ certificate, key }: Certificate) => ({ cert: certificate, key });

/** Puts a chunk into the bucket of a cloud at this address. */
function put(endpoint: string): Promise<unknown> {
  const client = new S3Client({
    ...{ ...limits(2_000), maxAttempts: 1, endpoint, region: 'eu-central-1', forcePathStyle: true },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const bytes = Buffer.from('an image of a patient');
  return createS3ObjectStore({ bucket: 'studies', client })
    .put('chunks/x', bytes)
    .catch((error: unknown) => error);
}

function stub(name: string, value: string | undefined): void {
  vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('nothing is sent to a cloud', () => {
  it('whose certificate is of no public authority, although the environment switches the check off', async () => {
    const cloud = await startTlsPacs(shown(authority.issue()));
    stub('NODE_TLS_REJECT_UNAUTHORIZED', '0');

    const error = await put(cloud.url);

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ message: expect.stringMatching(/proxy that inspects TLS.*NODE_EXTRA_CA_CERTS/) });
    expect([cloud.connections(), cloud.heard()]).toEqual([1, '']);
  });

  it('that does not speak TLS at an https address', async () => {
    const cloud = await startTlsPacs(undefined);

    expect(await put(cloud.url)).toMatchObject({ code: 'configuration', message: expect.stringMatching(/no TLS/) });
    expect(cloud.heard()).not.toContain('image');
  });

  it.each(['http://10.0.0.5:4566', 'http://[2001:db8::1]:4566', 'http://169.254.169.254'])(
    'at %s, without TLS and not on this machine',
    async (endpoint) => {
      const began = performance.now();
      const error = await put(endpoint);

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({
        message: expect.stringMatching(/without TLS.*Use https:\/\/ in AWS_ENDPOINT_URL/),
      });
      expect(performance.now() - began).toBeLessThan(1_500);
    },
  );
});

it.each([
  ['CERT_HAS_EXPIRED', /not valid today: check the clock of this machine/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /for another name: check AWS_ENDPOINT_URL/],
])('a certificate refused as %s waits for a person, with its reason', (code, sentence) => {
  const { isSetting, why } = reasonOfRefusal(Object.assign(new Error('refused'), { code }));

  expect([isSetting, why]).toEqual([true, expect.stringMatching(sentence)]);
});

describe('the local cloud', () => {
  it('is reached without TLS on this machine', async () => {
    const cloud = await startTlsPacs(undefined, () => ({ status: 503 }));

    expect(await put(`http://127.0.0.1:${cloud.port}`)).toBeInstanceOf(ServiceUnavailableError);
    expect(cloud.heard()).toContain('PUT /studies/chunks/x');
  });

  it('is where the runtime says, in a function', () => {
    expect(limits(1).requestHandler).toHaveProperty('httpAgent');
    stub('AWS_LAMBDA_FUNCTION_NAME', 'hilum-route');
    expect(limits(1).requestHandler).not.toHaveProperty('httpAgent');
    expect(limits(1).requestHandler.httpsAgent).toMatchObject({ rejectUnauthorized: true });
  });
});
