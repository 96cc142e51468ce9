/** Runs one tool on one study in this process, with the same core as the Lambdas but without a cloud. */
import { join, resolve } from 'node:path';
import { type ConvertedObject, convertResult } from '#core/convert-result.ts';
import { type Reason, reasonOf } from '#core/errors.ts';
import { withDecodedDigests } from '#core/image/decoded-twins.ts';
import type { FrameDecoder, InferenceEngine } from '#core/ports.ts';
import { type NonResultOptions, nonResult, withTimings } from '#core/results/result.ts';
import type { Moments } from '#core/results/times.ts';
import { runTool } from '#core/run-tool.ts';
import { groupImages, instanceUidsOf } from '#core/study/images.ts';
import { noImage } from '#core/study/no-image.ts';
import { inputDigestOf } from '#core/study/revision.ts';
import { type Refusal, selectImages } from '#core/study/selection.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';
import type { Finding, ImageProcessingTool, LeftOut, Outcome, PassedOver, ProcessingResult } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { passedOver } from '#core/try-candidates.ts';
import type { RefusedFile, StudyFiles, StudyInFolders } from '#files/dicom-files.ts';
import { note, root } from './command.ts';
import { writeTogether } from './out-folder.ts';
import { toolFailureLines, watchCalls } from './tool-failure.ts';
import { brokenOffAt, guarded } from './tool-guard.ts';

/** A tool ready to run. */
export interface ReadyTool {
  readonly entry: ToolEntry;
  readonly tool: ImageProcessingTool;
  readonly decoder: FrameDecoder;
  readonly engine: InferenceEngine;
}

/** The contents of `result.json`, and one item of `hilum run --json`. */
export interface StudyReport {
  readonly StudyInstanceUID: string;
  readonly tool: string;
  readonly version: string;
  readonly outcome: Outcome;
  readonly reason?: Reason;
  readonly summary?: string;
  /** What of the study the answer is not about, and how its input was put together (`ResultMetadata`). */
  readonly leftOut?: readonly LeftOut[];
  readonly passedOver?: readonly PassedOver[];
  readonly joined?: readonly (readonly string[])[];
  readonly notes?: readonly Reason[];
  /** Images of an evaluated study that the tool does not take by their headers. */
  readonly outOfScope?: readonly PassedOver[];
  readonly findings: readonly Finding[];
  readonly objects: readonly StoredObject[];
  /** The moments that the objects state (ISO 8601); `study` where they state the study's own date and time. */
  readonly at: 'study' | Pick<Moments, 'content' | 'creation'>;
  /** Refused files near the study's files. Parts of the study may be missing. */
  readonly refused: readonly RefusedFile[];
  /** Wall time by stage, ms. */
  readonly timings: Readonly<Record<string, number>>;
}

type StoredObject = Omit<ConvertedObject, 'bytes'> & { readonly path: string };

/**
 * Runs the tool on the study and writes its objects and `result.json` to `<out>/<StudyInstanceUID>/`, all or none. An error
 * in the study becomes the answer `failed`, so that one bad study does not stop the others.
 *
 * @throws SystemRefusalError if the files cannot be written, because the next study's files could not be written either
 */
export async function runStudy(
  found: StudyInFolders,
  ready: ReadyTool,
  out: string,
  moments?: Moments,
): Promise<StudyReport> {
  const { entry, decoder } = ready;
  // An archive keeps one file of a SOP Instance UID. In folders, one picture may lie compressed in two ways.
  const namesakes = ({ SOPInstanceUID }: InstanceIndex): string => SOPInstanceUID;
  const study = { ...found, instances: await withDecodedDigests(found.instances, namesakes, found.read, decoder) };
  const { selected, refusals } = selectImages(entry.manifest.selection, groupImages(study));
  const answer =
    selected.length === 0
      ? await outOfScope(study, refusals, entry, moments)
      : await convert(study, await resultOf(study, selected, ready), moments);
  const folder = resolve(out, study.StudyInstanceUID);
  const files = new Map<string, Uint8Array | string>();
  const objects: StoredObject[] = [];
  for (const { bytes, ...object } of 'objects' in answer ? answer.objects : []) {
    const name = `${object.SOPInstanceUID}.dcm`;
    files.set(name, bytes);
    objects.push({ path: join(folder, name), ...object });
  }
  const report: StudyReport = {
    StudyInstanceUID: study.StudyInstanceUID,
    tool: entry.manifest.id,
    version: toolVersion(entry),
    ...('result' in answer
      ? describeAnswer(answer.result)
      : { outcome: 'not-applicable', reason: answer.reason, findings: [], timings: {} }),
    // Nothing of a refused result is shown: its text may be the reason for the refusal.
    ...('failure' in answer && {
      outcome: 'failed',
      reason: answer.failure,
      summary: answer.failure.message,
      findings: [],
    }),
    ...(selected.length > 0 && refusals.length > 0 && { outOfScope: passedOver(selected, refusals) }),
    objects,
    at: moments === undefined ? 'study' : { content: moments.content, creation: moments.creation },
    refused: study.refused,
  };
  // `result.json` comes last: where it exists, the objects exist too.
  await writeTogether(folder, files.set('result.json', `${JSON.stringify(report, undefined, 2)}\n`));
  return report;
}

