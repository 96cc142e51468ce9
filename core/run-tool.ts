/** One run of one tool: load the images, process them, check the answer. The same in a Lambda and on a laptop. */
import {
  isKnown,
  type KnownError,
  NotEvaluableError,
  type Reason,
  ToolFailedError,
  ToolTimeoutError,
} from './errors.ts';
import { isNotEvaluable, joinedSeries, type Loading, loadImages, notesOn } from './load-images.ts';
import type { Clock, FrameDecoder, InferenceEngine } from './ports.ts';
import { nonResult, withLeftOut, withRemarks, withTimings } from './results/result.ts';
import { instanceUidsOf } from './study/images.ts';
import { inputDigestOf } from './study/revision.ts';
import type { ImageIndex, InstanceIndex } from './study/study-index.ts';
import type { ImageProcessingTool, ProcessingResult } from './tool.ts';
import { describeTool, type ToolEntry, toolVersion } from './tool-manifest.ts';
import { type Attempt, passedOver, tryCandidates } from './try-candidates.ts';

export interface ToolRun {
  readonly entry: ToolEntry;
  readonly tool: ImageProcessingTool;
  /** The images selected for the tool, or the candidates in order (`selectImages`): at least one, all of one study. */
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
 * `canProcessImage`) is an answer, too: a non-result with the reason.
 *
 * A tool that takes all images gets them at once. Those that cannot be loaded are left out and the answer says so (`leftOut`):
 * one blank exposure must not cost the radiologist the answer about the others. A tool that takes the best image gets the
 * candidates one at a time, until one can be evaluated; the answer names the others (`passedOver`). The answer's inputs are
 * the evaluated images; its input digest covers all selected images.
 *
 * @throws ToolTimeoutError if the deadline passes first. While a tool computes without a pause, that is noticed only at its
 *   calls of the engine and of `signal`. A tool that never pauses is ended by its host (Lambda's own timeout).
 * @throws ToolFailedError if the tool throws an error that is not Hilum's, or its answer breaks the contract
 * @throws KnownError as they come from `read` and `engine` (IntegrityError, ModelDigestError …)
 */
export async function runTool(run: ToolRun): Promise<ProcessingResult> {
  const { entry, tool, images, clock, deadlineMs } = run;
  const inputDigest = inputDigestOf(images);
  const watch = createStopwatch(clock);
  const deadline = createDeadline(tool.name, clock, deadlineMs);
  const setting: Setting = { ...run, inputDigest, watch, deadline };
  try {
    if (entry.manifest.selection.take === 'all') return await attemptAll(setting);
    const { result, passedOver: others } = await tryCandidates(images, {
      attempt: (image) => attempt(setting, [image]),
      refuse: (image, reason) => refusal(setting, [image], reason),
      ...{ clock, deadlineMs },
    });
    return withRemarks(result, { ...result.metadata, passedOver: others });
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.error(error);
    throw toolError(tool.name, error);
  } finally {
    deadline.clear();
  }
}

/** What all attempts of one run share. */
interface Setting extends ToolRun {
  readonly inputDigest: string;
  readonly watch: ReturnType<typeof createStopwatch>;
  readonly deadline: ReturnType<typeof createDeadline>;
}

/** Runs the tool on all images that can be evaluated by what their study says of them, and names the others. */
async function attemptAll(setting: Setting): Promise<ProcessingResult> {
  const faulty = setting.images.flatMap((image) => (image.fault === undefined ? [] : [{ image, reason: image.fault }]));
  const sound = setting.images.filter(({ fault }) => fault === undefined);
  const [first] = faulty;
  if (sound.length === 0 && first !== undefined) return refusal(setting, setting.images, first.reason);
  const { result } = await attempt(setting, sound);
  return withRemarks(result, { ...result.metadata, passedOver: passedOver(sound, faulty) });
}

/** Runs the tool on images together. Input that cannot be evaluated is an answer; other errors are thrown. */
async function attempt(setting: Setting, images: readonly ImageIndex[]): Promise<Attempt> {
  const { entry, tool, read, decoder, engine, inputDigest, watch, deadline } = setting;
  let loading: Loading = { given: images, loaded: [], leftOut: [] };
  try {
    const refused = images.map((image) => tool.canProcessImage(image)).find((answer) => !answer.suitable);
    if (refused !== undefined) throw new NotEvaluableError(refused.reason.code, refused.reason.message);

    const readInTime = (instance: InstanceIndex) => {
      deadline.check();
      return read(instance);
    };
    loading = await watch.time('load', loadImages(images, readInTime, decoder));
    const { given, loaded } = loading;
    const timedEngine: InferenceEngine = {
      async run(modelId, inputs, expected) {
        deadline.check();
        const outputs = await watch.time('inference', engine.run(modelId, inputs, expected));
        deadline.check();
        return outputs;
      },
    };
    const context = { inputDigest, engine: timedEngine, signal: deadline.signal };
    const result = await watch.time('process', Promise.race([tool.process(loaded, context), deadline.passed]));
    checkIdentity(result, { entry, images: given, inputDigest });
    const timed = withTimings(result, { ...result.metadata.timingsMs, ...watch.timingsMs() });
    return { result: remarked(timed, loading), wasLoaded: true };
  } catch (error) {
    if (deadline.signal.aborted || !isNotEvaluable(error)) throw error;
    const result = refusal(setting, loading.given, { code: error.code, message: error.message });
    return { result: remarked(result, loading), wasLoaded: loading.loaded.length > 0 };
  }
}

function remarked(result: ProcessingResult, { given, loaded, leftOut }: Loading): ProcessingResult {
  const joined = loaded.length === 0 ? [] : joinedSeries(given);
  return withRemarks(withLeftOut(result, leftOut), { joined, notes: notesOn(given, loaded) });
}

function refusal({ entry, inputDigest }: Setting, images: readonly ImageIndex[], reason: Reason): ProcessingResult {
  return nonResult({
    description: describeTool(entry),
    version: toolVersion(entry),
    inputDigest,
    inputs: instanceUidsOf(images),
    outcome: 'not-evaluable',
    reason,
  });
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
