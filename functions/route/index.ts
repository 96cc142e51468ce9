import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { RouteEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { createServices, observed } from '../shared/services.ts';
import { makeHandler } from './handler.ts';

const environment = readEnvironment(RouteEnvironmentSchema, process.env);
const services = createServices(environment);
const catalog = await loadCatalog(import.meta.dirname);

export const handler = observed(
  services.observer,
  makeHandler({ ...services, catalog, retired: environment.HILUM_RETIRED_TOOLS }),
);
