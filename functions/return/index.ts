import { readArchiveSecret } from '#adapters/aws/secrets.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { ReturnEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { createServices, observed } from '../shared/services.ts';
import { makeHandler } from './handler.ts';

const environment = readEnvironment(ReturnEnvironmentSchema, process.env);
const services = createServices(environment);
const archive = async () => createDicomWebClient(await readArchiveSecret(environment.HILUM_ARCHIVE_SECRET));

export const handler = observed(services.observer, makeHandler({ ...services, archive }));
