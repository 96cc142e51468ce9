/**
 * Structured logs and metrics of the functions, one JSON object per line on stdout. Metrics use CloudWatch's Embedded
 * Metric Format, so that counting needs no API call.
 *
 * Lines contain UIDs, numbers and codes. Messages of errors that are not Hilum's are never logged: they may quote a dataset.
 */
import { isKnown } from '#core/errors.ts';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Observer {
  log(level: LogLevel, event: string, facts?: Facts): void;
  /** Counts an event; see `METRICS`. */
  count(metric: Metric, value?: number): void;
}

/**
 * The metrics, in the namespace `Hilum`, by `Deployment`: CloudWatch charges for each metric of each dimension, and a deployment has
 * a function for each tool. The line that counts names the function, too. The alarms in `infra/` watch those marked "Alarm".
 */
export const METRICS = {
  /** A message was processed. */
  done: 'Done',
  /** A message went back to its queue. */
  retried: 'Retried',
  /** A run went back one step, because what the step had stored was gone from the bucket. */
  madeAgain: 'MadeAgain',
  /** The reconciler mended something: it sent a message again, or removed what was left over. */
  reconciled: 'Reconciled',
  /** Alarm: a run whose message was sent again several times gave no sign. */
  stuck: 'Stuck',
  /** Results of a run are not in the PACS any more, though their images are. */
  missing: 'Missing',
  /** A message that no other attempt can help. */
  rejected: 'Rejected',
  /** A message went to its dead-letter queue, because it failed too often or for too long. */
  givenUp: 'GivenUp',
  /** Alarm: processing cannot continue until a person acts. */
  halted: 'Halted',
  /** Alarm: the output gate refused a result. */
  quarantined: 'Quarantined',
  /** Alarm: a message could not be processed. */
  deadLetters: 'DeadLetters',
} as const;
type Metric = (typeof METRICS)[keyof typeof METRICS];
const METRICS_NAMESPACE = 'Hilum';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface ObserverOptions {
  readonly level: LogLevel;
  readonly functionName: string;
  /** The deployment's name. */
  readonly deployment: string;
  /** Takes one line, with its line break. */
  readonly write?: (line: string) => void;
}

export function createObserver({ level, functionName, deployment, write = toStdout }: ObserverOptions): Observer {
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
              Dimensions: [['Deployment']],
              Metrics: [{ Name: metric, Unit: 'Count' }],
            },
          ],
        },
        Deployment: deployment,
        FunctionName: functionName,
        [metric]: value,
      });
    },
  };
}

/** Bypasses `console`, because Lambda's would put a prefix before the JSON. */
function toStdout(line: string): void {
  process.stdout.write(line);
}

/**
 * The loggable facts of an error: its class, the position where it was thrown, and the classes of its causes. The message
 * is included only for Hilum's own errors.
 */
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

/** The innermost lines of the stack, which contain only code positions. */
function placeOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((text) => /^\s+at /.test(text));
  return frames
    .slice(0, 3)
    .map((text) => text.trim())
    .join(' ');
}
