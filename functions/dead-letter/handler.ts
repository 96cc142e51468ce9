/** Works off every dead-letter queue: keeps the message, marks its run failed, and has the radiologist told. */
import { METRICS } from '#adapters/aws/observe.ts';
import { encodeDeadLetter } from '#core/dead-letter.ts';
import { DEAD_LETTER_SUFFIX, parseQueueName, type QueueRole } from '#core/environment.ts';
import type { Reason } from '#core/errors.ts';
import { deadLetterKey, failureKey, resultKey } from '#core/keys.ts';
import { parseRunMessage, type RunMessage } from '#core/messages.ts';
import type { Queue, RunStore } from '#core/ports.ts';
import { nonResult, serialiseResult } from '#core/results/result.ts';
import { parseManifest } from '#core/study/manifest.ts';
import { selectImages } from '#core/study/selection.ts';
import { describeTool, type ToolEntry } from '#core/tool-manifest.ts';
import { type ConsumerDependencies, consume, type QueueHandler } from '../shared/consume.ts';
import { identityOf } from '../shared/runs.ts';
import { imagesOf } from '../shared/study.ts';

export interface DeadLetterDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
  readonly catalog: readonly ToolEntry[];
  readonly queue: (role: QueueRole) => Queue;
}

/** Of a message whose function never came to write down what was wrong. */
const DIED: Reason = { code: 'died', message: 'The step ended without an answer: out of memory or out of time.' };
/** Of a message that names no run. */
const NO_RUN: Reason = {
  code: 'not-worked-off',
  message: 'The message could not be worked off; the log names the cause.',
};

export function makeHandler(dependencies: DeadLetterDependencies): QueueHandler {
  const { objects, runs, catalog, queue, observer } = dependencies;

  /** The run's reason, where its step wrote one down when it failed. */
  async function reasonFor(message: RunMessage): Promise<Reason> {
    const run = await runs.get(message.runId);
    return run?.reason ?? DIED;
  }

  /** An answer that says that there is none, for the radiologist; a result that came after all goes on instead. */
  async function answerFor(message: RunMessage, reason: Reason): Promise<void> {
    const { runId, version, inputDigest, lane } = message;
    const hasResult = await objects.exists(resultKey(runId));
    if (!hasResult) {
      const entry = catalog.find(({ manifest }) => manifest.id === message.tool);
      const inputs = entry === undefined ? [] : await inputsFor(message, entry);
      if (entry === undefined || inputs.length === 0) {
        observer.log('error', 'failure-not-told', { runId, tool: message.tool });
        return;
      }
      const description = describeTool(entry);
      const failure = nonResult({ description, version, inputDigest, inputs, outcome: 'failed', reason });
      await objects.put(failureKey(runId), serialiseResult(failure), {
        ifAbsent: true,
        contentType: 'application/json',
      });
    }
    const next: RunMessage = { ...message, answer: hasResult ? 'result' : 'failure' };
    await queue({ step: 'convert', lane }).send(JSON.stringify(next));
  }

  /** What the tool would have been given; nothing where the study is no longer in the bucket. */
  async function inputsFor({ manifestKey }: RunMessage, entry: ToolEntry): Promise<readonly string[]> {
    const bytes = await objects.get(manifestKey);
    if (bytes === undefined) return [];
    const { selected } = selectImages(entry.manifest.selection, imagesOf(parseManifest(bytes)));
    return selected.flatMap((image) => image.instances.map((instance) => instance.SOPInstanceUID));
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
        if (message === undefined || message.answer === 'failure') return;
        await runs.record({ ...identityOf(message), state: 'failed', outcome: 'failed', reason });
        if (parseQueueName(queueName)?.step === 'infer') await answerFor(message, reason);
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
