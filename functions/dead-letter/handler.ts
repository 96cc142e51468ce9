/**
 * Consumes all dead-letter queues. A message that a step gave up is kept, its run is marked failed, and the radiologist is told.
 * A message that was not given up goes back to its queue.
 */
import { METRICS } from '#adapters/aws/observe.ts';
import { MessageError, NewerFormatError, type Reason } from '#core/errors.ts';
import { instanceUidsOf } from '#core/study/images.ts';
import { selectImages } from '#core/study/selection.ts';
import { describeTool, type ToolEntry } from '#core/tool-manifest.ts';
import { storeFailure } from '#pipeline/answers.ts';
import { encodeDeadLetter } from '#pipeline/dead-letter.ts';
import { type Cause, ENDS } from '#pipeline/ends.ts';
import {
  type DeadLetterRole,
  parseDeadLetterQueueName,
  parseQueueName,
  type QueueRole,
  queueName,
} from '#pipeline/environment.ts';
import { deadLetterKey, resultKey } from '#pipeline/keys.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { parseRunMessage, parseS3Event, type RunMessage, toolNamedIn } from '#pipeline/messages.ts';
import type { GivenUp, Queue, RunRecord, RunStore } from '#pipeline/ports.ts';
import { RETURNED_STATES, type RunState } from '#pipeline/run-state.ts';
import { imagesOf } from '#pipeline/study.ts';
import { recordUnrouted } from '#pipeline/unrouted.ts';
import { checkWork, intakeWork, runWork } from '#pipeline/work.ts';
import { type ConsumerDependencies, consume, type QueueHandler } from '../shared/consume.ts';
import { identityOf } from '../shared/runs.ts';

export interface DeadLetterDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
  readonly catalog: readonly ToolEntry[];
  readonly queue: (role: QueueRole) => Queue;
}

/** The reason for a message that names no run. */
const NO_RUN: Reason = {
  code: 'not-worked-off',
  message: 'The message could not be processed; the log names the cause.',
};

/** What becomes of results. */
const OVER: readonly RunState[] = RETURNED_STATES;
const ENDED: readonly RunState[] = [...OVER, 'rejected', 'failed'];

/** What a dead letter is about: a run, uploads, or nothing that can be named. */
interface Subject {
  readonly step: QueueRole['step'];
  /** The name of its work in the ledger. */
  readonly name: string | undefined;
  readonly message?: RunMessage;
  readonly keys: readonly string[];
}

