import { createDynamoBookmarks } from '#adapters/aws/bookmarks.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { FunctionEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { createServices } from '../shared/services.ts';
import { makeHandler } from './handler.ts';

const environment = readEnvironment(FunctionEnvironmentSchema, process.env);
const { HILUM_BUCKET: bucket, HILUM_RUNS_TABLE: table, HILUM_QUEUES: queues } = environment;

export const handler = makeHandler({
  ...createServices(environment),
  objects: createS3ObjectStore({ bucket }),
  bookmarks: createDynamoBookmarks({ table }),
  queueNamed: (name) => createSqsQueue({ url: `${queues}${name}` }),
  catalog: await loadCatalog(import.meta.dirname),
});
