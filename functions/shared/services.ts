/** The dependencies of every function, created once per process from its environment. */
import middy from '@middy/core';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createObserver, errorFacts, type Observer } from '#adapters/aws/observe.ts';
import { createSqsQueue } from '#adapters/aws/queue.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { createDynamoSetTable } from '#adapters/aws/set-table.ts';
import { createDynamoWorkLedger } from '#adapters/aws/work-ledger.ts';
import { createLeases } from '#adapters/lease/lease.ts';
import { deploymentOf, type FunctionEnvironment, type QueueRole, queueUrl } from '#pipeline/environment.ts';
import type { Queue } from '#pipeline/ports.ts';
import type { SiteSettings } from '#pipeline/set-file.ts';
import type { QueueHandler } from './consume.ts';
import type { RunDependencies } from './runs.ts';

interface Services extends RunDependencies, SiteSettings {
  readonly queue: (role: QueueRole) => Queue;
}

export function createServices(environment: FunctionEnvironment): Services {
  const { AWS_LAMBDA_FUNCTION_NAME: functionName = 'local' } = process.env;
  return {
    objects: createS3ObjectStore({ bucket: environment.HILUM_BUCKET }),
    runs: createDynamoRunStore({ table: environment.HILUM_RUNS_TABLE }),
    sets: createDynamoSetTable({ table: environment.HILUM_RUNS_TABLE }),
    ledger: createDynamoWorkLedger({ table: environment.HILUM_RUNS_TABLE }),
    clock: Date,
    observer: createObserver({
      level: environment.HILUM_LOG_LEVEL,
      functionName,
      deployment: deploymentOf(environment.HILUM_QUEUES),
    }),
    queueNamed: (name) => createSqsQueue({ url: `${environment.HILUM_QUEUES}${name}` }),
    retry: { baseS: environment.HILUM_RETRY_BASE_S, capS: environment.HILUM_RETRY_CAP_S },
    hold: createLeases({ urlOf: (name) => `${environment.HILUM_QUEUES}${name}`, leaseS: environment.HILUM_LEASE_S }),
    queueUrlBase: environment.HILUM_QUEUES,
    timeZone: environment.HILUM_TIME_ZONE,
    wholeByteMasks: environment.HILUM_WHOLE_BYTE_MASKS,
    queue: (role) => createSqsQueue({ url: queueUrl(environment.HILUM_QUEUES, role) }),
  };
}

/**
 * Logs each invocation's duration, and replaces errors that the Lambda runtime would print: their messages may quote a
 * dataset.
 */
export function observed(observer: Observer, handler: QueueHandler) {
  let started = 0;
  return middy<Parameters<QueueHandler>[0], Awaited<ReturnType<QueueHandler>>>()
    .use({
      before: () => {
        started = performance.now();
      },
      after: ({ context, event, response }) => {
        const ms = Math.round(performance.now() - started);
        const failed = response?.batchItemFailures.length ?? 0;
        observer.log('info', 'invocation', {
          requestId: context.awsRequestId,
          messages: event.Records.length,
          failed,
          ms,
        });
      },
      onError: (request) => {
        observer.log('error', 'invocation-failed', errorFacts(request.error));
        request.error = new Error('The invocation failed; the previous log line says where.');
      },
    })
    .handler((event, context) => handler(event, context));
}
