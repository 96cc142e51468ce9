/** Reads the archive's address and credentials from Secrets Manager. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfigurationError } from '#core/errors.ts';
import { type ArchiveSecret, ArchiveSecretSchema } from '#pipeline/environment.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { limits, once, SILENCE_MS, translated, within } from './clients.ts';
import { parsedJson } from './parsed-json.ts';

const secretsManager = once(() => new SecretsManagerClient(limits(SILENCE_MS)));

/**
 * @throws ConfigurationError if the secret is missing, cannot be read or does not hold `{url, username, password}`
 * @throws ServiceUnavailableError if Secrets Manager does not answer
 */
export async function readArchiveSecret(
  arn: string,
  client: SecretsManagerClient = secretsManager(),
  options: CallOptions = {},
): Promise<ArchiveSecret> {
  const read = async (signal: AbortSignal | undefined): Promise<string> =>
    (await client.send(new GetSecretValueCommand({ SecretId: arn }), within(signal))).SecretString ?? '';
  const text = await limited(options, read, (error) =>
    translated(error, "the archive's secret (HILUM_ARCHIVE_SECRET)"),
  );
  const parsed = ArchiveSecretSchema.safeParse(parsedJson(text));
  if (parsed.success) return parsed.data;
  // The parser's messages are dropped: they may quote the secret.
  const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole text'))].join(', ');
  throw new ConfigurationError(
    `The archive's secret (HILUM_ARCHIVE_SECRET) must be JSON such as {"url": "https://pacs/dicom-web", "username": "…", "password": "…"}; wrong or missing: ${names}.`,
  );
}
