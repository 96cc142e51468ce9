/** One run of one tool: load the images, process them, check the answer. The same in a Lambda and on a laptop. */
import { DicomReadError } from '#dicom/error.ts';
import {
  GeometryError,
  isKnown,
  type KnownError,
  NotEvaluableError,
  ToolFailedError,
  ToolTimeoutError,
} from './errors.ts';
import { loadImage } from './image/load.ts';
import type { Clock, FrameDecoder, InferenceEngine } from './ports.ts';
import { nonResult, withLeftOut, withTimings } from './results/result.ts';
import { instanceUidsOf } from './study/images.ts';
import { inputDigestOf } from './study/revision.ts';
import type { ImageIndex, InstanceIndex } from './study/study-index.ts';
import type { Image, ImageProcessingTool, LeftOut, ProcessingResult } from './tool.ts';
import { describeTool, type ToolEntry, toolVersion } from './tool-manifest.ts';

export interface ToolRun {
  readonly entry: ToolEntry;
  readonly tool: ImageProcessingTool;
  /** The images selected for the tool: at least one, all of one study. */
  readonly images: readonly ImageIndex[];
  /** Reads an instance's Part 10 file. */
  readonly read: (instance: InstanceIndex) => Promise<Uint8Array>;
  readonly decoder: FrameDecoder;
  readonly engine: InferenceEngine;
  readonly clock: Clock;
  /** When the run must be over, in milliseconds since the epoch by `clock`. */
  readonly deadlineMs: number;
}

/**
 * Runs a tool and returns its answer, with `timingsMs` of `load`, `process` and, within it, `inference`.
 *
 * Input that cannot be evaluated (NotEvaluableError, GeometryError, DicomReadError, or a refusal by the tool's own
 * `canProcessImage`) is an answer, too: a non-result with the reason. Where several images are selected and some cannot be
 * loaded, those are left out and the answer says so (`leftOut`): one blank exposure must not cost the radiologist the answer
 * about the others. The answer's inputs are then the loaded images; its input digest still covers all selected images.
 *
 * @throws ToolTimeoutError if the deadline passes first. While a tool computes without a pause, that is noticed only at its
 *   calls of the engine and of `signal`. A tool that never pauses is ended by its host (Lambda's own timeout).
 * @throws ToolFailedError if the tool throws an error that is not Hilum's, or its answer breaks the contract
 * @throws KnownError as they come from `read` and `engine` (IntegrityError, ModelDigestError …)
 */
export async function runTool({
  entry,
  tool,
  images,
  read,
  decoder,
  engine,
  clock,
  deadlineMs,
}: ToolRun): Promise<ProcessingResult> {
  const inputDigest = inputDigestOf(images);
  const watch = createStopwatch(clock);
  const deadline = createDeadline(tool.name, clock, deadlineMs);
  const leftOut: LeftOut[] = [];
  let given = images;
  try {
    const refusal = images.map((image) => tool.canProcessImage(image)).find((answer) => !answer.suitable);
    if (refusal !== undefined) throw new NotEvaluableError(refusal.reason.code, refusal.reason.message);

    const readInTime = (instance: InstanceIndex) => {
      deadline.check();
      return read(instance);
    };
    const loading = await watch.time('load', loadThose(images, readInTime, decoder));
    leftOut.push(...loading.leftOut);
    given = loading.given;
    const timedEngine: InferenceEngine = {
      async run(modelId, inputs, expected) {
        deadline.check();
        const outputs = await watch.time('inference', engine.run(modelId, inputs, expected));
        deadline.check();
        return outputs;
      },
    };
    const context = { inputDigest, engine: timedEngine, signal: deadline.signal };
    const result = await watch.time('process', Promise.race([tool.process(loading.loaded, context), deadline.passed]));
    checkIdentity(result, { entry, images: given, inputDigest });
    const timed = withTimings(result, { ...result.metadata.timingsMs, ...watch.timingsMs() });
    return withLeftOut(timed, leftOut);
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.error(error);
    if (!isNotEvaluable(error)) throw toolError(tool.name, error);
    const answer = nonResult({
      description: describeTool(entry),
      version: toolVersion(entry),
      inputDigest,
      inputs: instanceUidsOf(given),
      outcome: 'not-evaluable',
      reason: { code: error.code, message: error.message },
    });
    return withLeftOut(answer, leftOut);
  } finally {
    deadline.clear();
  }
}

