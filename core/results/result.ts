/** Makes a ProcessingResult, and converts it to and from JSON for the bucket. */
import { MessageError, type Reason } from '../errors.ts';
import { refuseNewer } from '../newer-format.ts';
import type {
  Image,
  ImageProcessingTool,
  LeftOut,
  Outcome,
  ProcessingContext,
  ProcessingResult,
  ResultContent,
  ResultMetadata,
  ToolDescription,
} from '../tool.ts';
import { checkContent, inputUids } from './check-content.ts';
import type { ResultData } from './common.ts';
import { defaultPicture } from './default-picture.ts';
import { leftOutSentences } from './left-out.ts';
import { RESULT_FORMAT_NAME, StoredResultSchema } from './result-schema.ts';
import { worstFirst } from './severity.ts';
import { toDicom } from './to-dicom.ts';

export interface CreateResultOptions {
  readonly tool: ImageProcessingTool;
  readonly images: readonly Image[];
  readonly context: Pick<ProcessingContext, 'inputDigest'>;
  readonly content: ResultContent;
  /** Images that the tool was given and does not answer for. They are not among `images`. */
  readonly leftOut?: readonly LeftOut[];
}

/**
 * The result of a run, from the content that the tool returns.
 *
 * @throws ToolFailedError where the content violates the contract (two findings with one id, a number that is not finite, a
 * mask on an image that was not given, no-finding without a reason …)
 */
export function createResult({ tool, images, context, content, leftOut = [] }: CreateResultOptions): ProcessingResult {
  checkContent(content, images);
  const { outcome, reason, notInView, summary, segments } = content;
  const findings = worstFirst(content.findings);
  const { keyImages, report } = illustrated({ ...content, findings }, images);
  const result = withConversion({
    toolName: tool.name,
    metadata: {
      tool: tool.description(),
      version: tool.versionId(),
      inputDigest: context.inputDigest,
      inputs: inputUids(images),
      outcome,
      ...(reason && { reason }),
      ...(notInView && { notInView }),
      summary,
      timingsMs: {},
    },
    findings,
    segments,
    keyImages,
    ...(report && { report }),
  });
  return withLeftOut(result, leftOut);
}

/** Where the tool brings no picture, one is made, and put on the page where the tool brings one. */
function illustrated(content: ResultContent, images: readonly Image[]): Pick<ResultContent, 'keyImages' | 'report'> {
  const { keyImages, report } = content;
  const picture = keyImages.length === 0 ? defaultPicture(content, images) : undefined;
  if (picture === undefined) return { keyImages, ...(report && { report }) };
  return {
    keyImages: [picture],
    ...(report && { report: report.kind === 'page' ? { ...report, pictures: [0] } : report }),
  };
}

export interface NonResultOptions {
  readonly description: ToolDescription;
  readonly version: string;
  readonly inputDigest: string;
  /** SOP Instance UIDs of the images that the tool was given, or would have been given. */
  readonly inputs: readonly string[];
  readonly outcome: Exclude<Outcome, 'result'>;
  readonly reason: Reason;
}

/** The answer of a run without findings, with the reason. */
export function nonResult(options: NonResultOptions): ProcessingResult {
  const { description, version, inputDigest, inputs, outcome, reason } = options;
  return withConversion({
    toolName: description.id,
    metadata: {
      tool: description,
      version,
      inputDigest,
      inputs,
      outcome,
      reason,
      summary: reason.message,
      timingsMs: {},
    },
    findings: [],
    segments: [],
    keyImages: [],
  });
}

/** The same result, with the run's wall times added. */
export function withTimings(result: ProcessingResult, timingsMs: Readonly<Record<string, number>>): ProcessingResult {
  return withConversion({ ...result, metadata: { ...result.metadata, timingsMs } });
}

/** The same result as it is stored at this moment. @param nowMs milliseconds since the epoch */
export function storedAt(result: ProcessingResult, nowMs: number): ProcessingResult {
  return withConversion({ ...result, metadata: { ...result.metadata, storedAt: new Date(nowMs).toISOString() } });
}

/** The same result, with more left-out images recorded and named in the summary; unchanged where there are none. */
export function withLeftOut(result: ProcessingResult, leftOut: readonly LeftOut[]): ProcessingResult {
  if (leftOut.length === 0) return result;
  const { summary } = result.metadata;
  const earlier = leftOutSentences(result.metadata).join(' ');
  const own = earlier === '' ? summary : summary.slice(0, -earlier.length).trimEnd();
  const metadata = { ...result.metadata, leftOut: [...(result.metadata.leftOut ?? []), ...leftOut] };
  const said = own.replace(/(?<![.!?])$/, '.');
  return withConversion({
    ...result,
    metadata: { ...metadata, summary: [said, ...leftOutSentences(metadata)].join(' ') },
  });
}

/** What a run did to its input before the tool saw it, and what it did not give to the tool. */
export type InputRemarks = Pick<ResultMetadata, 'joined' | 'notes' | 'passedOver'>;

/** The same result, with remarks on its input; absent where they are empty. */
export function withRemarks(result: ProcessingResult, { joined, notes, passedOver }: InputRemarks): ProcessingResult {
  const remarks = {
    ...(joined?.length && { joined }),
    ...(notes?.length && { notes }),
    ...(passedOver?.length && { passedOver }),
  };
  return withConversion({ ...result, metadata: { ...result.metadata, ...remarks } });
}

function withConversion(data: ResultData): ProcessingResult {
  const result: ProcessingResult = { ...data, toDicom: (source) => toDicom(result, source) };
  return result;
}

/** The result as it is stored: JSON with byte arrays in base64. */
export function serialiseResult({ toDicom: _, ...data }: ProcessingResult): Uint8Array {
  const { report } = data;
  const json = JSON.stringify({
    format: RESULT_FORMAT_NAME,
    ...data,
    segments: data.segments.map((segment) => ({
      ...segment,
      frames: segment.frames.map((frame) => ({ ...frame, bits: base64(frame.bits) })),
    })),
    keyImages: data.keyImages.map((picture) => ({ ...picture, rgb: base64(picture.rgb) })),
    ...(report && { report: report.kind === 'pdf' ? { ...report, bytes: base64(report.bytes) } : report }),
  });
  return Buffer.from(json, 'utf8');
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/**
 * @throws NewerFormatError where `bytes` are a result of a later version
 * @throws MessageError where they are no stored result
 */
export function parseResult(bytes: Uint8Array): ProcessingResult {
  const json = parseJson(bytes);
  refuseNewer(json, RESULT_FORMAT_NAME);
  const parsed = StoredResultSchema.safeParse(json);
  if (!parsed.success)
    throw new MessageError(`The stored result is not a ${RESULT_FORMAT_NAME} object`, { cause: parsed.error });
  const { format: _, ...data } = parsed.data;
  return withConversion(data as ResultData);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new MessageError('The stored result is not JSON', { cause });
  }
}
