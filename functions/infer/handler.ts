/** Runs the tool on a study's images and stores its answer. Each tool has a Lambda of its own. */
import { IntegrityError, MessageError } from '#core/errors.ts';
import type { FrameDecoder, InferenceEngine } from '#core/ports.ts';
import { serialiseResult, storedAt } from '#core/results/result.ts';
import { runTool } from '#core/run-tool.ts';
import { inputDigestOf } from '#core/study/revision.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ImageProcessingTool, ProcessingResult } from '#core/tool.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { readAnswer } from '#pipeline/answers.ts';
import type { QueueRole } from '#pipeline/environment.ts';
import { instanceReader } from '#pipeline/instances.ts';
import { resultKey, runIdOf } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import type { Queue } from '#pipeline/ports.ts';
import { imagesOf, readManifest } from '#pipeline/study.ts';
import type { QueueHandler } from '../shared/consume.ts';
import { consumeRuns, identityOf, type RunDependencies } from '../shared/runs.ts';

export interface InferDependencies extends RunDependencies {
  readonly entry: ToolEntry;
  readonly tool: ImageProcessingTool;
  readonly decoder: FrameDecoder;
  readonly engine: InferenceEngine;
  /** The tool's time limit, including the loading of images. */
  readonly toolTimeoutMs: number;
  readonly queue: (role: QueueRole) => Queue;
}

/** Reserved at the end of an invocation for storing the answer, or for recording a timeout. */
const RESERVE_MS = 5_000;

/** The first stored answer of a run wins. A run with an answer is not computed again. */
export function makeHandler(dependencies: InferDependencies): QueueHandler {
  const { objects, runs, entry, tool, decoder, engine, clock, toolTimeoutMs, queue, observer } = dependencies;
  const version = toolVersion(entry);

  /**
   * The run that this Lambda can compute. If a new version of the tool was deployed while the message waited, the answer
   * belongs to a new run. The message's run then ends with a pointer to the new run.
   */
  async function currentRun(message: RunMessage): Promise<RunMessage> {
    if (message.tool !== entry.manifest.id)
      throw new MessageError(`The message is for a tool other than ${entry.manifest.id}`);
    if (message.version === version) return message;
    const { inputDigest, tool: toolId } = message;
    const current: RunMessage = { ...message, version, runId: runIdOf({ inputDigest, tool: toolId, version }) };
    const reason = {
      code: 'version-replaced',
      message: `The tool was updated to ${version}; run ${current.runId} replaces this one.`,
    };
    await runs.record({ ...identityOf(message), state: 'rejected', reason });
    await runs.record({ ...identityOf(current), state: 'received' });
    await runs.record({ ...identityOf(current), state: 'routed' });
    return current;
  }

  async function compute(message: RunMessage, remainingMs: number): Promise<ProcessingResult> {
    const { manifestKey, inputDigest } = message;
    const manifest = await readManifest(objects, manifestKey);
    const images = selectImages(entry.manifest.selection, imagesOf(manifest)).selected;
    if (images.length === 0 || inputDigestOf(images) !== inputDigest) {
      throw new IntegrityError("The manifest's images do not match the run's input digest");
    }
    // Of several candidates, the first is usually the only one that is read.
    const deadlineMs = clock.now() + Math.min(toolTimeoutMs, remainingMs - RESERVE_MS);
    const result = await runTool({
      entry,
      tool,
      images,
      read: instanceReader(
        objects,
        manifest,
        (entry.manifest.selection.take === 'best' ? images.slice(0, 1) : images).flatMap((image) => image.instances),
      ),
      decoder,
      engine,
      clock,
      deadlineMs,
    });
    const stored = await objects.put(resultKey(message), serialiseResult(storedAt(result, clock.now())), {
      ifAbsent: true,
      contentType: 'application/json',
    });
    if (stored === 'stored') return result;
    const winner = await readAnswer(objects, resultKey(message));
    if (winner === undefined) throw new IntegrityError('A stored result has disappeared from the bucket');
    return winner;
  }

  return consumeRuns(
    {
      stage: 'infer',
      comesAs: 'routed',
      async work(received, { remainingMs }) {
        const message = await currentRun(received);
        const stored = await readAnswer(objects, resultKey(message));
        const result = stored ?? (await compute(message, remainingMs()));
        const { outcome, reason, timingsMs } = result.metadata;
        // `convert` records reason and summary, after the output gate has searched them for the patient's identity.
        await runs.record({ ...identityOf(message), state: 'inferred', outcome });
        await queue({ step: 'convert', lane: message.lane }).send(
          JSON.stringify({ ...message, answer: 'result' } satisfies RunMessage),
        );
        observer.log('info', 'inferred', {
          runId: message.runId,
          tool: message.tool,
          outcome,
          code: reason?.code,
          ...msFacts(timingsMs),
        });
      },
    },
    dependencies,
  );
}

const msFacts = (timingsMs: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(timingsMs).map(([stage, value]) => [stage === 'passes' ? stage : `${stage}Ms`, Math.round(value)]),
  );