export function makeHandler(dependencies: DeadLetterDependencies): QueueHandler {
  const { objects, runs, ledger, catalog, queue, queueNamed, observer, clock } = dependencies;

  /**
   * Reports to the radiologist that there is no result. If `infer` died after it had stored a result, that result is
   * converted instead. A result that could not be converted or delivered is not tried again.
   */
  async function answerFor(message: RunMessage, step: QueueRole['step'], reason: Reason): Promise<void> {
    const { runId, lane } = message;
    const goesOn = step === 'infer' && (await objects.exists(resultKey(message)));
    if (!goesOn) {
      const entry = catalog.find(({ manifest }) => manifest.id === message.tool);
      const inputs = entry === undefined ? [] : await inputsFor(message, entry);
      if (entry === undefined || inputs.length === 0) {
        observer.log('error', 'failure-not-told', { runId, tool: message.tool });
        return;
      }
      await storeFailure(objects, message, { description: describeTool(entry), inputs, reason }, clock);
    }
    const next: RunMessage = { ...message, answer: goesOn ? 'result' : 'failure' };
    await queue({ step: 'convert', lane }).send(JSON.stringify(next));
  }

  /** The SOP Instance UIDs of the tool's input; none if the study's manifest is gone or broken. */
  async function inputsFor({ manifestKey }: RunMessage, entry: ToolEntry): Promise<readonly string[]> {
    const bytes = await objects.get(manifestKey);
    const manifest = bytes === undefined ? undefined : readable(() => parseManifest(bytes));
    if (manifest === undefined) return [];
    const { selected } = selectImages(entry.manifest.selection, imagesOf(manifest));
    return instanceUidsOf(selected);
  }

  /** The run keeps its state and its reason; only that the study was not told is new. */
  async function recordUntold(message: RunMessage, untold: GivenUp): Promise<void> {
    const { state, reason } = (await runs.get(message.runId)) ?? {};
    if (state !== 'failed' && state !== 'rejected') return;
    await runs.record({ ...identityOf(message), state, ...(reason && { reason }), untold });
  }

  async function tell({ step, message, keys }: Subject, reason: Reason, cause: Cause): Promise<void> {
    if (message === undefined) {
      for (const key of keys) await recordUnrouted({ runs, catalog }, key, { state: 'failed', reason, cause });
      return;
    }
    if (message.answer === 'failure') return await recordUntold(message, { step, cause });
    await runs.record({ ...identityOf(message), state: 'failed', outcome: 'failed', reason, gaveUp: { step, cause } });
    if (ENDS[step === 'intake' ? 'route' : step][cause].told === 'study') await answerFor(message, step, reason);
  }

  /** The run of a message whose end is known, and was told; undefined for every other. */
  async function endOf(message: RunMessage | undefined): Promise<RunRecord | undefined> {
    const run = message === undefined ? undefined : await runs.get(message.runId);
    return run !== undefined && ENDED.includes(run.state) ? run : undefined;
  }

  return consume(
    {
      stage: 'dead-letter',
      async work({ body, messageId, queue: deadLetterQueue }) {
        const from = parseDeadLetterQueueName(deadLetterQueue);
        const source = from === undefined ? deadLetterQueue : sourceOf(from, body);
        const subject = from && subjectOf(from.step, body);
        if (subject !== 'newer' && subject?.message?.check === true)
          return await ledger.end(checkWork(subject.message));
        const name = subject === 'newer' ? undefined : subject?.name;
        const failing = name === undefined ? undefined : (await ledger.get(name)).failing;
        const ended = failing === undefined && subject !== 'newer' ? await endOf(subject?.message) : undefined;
        // A queue may hand the same work out twice. Sending it back would begin it anew, and end in another letter.
        if (ended !== undefined && OVER.includes(ended.state)) return;
        // The queue's own count sent it here: it was received often and seldom or never run, or its format is newer.
        if (subject === 'newer' || (name !== undefined && failing?.givenUp !== true && ended === undefined)) {
          if (parseQueueName(source) === undefined) throw new NewerFormatError('The letter does not name its tool');
          await queueNamed(source).send(body);
          observer.count(METRICS.halted);
          observer.log('error', 'sent-back', { messageId, queue: source });
          return;
        }
        const reason = failing?.reason ?? ended?.reason ?? NO_RUN;
        await objects.put(
          deadLetterKey(source, messageId),
          encodeDeadLetter({ queue: source, messageId, reason, body }),
        );
        observer.count(METRICS.deadLetters);
        const runId = subject?.message?.runId;
        observer.log('error', 'dead-letter', { messageId, queue: source, runId, code: reason.code });
        if (subject?.message?.answer === 'failure' && subject.step !== 'intake' && failing === undefined)
          // It may be the second copy of one that was delivered. `hilum redrive` then finds that there is nothing to do.
          await recordUntold(subject.message, { step: subject.step, cause: 'fault' });
        if (subject === undefined || name === undefined || failing === undefined) return;
        await tell(subject, reason, failing.cause);
        // If a person sends the message again, it has its whole budget again.
        await ledger.end(name);
      },
    },
    dependencies,
  );
}

/** The name of the queue that a letter was in; `infer-live` if it does not say of which tool. */
function sourceOf({ step, lane }: DeadLetterRole, body: string): string {
  if (step !== 'infer') return queueName({ step, lane });
  const tool = toolNamedIn(body);
  return tool === undefined ? `${step}-${lane}` : queueName({ step, tool, lane });
}

/** `newer` if the message has a format that this code does not know yet. */
function subjectOf(step: QueueRole['step'], body: string): Subject | 'newer' {
  try {
    if (step === 'intake') {
      const keys = readable(() => parseS3Event(body)) ?? [];
      return { step, keys, name: intakeWork(keys) };
    }
    const message = readable(() => parseRunMessage(body));
    return message === undefined
      ? { step, keys: [], name: undefined }
      : { step, keys: [], message, name: runWork(step, message) };
  } catch (error) {
    if (error instanceof NewerFormatError) return 'newer';
    throw error;
  }
}

/** Undefined if what is read is broken. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}
