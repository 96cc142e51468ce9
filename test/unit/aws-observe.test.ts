import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createObserver, errorFacts, METRICS } from '#adapters/aws/observe.ts';
import { ArchiveUnavailableError, ToolFailedError } from '#core/errors.ts';
import { observed } from '#functions/shared/services.ts';
import { sqsEvent } from '../fixtures/pipeline.ts';

function watch(level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: string[] = [];
  const observer = createObserver({
    ...{ level, functionName: 'route', deployment: 'hilum' },
    write: (line) => lines.push(line),
  });
  return { observer, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 1000 } as Context;
/** Patient data that would leak if the message of another library's error were logged. */
const quoting = (): Error => new TypeError('cannot read "Doe^Jane"');

describe('logs', () => {
  it('are one JSON object per line, from the configured level up', () => {
    const { observer, lines, parsed } = watch('info');
    observer.log('debug', 'too-fine');
    observer.log('info', 'routed', { tool: 'caries', images: 2, code: undefined });

    expect(parsed()).toEqual([{ level: 'info', event: 'routed', tool: 'caries', images: 2 }]);
    expect(lines[0]?.endsWith('\n')).toBe(true);
  });

  it('count in CloudWatch’s Embedded Metric Format', () => {
    const { observer, parsed } = watch();
    observer.count(METRICS.halted, 3);

    expect(parsed()).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            { Namespace: 'Hilum', Dimensions: [['Deployment']], Metrics: [{ Name: 'Halted', Unit: 'Count' }] },
          ],
        },
        Deployment: 'hilum',
        FunctionName: 'route',
        Halted: 3,
      },
    ]);
  });

  it('contain an error’s class and position, and no message of other libraries', () => {
    const error = new ToolFailedError('The tool caries failed', { cause: quoting(), facts: { tool: 'caries' } });

    expect(errorFacts(error)).toEqual({
      error: 'ToolFailedError',
      code: 'tool-failed',
      message: 'The tool caries failed',
      tool: 'caries',
      cause: 'TypeError',
      at: expect.stringMatching(/^at quoting .*aws-observe\.test\.ts/),
    });
    expect(JSON.stringify([errorFacts(error), errorFacts(quoting()), errorFacts('Doe^Jane')])).not.toContain('Doe');
  });

  it('name the chain of causes by kind', () => {
    const error = new ArchiveUnavailableError('Away', { cause: new Error('x', { cause: quoting() }) });
    expect(errorFacts(error)['cause']).toBe('Error < TypeError');
  });
});

describe('an invocation', () => {
  it('is logged with its number of failed messages', async () => {
    const { observer, parsed } = watch();
    const handler = observed(observer, async () => ({ batchItemFailures: [{ itemIdentifier: 'message-0' }] }));

    await handler(sqsEvent('convert-live', ['{}', '{}']), context);

    expect(parsed()).toEqual([
      { level: 'info', event: 'invocation', requestId: 'request-1', messages: 2, failed: 1, ms: expect.any(Number) },
    ]);
  });

  it('that throws does not pass the error’s message to the runtime', async () => {
    const { observer, lines } = watch();
    const handler = observed(observer, () => Promise.reject(quoting()));

    const thrown = await handler(sqsEvent('convert-live', ['{}']), context).catch((error: unknown) => error);

    expect(String(thrown)).toContain('the previous log line');
    expect(lines.join('') + String((thrown as Error).stack)).not.toContain('Doe');
    expect(lines.join('')).toContain('"error":"TypeError"');
  });
});
