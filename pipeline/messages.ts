/** The messages in the queues. They are versioned, each function validates them with zod, and they hold no patient data. */
import * as z from 'zod';
import { MessageError } from '#core/errors.ts';
import { refuseNewer } from '#core/newer-format.ts';
import { KEY_UID } from '#dicom/uid.ts';
import { ANSWERS, LANES, TOOL_ID } from './keys.ts';

const uid = z.string().regex(KEY_UID);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** One study × tool. The same message goes through infer, convert and return. Object keys are derived from `runId`. */
const RunMessageSchema = z.object({
  format: z.literal('hilum.run/1'),
  runId: z.string().regex(/^[0-9a-f]{32}$/),
  StudyInstanceUID: uid,
  revision: digest,
  inputDigest: digest,
  tool: z.string().regex(TOOL_ID),
  version: z.string().max(80),
  lane: z.enum(LANES),
  manifestKey: z.string().max(400),
  /** The identity and the sequence of the manifest (`pipeline/manifest.ts`). */
  identity: digest.optional(),
  sequence: z.number().int().positive().optional(),
  /** Results that were delivered are to be stored again (`back` in `pipeline/manifest.ts`). */
  back: z.literal(true).optional(),
  /** The set of results that is to be delivered, or in whose place another is to be made (`pipeline/sets.ts`). */
  set: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  /** Delivery only looks whether the PACS still has the set, and stores nothing (`pipeline/check-set.ts`). */
  check: z.literal(true).optional(),
  /** Which answer to convert and return: the run's result, or the failure that stands in for it. */
  answer: z.enum(ANSWERS),
});
export type RunMessage = Readonly<z.infer<typeof RunMessageSchema>>;

/** The parts of an S3 event notification that `route` reads (S3 User Guide, "Event message structure"). */
const S3EventSchema = z.object({
  Records: z.array(z.object({ s3: z.object({ object: z.object({ key: z.string() }) }) })).optional(),
  Event: z.literal('s3:TestEvent').optional(),
  /** Ours: only these tools are asked. */
  tools: z.array(z.string().regex(TOOL_ID)).optional(),
});

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new MessageError('The message is not JSON', { cause });
  }
}

/**
 * @throws NewerFormatError if `body` is a run message of a later version
 * @throws MessageError if it is no run message
 */
export function parseRunMessage(body: string): RunMessage {
  const json = parseJson(body);
  refuseNewer(json, 'hilum.run/1');
  const parsed = RunMessageSchema.safeParse(json);
  if (!parsed.success) throw new MessageError('The message is not a hilum.run/1 message', { cause: parsed.error });
  return parsed.data;
}

const ToolSchema = z.object({ tool: z.string().regex(TOOL_ID) });

/** The tool that a run message of any format names; undefined if there is none. */
export function toolNamedIn(body: string): string | undefined {
  try {
    return ToolSchema.safeParse(JSON.parse(body)).data?.tool;
  } catch {
    return undefined;
  }
}

/**
 * The object keys of an S3 event; empty for the test event that S3 sends when notifications are set up. A key that is not
 * valid URL encoding is returned as it is: it cannot be a manifest's key, and the event's other keys must not be lost.
 *
 * @throws MessageError if `body` is not an S3 event
 */
export const parseS3Event = (body: string): readonly string[] =>
  (parsedEvent(body).Records ?? []).map((record) => decodeKey(record.s3.object.key));

/** The tools that a message of the intake queue is for; undefined if it is for all. `hilum rerun` names them. */
export const toolsAsked = (body: string): readonly string[] | undefined => parsedEvent(body).tools;

function parsedEvent(body: string): z.infer<typeof S3EventSchema> {
  const parsed = S3EventSchema.safeParse(parseJson(body));
  if (!parsed.success) throw new MessageError('The message is not an S3 event', { cause: parsed.error });
  return parsed.data;
}

/** The part of an S3 event that `parseS3Event` reads, for an object that was created. */
export const s3EventOf = (key: string, tools?: readonly string[]): string =>
  JSON.stringify({ Records: [{ s3: { object: { key: encodeURIComponent(key) } } }], ...(tools && { tools }) });

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof URIError) return key;
    throw error;
  }
}
