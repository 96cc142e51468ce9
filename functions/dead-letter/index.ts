import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { FunctionEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { createServices, observed } from '../shared/services.ts';
import { makeHandler } from './handler.ts';

const services = createServices(readEnvironment(FunctionEnvironmentSchema, process.env));
const catalog = await loadCatalog(import.meta.dirname);

export const handler = observed(services.observer, makeHandler({ ...services, catalog }));
