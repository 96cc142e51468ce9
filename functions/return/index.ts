import { readArchiveSecret } from '#adapters/aws/secrets.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancArchive } from '#adapters/orthanc/archive.ts';
import type { OpenArchive } from '#pipeline/deliver.ts';
import { ReturnEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { identityKeyOf } from '#pipeline/identities.ts';
import { createServices, observed } from '../shared/services.ts';
import { makeHandler } from './handler.ts';

const environment = readEnvironment(ReturnEnvironmentSchema, process.env);
const services = createServices(environment);

async function archive(): Promise<OpenArchive> {
  const secret = await readArchiveSecret(environment.HILUM_ARCHIVE_SECRET);
  const { url, orthanc, username, password, ca, certificate, key, plainHttpHost } = secret;
  const access = { username, password, ca, certificate, key, plainHttpHost };
  return {
    archive:
      orthanc === undefined
        ? createDicomWebClient({ url, ...access })
        : createOrthancArchive({ url: orthanc, dicomWebUrl: url, ...access }),
    identityKey: identityKeyOf(secret),
    deletesReplaced: secret.deleteReplaced,
    restoresMissing: secret.restoreMissing,
  };
}

export const handler = observed(services.observer, makeHandler({ ...services, archive }));
