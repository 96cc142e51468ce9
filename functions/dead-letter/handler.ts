/** Consumes all dead-letter queues: keeps the message, marks its run failed, and reports the failure to the radiologist. */
import { METRICS } from '#adapters/aws/observe.ts';
import type { Reason } from '#core/errors.ts';
import { instanceUidsOf } from '#core/study/images.ts';
import { selectImages } from '#core/study/selection.ts';
import { describeTool, type ToolEntry } from '#core/tool-manifest.ts';
import { storeFailure } from '#pipeline/answers.ts';
import { encodeDeadLetter } from '#pipeline/dead-letter.ts';
import { DEAD_LETTER_SUFFIX, parseQueueName, type QueueRole } from '#pipeline/environment.ts';
import { deadLetterKey, resultKey } from '#pipeline/keys.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { parseRunMessage, parseS3Event, type RunMessage } from '#pipeline/messages.ts';
import type { Queue, RunStore } from '#pipeline/ports.ts';
import { imagesOf } from '#pipeline/study.ts';
import { recordUnrouted } from '#pipeline/unrouted.ts';
import { type ConsumerDependencies, consume, type QueueHandler } from '../shared/consume.ts';
import { identityOf } from '../shared/runs.ts';

export interface DeadLetterDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
  readonly catalog: readonly ToolEntry[];
  readonly queue: (role: QueueRole) => Queue;
}

/** The reason if the function ended before it could record one. */
const DIED: Reason = { code: 'died', message: 'The step ended without an answer: out of memory or out of time.' };
/** The reason for a message that names no run. */
const NO_RUN: Reason = {
  code: 'not-worked-off',
  message: 'The message could not be processed; the log names the cause.',
};

export function makeHandler(dependencies: DeadLetterDependencies): QueueHandler {
  const { objects, runs, catalog, queue, observer } = dependencies;

  /** The reason that the step recorded when it failed, if it recorded one. */
  async function reasonFor(message: RunMessage): Promise<Reason> {
    const run = await runs.get(message.runId);
    return run?.reason ?? DIED;
  }

  /**
   * Reports to the radiologist that there is no result. If `infer` died after it had stored a result, that result is
   * converted instead. If `convert` died, its result is not tried again.
   */
  async function answerFor(message: RunMessage, step: 'infer' | 'convert', reason: Reason): Promise<void> {
    const { runId, lane } = message;
    const goesOn = step === 'infer' && (await objects.exists(resultKey(runId)));
    if (!goesOn) {
      const entry = catalog.find(({ manifest }) => manifest.id === message.tool);
      const inputs = entry === undefined ? [] : await inputsFor(message, entry);
      if (entry === undefined || inputs.length === 0) {
        observer.log('error', 'failure-not-told', { runId, tool: message.tool });
        return;
      }
      await storeFailure(objects, message, { description: describeTool(entry), inputs, reason });
    }
    const next: RunMessage = { ...message, answer: goesOn ? 'result' : 'failure' };
    await queue({ step: 'convert', lane }).send(JSON.stringify(next));
  }

  /** The SOP Instance UIDs of the tool's input; none if the study is no longer in the bucket. */
  async function inputsFor({ manifestKey }: RunMessage, entry: ToolEntry): Promise<readonly string[]> {
    const bytes = await objects.get(manifestKey);
    if (bytes === undefined) return [];
    const { selected } = selectImages(entry.manifest.selection, imagesOf(parseManifest(bytes)));
    return instanceUidsOf(selected);
  }

  return consume(
    {
      async work({ body, messageId, queue: deadLetterQueue }) {
        const queueName = deadLetterQueue.replace(new RegExp(`${DEAD_LETTER_SUFFIX}$`), '');
        const message = tryParse(body);
        const reason = message === undefined ? NO_RUN : await reasonFor(message);
        await objects.put(
          deadLetterKey(queueName, messageId),
          encodeDeadLetter({ queue: queueName, messageId, reason, body }),
        );
        observer.count(METRICS.deadLetters);
        observer.log('error', 'dead-letter', { messageId, queue: queueName, runId: message?.runId, code: reason.code });
        const step = parseQueueName(queueName)?.step;
        if (message === undefined) {
          for (const key of step === 'intake' ? keysIn(body) : [])
            await recordUnrouted(dependencies, key, { state: 'failed', reason });
          return;
        }
        if (message.answer === 'failure') return;
        await runs.record({ ...identityOf(message), state: 'failed', outcome: 'failed', reason });
        // If the return step failed, a failure object could not be delivered either.
        if (step === 'infer' || step === 'convert') await answerFor(message, step, reason);
      },
    },
    dependencies,
  );
}

function tryParse(body: string): RunMessage | undefined {
  try {
    return parseRunMessage(body);
  } catch {
    return undefined;
  }
}

function keysIn(body: string): readonly string[] {
  try {
    return parseS3Event(body);
  } catch {
    return [];
  }
}
