import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '#core/errors.ts';
import {
  deadLetterQueueName,
  deadLetterQueueOf,
  deploymentOf,
  FunctionEnvironmentSchema,
  parseDeadLetterQueueName,
  parseQueueName,
  queueName,
  queueUrl,
  readEnvironment,
  STEPS,
} from '#pipeline/environment.ts';
import { LANES } from '#pipeline/keys.ts';

const variables = {
  HILUM_BUCKET: 'studies',
  HILUM_RUNS_TABLE: 'runs',
  HILUM_QUEUES: 'https://sqs.eu-central-1.amazonaws.com/123456789012/hilum-',
};

describe('the environment of a function', () => {
  it('is read, with defaults for optional variables', () => {
    expect(readEnvironment(FunctionEnvironmentSchema, variables)).toEqual({
      ...variables,
      ...{ HILUM_LOG_LEVEL: 'info', HILUM_RETRY_BASE_S: 15, HILUM_RETRY_CAP_S: 1800, HILUM_LEASE_S: 90 },
      ...{ HILUM_TIME_ZONE: 'UTC', HILUM_WHOLE_BYTE_MASKS: false },
    });
  });

  it('takes a time zone by its name', () => {
    const zone = (HILUM_TIME_ZONE: string) =>
      readEnvironment(FunctionEnvironmentSchema, { ...variables, HILUM_TIME_ZONE }).HILUM_TIME_ZONE;

    expect(zone('Europe/Berlin')).toBe('Europe/Berlin');
    expect(() => zone('Berlin')).toThrow('HILUM_TIME_ZONE is wrong: is no time zone');
  });

  it('names every variable that is missing or wrong', () => {
    const read = () => readEnvironment(FunctionEnvironmentSchema, { HILUM_BUCKET: 'studies', HILUM_QUEUES: 'here' });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(/HILUM_RUNS_TABLE is not set; HILUM_QUEUES is wrong/);
  });
});

describe('queue names', () => {
  it('are parsed back to their roles', () => {
    for (const lane of LANES) {
      for (const step of ['intake', 'convert', 'return'] as const) {
        expect(parseQueueName(queueName({ step, lane }))).toEqual({ step, lane });
      }
      for (const tool of ['caries', 'live', 'vertebral-fracture', 'x-live']) {
        expect(parseQueueName(queueName({ step: 'infer', tool, lane }))).toEqual({ step: 'infer', tool, lane });
      }
    }
  });

  it('that are not valid are not parsed', () => {
    for (const name of ['convert', 'convert-urgent', 'infer-live', 'hilum-convert-live', ''])
      expect(parseQueueName(name)).toBeUndefined();
  });

  it('of dead letters are the same for all tools, and are parsed back', () => {
    for (const lane of LANES) {
      for (const step of STEPS) {
        const name = deadLetterQueueName({ step, lane });
        expect(parseDeadLetterQueueName(name)).toEqual({ step, lane });
        expect(parseQueueName(name)).toBeUndefined();
      }
      for (const tool of ['caries', 'live', 'x-dead'])
        expect(deadLetterQueueOf(queueName({ step: 'infer', tool, lane }))).toBe(`infer-${lane}-dead`);
    }
    expect(parseDeadLetterQueueName('infer-caries-live-dead')).toBeUndefined();
    expect(() => deadLetterQueueOf('infer-live-dead')).toThrow(/infer-live-dead is not one of Hilum's queues/);
  });

  it('begin with the name of the deployment', () => {
    expect(deploymentOf('https://sqs.eu-central-1.amazonaws.com/123456789012/hilum-')).toBe('hilum');
    expect(deploymentOf('http://127.0.0.1:4566/000000000000/north-trial-')).toBe('north-trial');
  });

  it('follow the base in a URL', () => {
    expect(queueUrl(variables.HILUM_QUEUES, { step: 'convert', lane: 'live' })).toBe(
      `${variables.HILUM_QUEUES}convert-live`,
    );
  });
});
