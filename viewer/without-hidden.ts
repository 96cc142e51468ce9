/** Answers of the archive without what is hidden (`hidden.ts`): lists and metadata as DICOM JSON, and objects as parts of a message. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isDicomJson, textOf } from '#adapters/dicomweb/dicom-json.ts';
import { headerOf } from '#adapters/dicomweb/header.ts';
import { boundaryOf, streamMultipart } from '#adapters/dicomweb/multipart.ts';
import { DicomReadError } from '#dicom/error.ts';
import { DICOM_WEB_ROOT } from './app-config.ts';
import type { Hidden } from './hidden.ts';
import type { BodyChange } from './padded-answer.ts';

/** What a path below a study asks for (PS3.18 10.1). */
export interface Asking {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string | undefined;
  readonly SOPInstanceUID: string | undefined;
  /** `metadata`, `series`, `frames/1` …; empty for the objects themselves. */
  readonly resource: string;
}

const PATH = new RegExp(`^${DICOM_WEB_ROOT}/studies/([^/]+)(?:/series/([^/]+)(?:/instances/([^/]+))?)?(?:/(.+))?$`);

/** Undefined for a path that is not below a study. */
export function askingOf(path: string): Asking | undefined {
  const [, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, resource = ''] = PATH.exec(path) ?? [];
  return StudyInstanceUID === undefined ? undefined : { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, resource };
}

/**
 * What becomes of an answer: `whole` if nothing hidden is in it, `list` or `parts` if it is to be changed, `none` if there is nothing
 * to show, or it is of a kind that can only be sent whole.
 */
export type Treatment = 'whole' | 'list' | 'parts' | 'none';

export function treatmentOf(
  { SeriesInstanceUID, SOPInstanceUID, resource }: Asking,
  { instances, series }: Hidden,
): Treatment {
  if (SOPInstanceUID !== undefined) return instances.has(SOPInstanceUID) ? 'none' : 'whole';
  const hides =
    SeriesInstanceUID === undefined ? instances.size > 0 : [...instances.values()].includes(SeriesInstanceUID);
  if (!hides) return 'whole';
  if (SeriesInstanceUID !== undefined && series.has(SeriesInstanceUID)) return 'none';
  if (resource === '') return 'parts';
  return /^(series|instances|metadata)$/.test(resource) ? 'list' : 'none';
}

/** A part of a list, as a query asks for it. The archive is asked for all of it: it counts what is hidden. */
export interface ListPage {
  readonly query: string;
  readonly offset: number;
  readonly limit: number;
}

export function pageOf(query: string): ListPage {
  const parameters = new URLSearchParams(query);
  const [offset, limit] = ['offset', 'limit'].map((name) => {
    const value = parameters.get(name) ?? '';
    return /^\d+$/.test(value) ? Number(value) : undefined;
  });
  const rest = query
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !/^(offset|limit)=/.test(part))
    .join('&');
  return { query: rest === '' ? '' : `?${rest}`, offset: offset ?? 0, limit: limit || Number.POSITIVE_INFINITY };
}

/** The list in an answer without what is hidden, as text; undefined if the answer is no DICOM JSON. */
export async function withoutHidden(
  answer: IncomingMessage,
  { instances, series }: Hidden,
  { offset, limit }: ListPage,
): Promise<string | undefined> {
  const bytes = Buffer.concat(await Array.fromAsync(answer));
  if (!/^application\/(dicom\+)?json\b/i.test(answer.headers['content-type'] ?? '')) return undefined;
  const list: unknown = JSON.parse(bytes.toString());
  if (!Array.isArray(list)) return undefined;
  const isShown = (entry: unknown): boolean => {
    if (!isDicomJson(entry)) return false;
    const SOPInstanceUID = textOf(entry, '00080018');
    return SOPInstanceUID === undefined ? !series.has(textOf(entry, '0020000E') ?? '') : !instances.has(SOPInstanceUID);
  };
  return JSON.stringify(list.filter(isShown).slice(offset, offset + limit));
}

/**
 * The change that leaves out the objects that are hidden from an answer with these headers; undefined if its objects are no parts of a
 * message.
 */
export function withoutParts(headers: IncomingHttpHeaders, hidden: Hidden): BodyChange | undefined {
  const type = headers['content-type'] ?? '';
  if (headers['content-encoding'] !== undefined || !/^multipart\/related *;/i.test(type)) return undefined;
  return (body) => leaveOut(body, boundaryOf(type), hidden);
}

const LIMITS = { maxHeaderBytes: 16 * 1024, maxPartBytes: Number.POSITIVE_INFINITY };

async function* leaveOut(body: AsyncIterable<Buffer>, boundary: string, { instances }: Hidden): AsyncGenerator<Buffer> {
  for await (const part of streamMultipart(body, boundary, LIMITS)) {
    const { SOPInstanceUID, start } = await startOf(part.body);
    if (SOPInstanceUID !== undefined && instances.has(SOPInstanceUID)) continue;
    const headers = [...part.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    // Before the first part, the line break belongs to the preamble.
    yield Buffer.from(`\r\n--${boundary}\r\n${headers}\r\n`, 'latin1');
    yield* start.map(bufferOf);
    for await (const piece of part.body) yield bufferOf(piece);
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1');
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Reads as much of an object as tells its UID. What cannot be read is none of ours. */
async function startOf(
  body: AsyncGenerator<Uint8Array>,
): Promise<{ readonly SOPInstanceUID: string | undefined; readonly start: readonly Uint8Array[] }> {
  const start: Uint8Array[] = [];
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const result = await body.next();
    if (result.done !== true) start.push(result.value);
    return result;
  };
  try {
    // An iterator that cannot be closed: the rest of the part is read later.
    const { dataset } = await headerOf({ [Symbol.asyncIterator]: () => ({ next }) });
    return { SOPInstanceUID: dataset.text('SOPInstanceUID'), start };
  } catch (error) {
    if (error instanceof DicomReadError) return { SOPInstanceUID: undefined, start };
    throw error;
  }
}