interface Answer {
  readonly result: ProcessingResult;
  readonly objects: readonly ConvertedObject[];
  /** Why the result could not be written as DICOM. There are then no objects. */
  readonly failure?: Reason;
}

/** The user chose this tool, so a study out of its scope gets an SR that says so. A study without images gets only the reason. */
async function outOfScope(
  study: StudyFiles,
  refusals: readonly Refusal[],
  entry: ToolEntry,
  moments: Moments | undefined,
): Promise<Answer | { readonly reason: Reason }> {
  const [first] = refusals;
  if (first === undefined) return { reason: noImage('The study', study.instances) };
  const images = refusals.map(({ image }) => image);
  const { reason } = first;
  const answer = await convert(study, nonResultOf(entry, images, { outcome: 'not-applicable', reason }), moments);
  return answer.failure === undefined ? answer : { reason };
}

async function convert(study: StudyFiles, result: ProcessingResult, moments: Moments | undefined): Promise<Answer> {
  const start = Date.now();
  try {
    const objects = await convertResult({ result, instances: study.instances, read: study.read, moments });
    return { result: withTimings(result, { ...result.metadata.timingsMs, convert: Date.now() - start }), objects };
  } catch (error) {
    debug(error);
    return { result, objects: [], failure: reasonOf(error) };
  }
}

async function resultOf(study: StudyFiles, images: readonly ImageIndex[], ready: ReadyTool): Promise<ProcessingResult> {
  const { entry, tool, decoder } = ready;
  const watched = watchCalls(ready.engine);
  const clock = { now: Date.now };
  const deadlineMs = clock.now() + entry.manifest.resources.timeoutS * 1000;
  try {
    return await guarded(entry.manifest.id, () =>
      runTool({
        entry,
        tool: brokenOffAt(deadlineMs, tool),
        decoder,
        engine: watched.engine,
        images,
        read: study.read,
        clock,
        deadlineMs,
      }),
    );
  } catch (error) {
    const failure = { error, tool: entry.manifest.id, root, failedCall: watched.failedCall(error) };
    for (const line of toolFailureLines(failure)) note(line);
    debug(error);
    return nonResultOf(entry, images, { outcome: 'failed', reason: reasonOf(error) });
  }
}

function nonResultOf(
  entry: ToolEntry,
  images: readonly ImageIndex[],
  answer: Pick<NonResultOptions, 'outcome' | 'reason'>,
): ProcessingResult {
  return nonResult({
    description: describeTool(entry),
    version: toolVersion(entry),
    inputDigest: inputDigestOf(images),
    inputs: instanceUidsOf(images),
    ...answer,
  });
}

function describeAnswer({ metadata, findings }: ProcessingResult) {
  const { outcome, reason, summary, leftOut, passedOver, joined, notes, timingsMs } = metadata;
  return {
    outcome,
    ...(reason && { reason }),
    summary,
    ...{ ...(leftOut && { leftOut }), ...(passedOver && { passedOver }) },
    ...{ ...(joined && { joined }), ...(notes && { notes }) },
    ...{ findings, timings: timingsMs },
  };
}

/** Prints the stack trace with `HILUM_DEBUG=1`. The report holds the reason only. */
function debug(error: unknown): void {
  if (process.env['HILUM_DEBUG'] === '1') console.error(error);
}
