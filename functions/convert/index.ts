import { FunctionEnvironmentSchema, readEnvironment } from '#pipeline/environment.ts';
import { createServices, observed } from '../shared/services.ts';
import { makeHandler } from './handler.ts';

const services = createServices(readEnvironment(FunctionEnvironmentSchema, process.env));

export const handler = observed(services.observer, makeHandler(services));