interface Loading {
  /** The images that could be loaded; at least one. */
  readonly given: readonly ImageIndex[];
  readonly loaded: readonly Image[];
  readonly leftOut: readonly LeftOut[];
}

/** @throws DicomReadError, GeometryError if no image can be loaded: the error of the first image */
async function loadThose(
  images: readonly ImageIndex[],
  read: ToolRun['read'],
  decoder: FrameDecoder,
): Promise<Loading> {
  const given: ImageIndex[] = [];
  const loaded: Image[] = [];
  const leftOut: LeftOut[] = [];
  const errors: (GeometryError | DicomReadError)[] = [];
  for (const image of images) {
    try {
      loaded.push(await loadImage(image, read, decoder));
      given.push(image);
    } catch (error) {
      if (!(error instanceof GeometryError || error instanceof DicomReadError)) throw error;
      errors.push(error);
      leftOut.push({ SOPInstanceUIDs: instanceUidsOf([image]), reason: { code: error.code, message: error.message } });
    }
  }
  const [first] = errors;
  if (loaded.length === 0 && first !== undefined) throw first;
  return { given, loaded, leftOut };
}

function isNotEvaluable(error: unknown): error is NotEvaluableError | GeometryError | DicomReadError {
  return error instanceof NotEvaluableError || error instanceof GeometryError || error instanceof DicomReadError;
}

function toolError(tool: string, error: unknown): KnownError {
  if (isKnown(error)) return error;
  const cause = error ?? new TypeError(`The tool threw ${error}`);
  return new ToolFailedError(`The tool ${tool} failed`, { cause, facts: { tool } });
}

/** Checks what `createResult` alone cannot: that the answer is the tool's own, and about the images that the tool was given. */
function checkIdentity(
  result: ProcessingResult,
  { entry, images, inputDigest }: Pick<ToolRun, 'entry' | 'images'> & { readonly inputDigest: string },
): void {
  const broken = (why: string): ToolFailedError =>
    new ToolFailedError(`The answer of ${entry.manifest.id} breaks the contract of tools: ${why}`);
  // A tool that forgets to return is noticed only here if its developer does not run the compiler.
  if (!Array.isArray(result?.metadata?.inputs)) throw broken('it is not a result; return what createResult() gives');
  const { toolName, metadata } = result;
  const given = new Set(instanceUidsOf(images));
  const { inputs } = metadata;
  const rules = [
    [toolName === entry.manifest.id, 'its name is not its id'],
    [metadata.version === toolVersion(entry), 'its version is not that of its manifest, models and result format'],
    [metadata.inputDigest === inputDigest, 'its input digest is not that of its input'],
    [inputs.length > 0 && inputs.every((uid) => given.has(uid)), 'its inputs are not what it was given'],
  ] as const;
  const rule = rules.find(([holds]) => !holds);
  if (rule !== undefined) throw broken(rule[1]);
}

/** A deadline. A timer notices it while the tool waits, and `check` while it computes. */
function createDeadline(tool: string, clock: Clock, deadlineMs: number) {
  const controller = new AbortController();
  const limitS = Math.round(Math.max(0, deadlineMs - clock.now()) / 1000);
  const { promise: passed, reject } = Promise.withResolvers<never>();
  passed.catch(() => undefined);
  const error = (cause?: unknown): ToolTimeoutError =>
    cause instanceof ToolTimeoutError
      ? cause
      : new ToolTimeoutError(`The tool ${tool} was not done within ${limitS} s`, { cause, facts: { tool } });
  const abort = (): ToolTimeoutError => {
    const timeout = error();
    controller.abort(timeout);
    reject(timeout);
    return timeout;
  };
  const timer = setTimeout(abort, Math.max(0, deadlineMs - clock.now()));
  return {
    signal: controller.signal,
    passed,
    error,
    check(): void {
      if (clock.now() >= deadlineMs) throw abort();
    },
    clear: (): void => clearTimeout(timer),
  };
}

/** Sums the wall time of awaited work, by name. */
function createStopwatch(clock: Clock) {
  const totals = new Map<string, number>();
  return {
    async time<T>(name: string, work: Promise<T>): Promise<T> {
      const start = clock.now();
      try {
        return await work;
      } finally {
        totals.set(name, (totals.get(name) ?? 0) + clock.now() - start);
      }
    },
    timingsMs: (): Readonly<Record<string, number>> => Object.fromEntries(totals),
  };
}
