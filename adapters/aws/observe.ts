/**
 * Structured logs and metrics of the functions, one JSON object a line on stdout. Metrics are in CloudWatch's Embedded
 * Metric Format, so that counting costs no call.
 *
 * Lines take UIDs, numbers and codes. Texts of errors that are not ours never enter one: they may quote a dataset.
 */
import { isKnown } from '#core/errors.ts';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Observer {
  log(level: LogLevel, event: string, facts?: Facts): void;
  /** Counts something; `METRICS` says what. */
  count(metric: Metric, value?: number): void;
}

/** What is counted, in the namespace `Hilum` by `FunctionName`; the alarms in `infra/` watch the ones marked. */
export const METRICS = {
  /** Work that was taken to its end. */
  done: 'Done',
  /** Messages that went back to their queue. */
  retried: 'Retried',
  /** Input that will never work and was recorded so. */
  rejected: 'Rejected',
  /** Alarm: nothing will work until a person acts. */
  halted: 'Halted',
  /** Alarm: the output gate refused a result. */
  quarantined: 'Quarantined',
  /** Alarm: a message could not be worked off. */
  deadLetters: 'DeadLetters',
} as const;
type Metric = (typeof METRICS)[keyof typeof METRICS];
const METRICS_NAMESPACE = 'Hilum';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface ObserverOptions {
  readonly level: LogLevel;
  readonly functionName: string;
  /** Takes one line, with its line break. */
  readonly write?: (line: string) => void;
}

export function createObserver({ level, functionName, write = toStdout }: ObserverOptions): Observer {
  const line = (content: object): void => write(`${JSON.stringify(content)}\n`);
  return {
    log(lineLevel, event, facts = {}) {
      if (LEVELS.indexOf(lineLevel) >= LEVELS.indexOf(level)) line({ level: lineLevel, event, ...facts });
    },
    count(metric, value = 1) {
      line({
        _aws: {
          Timestamp: Date.now(),
          CloudWatchMetrics: [
            {
              Namespace: METRICS_NAMESPACE,
              Dimensions: [['FunctionName']],
              Metrics: [{ Name: metric, Unit: 'Count' }],
            },
          ],
        },
        FunctionName: functionName,
        [metric]: value,
      });
    },
  };
}

/** Past `console`, which would put a prefix before the JSON that CloudWatch is to read. */
function toStdout(line: string): void {
  process.stdout.write(line);
}

/** What may be logged of an error: its kind, its facts, where it was thrown, and the same of its cause. */
export function errorFacts(error: unknown): Facts {
  if (!(error instanceof Error)) return { error: typeof error };
  const own: Facts = isKnown(error) ? { code: error.code, message: error.message, ...error.facts } : {};
  const cause = error.cause === undefined ? {} : { cause: kindsOf(error.cause).join(' < ') };
  return { error: error.name, ...own, ...cause, at: placeOf(error.cause instanceof Error ? error.cause : error) };
}

function kindsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [typeof error];
  return [error.name, ...(error.cause === undefined ? [] : kindsOf(error.cause))];
}

/** The innermost lines of the stack, which hold code positions only. */
function placeOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((text) => /^\s+at /.test(text));
  return frames
    .slice(0, 3)
    .map((text) => text.trim())
    .join(' ');
}
